#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_fleet_info
short_description: Export a balena fleet as a fleet document
version_added: 1.0.0
description:
  - Returns a fleet with its settings, tags, variables, services, devices, pins and provisioning keys as one document,
    the one that M(community.balena.balena_fleet) takes. Applied to the same fleet, it changes nothing.
  - Only what differs from the API's defaults is in the document, and the same fleet always gives the same document, so
    that it can be kept in version control and compared.
  - The values of variables that are likely to be secret are not in it. In their place are references, C(secret) with a
    name such as V(api_key), and RV(secrets) lists these names. Look at your own variables, and set O(secret_names) or
    O(secrets=all) where others are secret.
  - The whole fleet is read in at most six requests, whatever the number of its devices (one more for each 2000 of
    them).
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.reading.query
options:
  application:
    description:
      - An application (fleet) by slug (V(organization/name)), uuid, or name where only one organization has it.
    type: str
    required: true
    aliases: [fleet]
  sections:
    description:
      - Which sections of the document to return. By default all.
      - V(tags), V(release), V(variables) and V(services) are about the fleet and its devices; with them and without
        V(devices), only those devices are listed of which there is something to say.
      - V(os) is accepted, as by M(community.balena.balena_fleet), and adds nothing. A live fleet has no policy for its
        OS; which versions its devices run is in the drift report of M(community.balena.balena_fleet).
    type: list
    elements: str
    choices: [application, devices, tags, services, variables, provisioning_keys, access, supervisor, os, release,
              fleet]
  secret_names:
    description:
      - Names of the variables whose values are not returned, as shell patterns; upper and lower case are alike. They
        take the place of what O(secrets=likely) would choose.
      - An empty list means that no variable is secret.
    type: list
    elements: str
  secrets:
    description:
      - Which variables are secret, unless O(secret_names) says so.
      - V(likely) are those whose names have words such as C(PASSWORD), C(PW), C(TOKEN), C(KEY), C(AUTH), C(PSK) or
        C(DSN), and those whose values look like secrets (URLs with a password, PEM blocks, tokens, long random text).
      - V(all) are all variables, whatever O(secret_names) says.
    type: str
    choices: [likely, all]
    default: likely
  show_secrets:
    description:
      - Whether to return all values, those of secrets too. The result is then kept out of what Ansible shows and logs.
        A registered variable holds it, and a file that it is written to.
    type: bool
    default: false
  compact:
    description:
      - Whether to say once what devices have in common. Variables and pins of all devices become C(device_defaults),
        and those of all devices with a tag become a group in C(groups).
      - A device that a group takes is not in C(devices) if there is nothing left to say of it but its name, its uuid
        and its tags. Applied to the same fleet, the document still changes nothing; applied to an empty one, it
        registers only the devices that it lists.
    type: bool
    default: false
    version_added: 2.0.0
seealso:
  - module: community.balena.balena_fleet
"""

EXAMPLES = r"""
- name: Read a fleet
  community.balena.balena_fleet_info:
    application: acme/kiosk
  register: kiosk

- name: Keep it in a file
  ansible.builtin.copy:
    content: "{{ kiosk.document | ansible.builtin.to_nice_yaml(indent=2, sort_keys=false) }}"
    dest: kiosk.yml
    mode: "0600"

- name: Say once what devices have in common, for people to go on with
  community.balena.balena_fleet_info:
    application: acme/kiosk
    compact: true
  register: short

- name: Only variables, and those of a sort of our own are secret too
  community.balena.balena_fleet_info:
    application: acme/kiosk
    sections: [variables, services]
    secret_names: ["*PASSWORD*", "*TOKEN*", "*KEY*", "LICENSE_*"]
  register: variables

- name: Which secrets an export needs to recreate the fleet elsewhere
  community.balena.balena_fleet_info:
    application: acme/kiosk
    query: secrets
  register: needed
"""

RETURN = r"""
document:
  description:
    - The fleet, as O(community.balena.balena_fleet#module:document) takes it. Its keys and lists are in a stable order.
    - On ansible-core before 2.19, tags of which one looks like a template, and services, are a list of C(key) and
      C(value), with C(key_urlencoded) and C(value_urlencoded) for text that is written with percent signs.
      M(community.balena.balena_fleet) takes both forms.
    - A release is called by its version, or by its commit where several releases have that version.
  returned: success, without O(query)
  type: dict
  sample:
    fleet: acme/kiosk
    device_type: raspberrypi4-64
    tags: {team: retail, tier: "1"}
    release: track
    variables:
      env: {API_KEY: {secret: api_key}, LOG_LEVEL: warning}
      config: {BALENA_HOST_CONFIG_start_x: "1"}
    services:
      web:
        env: {PORT: "80"}
      worker: {}
    devices:
      - name: kitchen
        uuid: dc936cb31240db6564e30b516ef3ab28
        tags: {role: gateway, site: berlin}
        release: 1.1.0
        env: {DEBUG: "1"}
        services:
          web:
            env: {LANG: de}
secrets:
  description: The references in the document, whose values O(community.balena.balena_fleet#module:secrets) takes.
  returned: success, without O(query)
  type: list
  elements: str
  sample: [api_key]
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [api_key]
"""

from ..module_utils.domain.fleet.document import SECTIONS
from ..module_utils.domain.fleet.info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import APPLICATION, QUERY, Options

OPTIONS = Options(
    argument_spec={
        "application": {**APPLICATION["application"], "required": True},
        "sections": {"type": "list", "elements": "str", "choices": [*SECTIONS, "fleet"]},
        "secret_names": {"type": "list", "elements": "str", "no_log": False},
        "secrets": {"type": "str", "choices": ["likely", "all"], "default": "likely", "no_log": False},
        "show_secrets": {"type": "bool", "default": False, "no_log": False},
        "compact": {"type": "bool", "default": False},
        **QUERY,
    },
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
