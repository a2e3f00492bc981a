# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E402 - ansible-test wants the documentation before the imports
"""The devices of balenaCloud or openBalena as hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: balena
author:
  - The community.balena maintainers (!UNKNOWN)
short_description: Devices of balenaCloud or openBalena as hosts
version_added: 1.0.0
description:
  - Makes a host of each device, with its application, releases, versions, state, addresses, place and tags as
    variables, and groups of what they have in common.
  - The file must be called C(balena.yml) or C(balena.yaml), or end with one of these, such as C(acme.balena.yml).
  - However many devices there are, they are read in two requests. The inventory is complete or it is an error.
  - Text from the API is never a template, whatever it looks like.
extends_documentation_fragment:
  - community.balena.api.plugins
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [community.balena.balena]
  organizations:
    description:
      - Only devices of the applications of these organizations, given by handle or id.
      - Everything that the token may see, if neither this nor O(applications) nor O(devices) is given.
    type: list
    elements: raw
  applications:
    description:
      - Only devices of these applications (fleets), given by slug (C(organization/name)), uuid or id, or by the bare
        name if only one application has it.
    type: list
    elements: raw
    aliases: [fleets]
  devices:
    description: Only these devices, given by uuid, the first 7 or more digits of it, name or id.
    type: list
    elements: raw
  filter:
    description: Only devices for which this OData condition holds, such as V(os_variant eq 'dev').
    type: str
  with_tags:
    description:
      - Only devices that have all of these tags with these values. A value that is null or empty is an error.
      - This and all other options that select devices are left out or say something. An empty one is an error.
    type: dict
  has_tags:
    description:
      - Only devices that have all of these tags, whatever their values.
    type: list
    elements: str
  online:
    description: Only devices that are online (V(true)) or offline (V(false)).
    type: bool
  query:
    description:
      - A JMESPath expression over the list of devices that keeps some of them, such as
        V([?starts_with(os_version, 'balenaOS 5.')]).
      - Devices look there as in the table of variables, without prefix.
      - Needs the Python library C(jmespath).
    type: str
  hostnames:
    description:
      - What hosts are called. The first of these that a device has is used; its uuid is the last resort.
      - A name of a variable without prefix, such as V(device_name), a tag, such as V(tags.hostname), or a Jinja
        expression over the variables with prefix, such as V(balena_device_name ~ '.example.com').
      - A name that belongs to a group or to a host of another source is not used, and neither is one that could act as
        a template, a pattern of hosts, a path, a command, an option of ssh or the controller.
    type: list
    elements: str
    default: [device_name, uuid]
  on_duplicate:
    description:
      - What to do if several devices want the same name.
      - V(uuid) appends the first 7 digits of the uuid to the name of each of them.
      - V(warn) does so too, and warns.
      - V(error) fails.
    type: str
    choices: [uuid, warn, error]
    default: uuid
  hostvars_prefix:
    description: What the names of all variables begin with.
    type: str
    default: balena_
  fields:
    description: Further fields of the API's C(device), such as V(cpu_temp), to have as variables.
    type: list
    elements: str
  expand:
    description:
      - Further relations of the API's C(device) to have as variables, as a list of names or as a dict of names and
        OData options.
    type: raw
  services:
    description:
      - Whether to read the services of each device, with image, status and release.
      - A list of names does so too, and with O(connect=container) makes hosts of the containers of these services
        alone.
    type: raw
    default: false
  variables:
    description:
      - Whether to read the environment and configuration variables that are set on each device itself.
      - V(values) puts their values, which may be secret, into the inventory and its cache.
    type: str
    choices: [none, names, values]
    default: none
  group_by:
    description:
      - Make groups of what devices have in common, such as C(balena_application_acme_sensors), C(balena_online) or
        C(balena_tag_site_oslo).
      - V(fleet) makes the groups of V(application) under the other word, such as C(balena_fleet_acme_sensors).
    type: list
    elements: str
    choices:
      - application
      - cpu_architecture
      - device_type
      - fleet
      - online
      - organization
      - os_version
      - release
      - status
      - supervisor_version
      - tags
    default: []
  group_prefix:
    description: What the names of the groups of O(group_by) begin with.
    type: str
    default: balena_
  connect:
    description:
      - What of each device Ansible shall log in to.
      - V(host) makes a host of its host OS, reached with P(community.balena.host#connection). There is no Python, so
        modules that need none work, with C(gather_facts=false).
      - V(container) makes a host of each service, called C(<device>.<service>), whose container is reached with
        P(community.balena.container#connection), and groups such as C(balena_service_web).
      - With both, each device has a group of its host OS and its containers, such as C(balena_device_berlin_sign_01),
        and C(balena_hosts) and C(balena_containers) are all of a kind.
      - Without it, a device is a host that nothing logs in to.
    type: list
    elements: str
    choices: [host, container]
    default: []
  reach:
    description:
      - How O(connect) gets there. V(tunnel) goes through the cloud, wherever the device is. The connection plugins take
        the token from the environment (E(BALENA_TOKEN) or E(BALENA_API_KEY)), the variable C(balena_api_token) or the
        login of the balena CLI; it is never put into the inventory.
      - V(local) goes to the address that the device reports.
    type: str
    choices: [tunnel, local]
    default: tunnel
  tunnel_address:
    description:
      - Host and port of the tunnel for O(reach=tunnel).
      - By default port 443 of C(tunnel.<domain>) if O(api_url) is C(https://api.<domain>/).
    type: str
    env:
      - name: BALENA_TUNNEL_ADDRESS
notes:
  - Each option may be a template, except for the expressions in O(hostnames), O(compose), O(groups) and
    O(keyed_groups). So the token may come from a lookup. Extra variables are available.
  - 'Variables of each host, with the default prefix: C(balena_id) (int), C(balena_uuid), C(balena_device_name),
    C(balena_note), C(balena_application) (the slug), C(balena_application_id) (int), C(balena_application_name),
    C(balena_organization), C(balena_device_type), C(balena_device_type_name), C(balena_cpu_architecture),
    C(balena_tags) (dict), C(balena_is_online) (bool), C(balena_is_connected_to_vpn) (bool),
    C(balena_api_heartbeat_state), C(balena_status), C(balena_overall_status), C(balena_overall_progress) (int),
    C(balena_os_version), C(balena_os_variant), C(balena_supervisor_version), C(balena_release_id) (int),
    C(balena_release_commit), C(balena_release_version), C(balena_target_release_id) (int),
    C(balena_target_release_commit), C(balena_target_release_version), C(balena_is_pinned) (bool),
    C(balena_ip_addresses) (list), C(balena_mac_addresses) (list), C(balena_public_address), C(balena_latitude) (float),
    C(balena_longitude) (float), C(balena_location), C(balena_created_at) and C(balena_last_connectivity_event).
    Those without a type are strings.'
  - With O(services) there is C(balena_services) (dict), with O(variables) C(balena_variables) and
    C(balena_config_variables).
seealso:
  - name: The inventory guide
    description: Variables, names, groups, connections, safety and performance.
    link: https://github.com/ansible-collections/community.balena/blob/main/docs/inventory.md
"""

EXAMPLES = r"""
# sensors.balena.yml: one fleet, groups by tag and release. The token is BALENA_TOKEN in the environment.
plugin: community.balena.balena
applications: [acme/sensors]
group_by: [release, online, tags]

---
# Production devices of an organization, named by a tag if they have it, with a token from a file.
plugin: community.balena.balena
api_token: "{{ lookup('ansible.builtin.file', '~/.balena-production') }}"
organizations: [acme]
with_tags:
  environment: production
hostnames: [tags.hostname, device_name]
on_duplicate: error

---
# The options that all inventory plugins share. Expressions are evaluated once per distinct value.
plugin: community.balena.balena
applications: [acme/sensors]
compose:
  ansible_host: balena_ip_addresses | first | default(balena_uuid)
groups:
  outdated: balena_release_commit != balena_target_release_commit
keyed_groups:
  - key: balena_tags
    prefix: tag
  - key: balena_device_type
    parent_group: device_types

---
# Log in through the cloud: ansible -i tunnel.balena.yml balena_hosts -m ansible.builtin.raw -a uptime
plugin: community.balena.balena
applications: [acme/sensors]
online: true
connect: [host, container]
services: [main]
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/balena-inventory
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..module_utils.emptiness import NEVER_EMPTY, emptied
from ..module_utils.engine.visible import visible
from ..plugin_utils.inventory.checking import check_kinds, never_blank
from ..plugin_utils.inventory.options import check_options, refuse_unknown
from ..plugin_utils.inventory.source import InventorySource
from ..plugin_utils.inventory.templating import is_meant_for, template_options


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """What Ansible calls; C(InventorySource) does the work."""

    NAME = "community.balena.balena"
    source = InventorySource

    def verify_file(self, path: str) -> bool:
        """Whether the file is meant for this plugin, by its name."""
        if not super().verify_file(path):
            return False
        if path.endswith(("balena.yml", "balena.yaml")):
            return True
        if is_meant_for(self.NAME, path):
            self.display.warning(
                f"{self.NAME} does not read {path}: its name has to end with balena.yml or balena.yaml"
            )
        return False

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory from the file at C(path).

        :param cache: False if the user wants the cache to be renewed (C(--flush-cache)).
        :raises AnsibleParserError: an option is wrong, or the devices cannot be read completely.
        """
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        check_options(self.get_options())
        try:
            self.source(self, self.get_options(), self._vars).fill(use_cache=cache)
        except AnsibleError as error:
            raise AnsibleParserError(visible(str(error))) from error

    def set_options(
        self, task_keys: Any = None, var_options: Any = None, direct: Mapping[str, Any] | None = None
    ) -> None:
        """Options from the file and elsewhere; templates in the file are evaluated first."""
        if direct is not None:
            refuse_unknown(self.plugin_type, self._load_name, direct)
            direct = template_options(direct, self.templar, self._vars)
            if problem := emptied(
                NEVER_EMPTY,
                direct,
                aliases={"fleets": "applications"},
                never_blank=never_blank(self.option_definitions),
            ):
                raise AnsibleParserError(problem)
            check_kinds(direct, self.option_definitions)
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
