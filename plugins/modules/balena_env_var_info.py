#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_env_var_info
short_description: Read variables of balena applications, devices and services
version_added: 1.0.0
description:
  - Returns the variables of an application, of many devices, of a service, of a service on many devices, or of the
    builds of an application.
  - By default only their names. The API does not tell which values are secret, and what a task returns ends up in
    terminals, logs and fact caches; so values are returned only on demand. Use C(no_log) on a task that reads
    secret ones.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.devices
  - community.balena.variables
  - community.balena.reading
options:
  names:
    description: Only variables of these names. By default all.
    type: list
    elements: str
  values:
    description: Whether to return RV(variables), the values.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Which devices of a fleet have variables of their own
  community.balena.balena_env_var_info:
    scope: device
    application: acme/kiosk
  register: own

- name: The settings of a fleet
  community.balena.balena_env_var_info:
    scope: application
    application: acme/kiosk
    values: true
  register: settings

- name: When the variables of a service were changed
  community.balena.balena_env_var_info:
    scope: service
    application: acme/kiosk
    service: web
    fields: [modified_at]
    query: details
"""

RETURN = r"""
names:
  description:
    - The names of the variables by what they belong to, in the order of the alphabet.
    - The keys are application slugs, device uuids, or these with a service name behind a blank.
  returned: success, without O(query)
  type: dict
  sample: {acme/kiosk: [LOG_LEVEL, TZ]}
variables:
  description: The variables by what they belong to, as M(community.balena.balena_env_var) takes and returns them.
  returned: with O(values), without O(query)
  type: dict
  sample: {acme/kiosk: {LOG_LEVEL: warning, TZ: Europe/Berlin}}
details:
  description: What O(fields) and O(expand) ask for, of each variable.
  returned: with O(fields) or O(expand), without O(query)
  type: list
  elements: dict
  sample:
    - of: acme/kiosk web
      name: PORT
      modified_at: "2026-11-21T21:59:27.914Z"
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [{of: acme/kiosk web, name: PORT, modified_at: "2026-11-21T21:59:27.914Z"}]
"""

from ..module_utils.domain.variables.info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import DEVICE_SELECTOR, READ_MORE, VARIABLES, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **VARIABLES,
        **READ_MORE,
        "names": {"type": "list", "elements": "str"},
        "values": {"type": "bool", "default": False},
    },
    never_null=("names",),
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
