#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_undo
short_description: Undo what a task has changed
version_added: 2.0.0
description:
  - Gives fleets and devices back what they had before a task changed it, by the account that the task has left with
    its option C(account_to). That can be variables, pins, tags, a whole fleet document, or a rollout.
  - What somebody has changed since is left alone, and named. What is as it was before stays so, so that a second run
    changes nothing.
  - What was made is removed, what was removed is made again, and what was changed gets its former value. Some things
    cannot come back, and are named instead, such as a device that was deleted, an API key, and the former value of a
    secret.
  - A newer balenaOS or supervisor stays, since devices do not go back.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.accounts
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
  - community.balena.forecast
  - community.balena.plan_files
  - community.balena.plan_files.signers
options:
  account:
    description:
      - The file on the controller that has the account.
      - It is refused if it is of another server (see O(api_url)), or was edited.
    type: path
    required: true
seealso:
  - module: community.balena.balena_env_var
  - module: community.balena.balena_fleet
  - module: community.balena.balena_rollout
"""

EXAMPLES = r"""
- name: Change a variable of a whole fleet, and leave an account of it
  community.balena.balena_env_var:
    scope: application
    application: acme/kiosk
    name: LOG_LEVEL
    value: trace
    account_to: "{{ playbook_dir }}/log-level.json"

- name: That was not a good idea
  community.balena.balena_undo:
    account: "{{ playbook_dir }}/log-level.json"
    max_changes: 10
  register: undone

- name: Only if no device has to reboot for it
  community.balena.balena_undo:
    account: "{{ playbook_dir }}/log-level.json"
    max_reboots: 0

- name: What others have changed since
  ansible.builtin.debug:
    var: undone.left_alone
"""

RETURN = r"""
account:
  description: What was undone. C(state) is V(begun) if the task that left it was killed, V(incomplete) if it failed.
  returned: success
  type: dict
  sample:
    server: https://api.balena-cloud.com
    fleets: [acme/kiosk]
    made_at: "2026-11-22T21:04:11.512Z"
    state: complete
    changes: 12
left_alone:
  description:
    - What is left as it is, and why, also in a sentence.
    - C(why) is V(changed) if somebody has changed it since; V(gone) if it, or what it belongs to, is not there any
      more; V(secret) if its former value was a secret, which no account keeps; V(lost) if it cannot come back.
  returned: success
  type: list
  elements: dict
  sample:
    - resource: device_environment_variable
      key: [7cf02a687b74206f92cb455969cf8e98, LOG_LEVEL]
      why: changed
      sentence: >-
        fleet acme/kiosk, device berlin-sign-01 (7cf02a6): variable LOG_LEVEL is "debug" now, was set to "trace" by the
        change: left alone
changes:
  description: How many things were, or in check mode would be, created, updated and deleted.
  returned: always
  type: dict
  sample: {create: 0, update: 12, delete: 0}
forecast:
  description:
    - What the plan costs the devices, in check mode or where a limit such as O(max_restarts) is given; only when
      something changes. Devices that are offline pay when they are back.
    - C(devices) is how many notice anything, C(offline) how many of them are offline now. C(restarts) is how many
      containers start anew, C(services) how many of each service. C(reboots) and C(download_bytes) are sums over all
      devices. C(download_unknown) is how many devices download something whose size the API does not know.
  returned: in check mode, or with a limit, when something changes
  type: dict
  sample:
    {devices: 12, offline: 1, restarts: 24, services: {api: 12, web: 12}, reboots: 0, download_bytes: 0,
     download_unknown: 0}
diff:
  description: What changes, before and after, by resource; secret values as fingerprints.
  returned: always
  type: dict
  sample:
    before: {application_environment_variable: {acme/kiosk LOG_LEVEL: trace}}
    after: {application_environment_variable: {acme/kiosk LOG_LEVEL: info}}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: create
      resource: device_environment_variable
      key: [7cf02a687b74206f92cb455969cf8e98, LOG_LEVEL]
      title: create device_environment_variable berlin-sign-01 (7cf02a6) LOG_LEVEL
      error: "Request error: Internal Server Error"
"""

from ..module_utils.domain.undo.plan import plan
from ..module_utils.module import run_module
from ..module_utils.options import ACCOUNTS, FORECAST, PLAN_FILES, Options

OPTIONS = Options(
    argument_spec={
        **FORECAST,
        **PLAN_FILES,
        **ACCOUNTS,
        "account": {"type": "path", "required": True},
    },
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
