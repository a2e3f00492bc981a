#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_env_var
short_description: Declare variables of balena applications, devices and services
version_added: 1.0.0
description:
  - Declares environment and configuration variables of an application, of many devices, of a service,
    of a service on many devices, or of the builds of an application.
  - All actual variables are read in a constant number of requests, whatever the number of devices, and compared;
    only what differs is written, since each write restarts containers on real devices.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.accounts
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
  - community.balena.devices
  - community.balena.forecast
  - community.balena.plan_files
  - community.balena.plan_files.signers
  - community.balena.variables
options:
  name:
    description: Name of the variable, to declare just one.
    type: str
  value:
    description:
      - Value of the variable O(name). Numbers, booleans, lists and dictionaries are stored as JSON.
    type: raw
  variables:
    description:
      - Variables by name, to declare many. A null value means that there must be no such variable.
    type: dict
  state:
    description:
      - Whether the variables should exist. With V(absent), values are not looked at.
    type: str
    choices: [present, absent]
    default: present
  purge:
    description:
      - Also remove every variable of the same scope and kind that is not named in O(name) or O(variables);
        with O(variables={}), all of them.
      - The removed ones are listed in the diff and counted in RV(changes).
    type: bool
    default: false
  secret:
    description:
      - The values are secret. Results, diffs and errors show only a salted fingerprint of them.
    type: bool
    default: false
  check_config:
    description:
      - What to do when a config variable that would be set has a name that the API does not know for the device type,
        or a value that does not fit. The API itself takes any.
      - Names that begin with C(BALENA_HOST_) and C(BALENA_UI_) are passed on to the host OS, so that only those of
        them that the API describes can be checked.
      - Variables that have their declared value already are not checked again.
    type: str
    choices: [warn, fail, ignore]
    default: warn
"""

EXAMPLES = r"""
- name: One variable of a whole fleet
  community.balena.balena_env_var:
    scope: application
    application: acme/kiosk
    name: LOG_LEVEL
    value: info

- name: Several variables of every device of one site
  community.balena.balena_env_var:
    scope: device
    application: acme/kiosk
    with_tags:
      site: berlin
    variables:
      REGION: eu
      RETRIES: 3
      OLD_SETTING: null

- name: A password that must not be shown
  community.balena.balena_env_var:
    scope: service
    application: acme/kiosk
    service: web
    name: DB_PASSWORD
    value: "{{ vaulted_password | default('correct horse') }}"
    secret: true

- name: Exactly these configuration variables, and no others
  community.balena.balena_env_var:
    scope: application
    application: acme/kiosk
    kind: config
    variables:
      BALENA_HOST_CONFIG_gpu_mem: "64"
    check_config: fail
    purge: true
    max_changes: 10

- name: No such variable on any device of the fleet
  community.balena.balena_env_var:
    scope: device
    application: acme/kiosk
    name: DEBUG
    state: absent
"""

RETURN = r"""
changes:
  description: How many variables were, or in check mode would be, created, updated and deleted.
  returned: always
  type: dict
  sample: {create: 2, update: 0, delete: 1}
variables:
  description:
    - The declared variables as they are after the task, by what they belong to. With O(purge) these are all there are.
    - The keys are application slugs, device uuids, or these with a service name behind a blank.
  returned: success
  type: dict
  sample: {"acme/kiosk": {"LOG_LEVEL": "info"}}
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
    before: {}
    after:
      application_environment_variable:
        acme/kiosk LOG_LEVEL: info
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

from ..module_utils.domain.variables.plan import plan
from ..module_utils.module import run_module
from ..module_utils.options import ACCOUNTS, DEVICE_SELECTOR, FORECAST, PLAN_FILES, VARIABLES, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **VARIABLES,
        **FORECAST,
        **PLAN_FILES,
        **ACCOUNTS,
        "name": {"type": "str"},
        "value": {"type": "raw"},
        "variables": {"type": "dict"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "purge": {"type": "bool", "default": False},
        "secret": {"type": "bool", "default": False},
        "check_config": {"type": "str", "choices": ["warn", "fail", "ignore"], "default": "warn"},
    },
    mutually_exclusive=[("name", "variables")],
    required_one_of=[("name", "variables")],
    required_by={"value": ("name",)},
    never_null=("name", "variables"),
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
