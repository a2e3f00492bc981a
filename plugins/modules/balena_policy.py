#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_policy
short_description: Judge a plan file by rules
version_added: 2.0.0
description:
  - Asks rules of a plan that O(community.balena.balena_fleet#module:plan_to) and the like have written. A rule finds
    with a JMESPath expression what is wrong with the plan, and denies it or warns of it with a sentence.
  - It needs no server and no token, so that it can run in a pipeline that has none. It fails if a rule denies the plan;
    C(ansible) and C(ansible-playbook) then end with the exit status 2.
  - The rules are checked before the plan is read. A rule that asks for what no plan has, or compares what is never
    equal, is refused rather than passed over.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.plan_files.signers
attributes:
  action:
    description: Runs inside the controller, where the files are.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
    details: It never changes anything.
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: none
  idempotent:
    description: Running it again with the same options and nothing changed in between makes no change.
    support: full
requirements:
  - jmespath
options:
  plan:
    description: The plan file, on the controller. Files of plans hold fingerprints instead of secrets.
    type: path
    required: true
  policy:
    description:
      - The rules, or the path of a YAML file that holds them. Either a list of rules, or a mapping with C(rules),
        C(labels) and C(timezone).
      - A rule has a C(name); C(when), a JMESPath expression; and either C(deny) or C(warn), a sentence. It applies when
        the expression finds something, that is neither false nor null nor empty. A rule can have a C(timezone).
      - C(labels) are names for fleets, each with a list of slugs, in which C(*) stands for any text. Expressions find
        them as C(labels) of steps, devices and fleets.
      - What expressions can ask is listed in the guide on foresight, and returned in RV(facts).
    type: raw
    required: true
  timezone:
    description: The time zone of C(now) and C(today) in rules that name none, such as V(Europe/Berlin).
    type: str
    default: UTC
  earlier:
    description:
      - Other plan files. Those that were made today count for C(today) in expressions, together with O(plan).
      - Of a plan that is among them itself, nothing counts twice.
    type: list
    elements: path
seealso:
  - module: community.balena.balena_fleet
  - module: community.balena.balena_rollout
"""

EXAMPLES = r"""
- name: The plan keeps to the rules
  community.balena.balena_policy:
    plan: plan.json
    policy:
      labels:
        production: [acme/kiosk, acme/*-production]
      timezone: Europe/Berlin
      rules:
        - name: No deletions in production
          when: steps[?action == 'delete' && contains(labels, 'production')]
          deny: Production fleets lose nothing without the consent of their owner.
        - name: A few devices at a time
          when: fleets[?percent > `5`]
          deny: A plan reaches 5 % of the devices of a fleet at most.
        - name: No work before the weekend
          when: (now.weekday == 'fri' && now.hour >= `12`) || contains(['sat', 'sun'], now.weekday)
          warn: Nobody is there to see what becomes of it.

- name: The plan was signed by the release manager, and keeps to the rules of a file
  community.balena.balena_policy:
    plan: plan.json
    plan_signers: allowed_signers
    plan_signer: release-manager@acme.example
    policy: policy.yml
"""

RETURN = r"""
verdict:
  description: V(denied) if a rule denies the plan, and the task fails; V(warned) if one warns of it; else V(allowed).
  returned: when the plan was judged
  type: str
  sample: allowed
denied:
  description:
    - The rules that deny the plan, with what they have found, as far as it has names; C(count) is how many those are.
    - At most 100 names are in C(found).
  returned: when the plan was judged
  type: list
  elements: dict
  sample:
    - rule: No deletions in production
      sentence: Production fleets lose nothing without the consent of their owner.
      found: [delete application_environment_variable acme/kiosk LOG_LEVEL]
      count: 1
warned:
  description: The same of the rules that warn of it.
  returned: when the plan was judged
  type: list
  elements: dict
  sample: []
facts:
  description: What expressions could ask, but for C(steps) and C(devices), which can be long.
  returned: when the plan was judged
  type: dict
  sample:
    counts: {steps: 1, devices: 12, fleets: 1, create: 0, update: 0, delete: 1, act: 0}
    now: {date: "2026-11-27", time: "12:30", weekday: fri, hour: 12, minute: 30, timezone: Europe/Berlin}
"""

from ..module_utils.domain.policy.plan import check
from ..module_utils.options import PLAN_SIGNERS, Options
from ..module_utils.without_api import run_here

OPTIONS = Options(
    argument_spec={
        "plan": {"type": "path", "required": True},
        "policy": {"type": "raw", "required": True},
        "timezone": {"type": "str", "default": "UTC"},
        "earlier": {"type": "list", "elements": "path"},
        **PLAN_SIGNERS,
    },
    api=False,
)


def main() -> None:
    """Run as a process of its own."""
    run_here(OPTIONS, check)


if __name__ == "__main__":
    main()
