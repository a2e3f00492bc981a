# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What variables belong to."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of VARIABLES in plugins/module_utils/options.py."""

    DOCUMENTATION = r"""
options:
  scope:
    description:
      - What the variables belong to.
      - V(application) needs O(application).
      - V(device) means the devices that O(devices), O(application), O(with_tags), O(filter) and O(limit) select;
        the application alone means all of its devices.
      - V(service) needs O(application) and O(service); V(device_service) needs O(service) and devices.
      - V(build) needs O(application).
    type: str
    choices: [application, fleet, device, service, device_service, build]
    required: true
  kind:
    description:
      - V(env) variables are seen by containers. V(config) variables configure the supervisor and the host OS,
        begin with C(BALENA_) or C(RESIN_), and exist in the scopes V(application) and V(device).
    type: str
    choices: [env, config]
    default: env
  service:
    description: Name of the service, with O(scope=service) and O(scope=device_service).
    type: str
"""
