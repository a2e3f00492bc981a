#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: shell_facts
short_description: Gather facts of hosts that have only a shell
version_added: 2.0.0
description:
  - Asks a host without Python for facts about itself, in one round trip, and sets them under the names that
    M(ansible.builtin.setup) uses, where it has them.
  - What the host does not tell, or not in a way that can be understood, is absent; nothing is guessed.
  - What the host says is never taken for a template, and sets no other variables than those listed here.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.shell
attributes:
  facts:
    description: Action returns an C(ansible_facts) dictionary that updates existing host facts.
    support: full
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: N/A
    details: It changes nothing.
  idempotent:
    description: Running it again with the same options and nothing changed in between makes no change.
    support: full
    details: It never writes.
options:
  gather_subset:
    description:
      - Which facts are gathered, V(all) or some of V(platform), V(hardware), V(mounts), V(network), V(date_time),
        V(temperatures) and V(containers). V(min) means V(platform). A leading C(!) leaves a subset out.
    type: list
    elements: str
    default: [all]
"""

EXAMPLES = r"""
- name: What the host tells of itself
  community.balena.shell_facts:

- name: Only how much memory is left
  community.balena.shell_facts:
    gather_subset: [hardware]

- name: Fail if there is little
  ansible.builtin.assert:
    that: ansible_facts.memfree_mb > 1
"""

RETURN = r"""
ansible_facts:
  description:
    - The facts. Of M(ansible.builtin.setup) they have C(system), C(nodename), C(hostname), C(kernel),
      C(kernel_version), C(machine), C(architecture), C(distribution), C(distribution_version),
      C(distribution_major_version), C(distribution_release), C(os_family); C(memtotal_mb), C(memfree_mb),
      C(swaptotal_mb), C(swapfree_mb), C(memory_mb), C(loadavg), C(uptime_seconds), C(processor_vcpus),
      C(processor_nproc); C(mounts); C(interfaces), C(all_ipv4_addresses), C(all_ipv6_addresses), C(default_ipv4);
      C(date_time); each with C(ansible_) before it.
    - Besides, C(ansible_os_release) is all that C(/etc/os-release) says, C(ansible_memavailable_mb) what programs can
      still get, C(ansible_temperatures) what the thermal zones measure (C(zone), C(name), C(celsius)),
      C(ansible_container_engine) the engine's program, and C(ansible_containers) its containers, running or not
      (C(id), C(name), C(image), C(state), C(status), C(exit_code), C(started_at), C(restart_count), C(health), and
      C(service), which the labels of Compose and of devices name).
  returned: success
  type: dict
  sample:
    ansible_distribution: Alpine
    ansible_distribution_version: 3.20.1
    ansible_memfree_mb: 213
    ansible_temperatures:
      - {zone: thermal_zone0, name: cpu-thermal, celsius: 48.3}
    ansible_containers:
      - {id: 5e1c, name: web_1, image: web, state: running, status: Up 3 hours, restart_count: 0, service: web}
"""

from ..module_utils.action_only import needs_action
from ..module_utils.options import Options

OPTIONS = Options(
    argument_spec={"gather_subset": {"type": "list", "elements": "str", "default": ["all"]}},
    api=False,
)


def main() -> None:
    """Run as a process of its own."""
    needs_action(OPTIONS)


if __name__ == "__main__":
    main()
