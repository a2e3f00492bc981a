# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the devices that waves have reached so far."""

from __future__ import annotations

DOCUMENTATION = r"""
name: wave_account
author:
  - The community.balena maintainers (!UNKNOWN)
version_added: 2.0.0
short_description: What became of the devices that waves have reached so far
description:
  - Makes the account of a wave from the results of its tasks, and says whether the next wave may follow. The role
    P(community.balena.os_update#role) asks it after each wave.
  - It asks no server.
options:
  _terms:
    description: The number of the wave.
    required: true
  waves:
    description: All waves, as M(community.balena.balena_rollout_info) returns them.
    type: list
    elements: dict
    required: true
  steps:
    description:
      - The results of the tasks that updated the wave, such as that of M(community.balena.balena_os_update). One that
        was skipped, or is empty, does not count.
    type: list
    elements: dict
    required: true
  ready:
    description: The uuids of devices, of whatever wave, that needed nothing from the start.
    type: list
    elements: str
    default: []
  before:
    description: The account of the wave before it.
    type: dict
    default: {}
  problem:
    description: What is wrong with the wave beyond what the tasks say.
    type: str
    default: ""
  foreseen:
    description: Whether the tasks ran in check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: The second wave has passed
  vars:
    account: "{{ lookup('community.balena.wave_account', 2, waves=planned.waves, steps=[updated]) }}"
  ansible.builtin.assert:
    that: account.passed
    fail_msg: "{{ account.outcome.sentence }}"
"""

RETURN = r"""
_raw:
  description: The account of the wave.
  type: list
  elements: dict
  contains:
    number:
      description: The wave.
      type: int
    name:
      description: Its name.
      type: str
    total:
      description: How many devices it reaches together with the waves before it.
      type: int
    devices:
      description: Its devices, as the last task returned them.
      type: list
      elements: dict
    done:
      description: The uuids of those that are done, of all that were reached so far.
      type: list
      elements: str
    failed:
      description: Those that have failed, with reasons.
      type: list
      elements: dict
    pending:
      description: The others, with reasons.
      type: list
      elements: dict
    passed:
      description: Whether the wave has passed; null in check mode.
      type: bool
    problem:
      description: Why it has not; empty if it has.
      type: str
    outcome:
      description:
        - What is to be done now, as RV(community.balena.balena_rollout#module:outcome) says it. A wave does not pass
          while no device is done.
      type: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.plugins.lookup import LookupBase

from ..module_utils.domain.waves.account import account


class LookupModule(LookupBase):
    """The lookup."""

    def run(
        self, terms: Sequence[Any], variables: Mapping[str, Any] | None = None, **options: Any
    ) -> list[dict[str, Any]]:
        """Return the accounts of waves."""
        self.set_options(var_options=variables, direct=options)
        given = {name: self.get_option(name) for name in ("ready", "before", "problem", "foreseen")}
        steps = [step for step in self.get_option("steps") if step and not step.get("skipped")]
        return [account(self.get_option("waves"), int(number), steps, **given) for number in terms]
