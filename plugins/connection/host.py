# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E402 - ansible-test wants the documentation before the imports
"""The host OS of a device."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host
author:
  - The community.balena maintainers (!UNKNOWN)
short_description: The host OS of a balena device
version_added: 2.0.0
description:
  - Runs commands and transfers files on the host OS of a device, through the tunnel of balenaCloud or openBalena or
    over the local network.
  - It is P(ansible.builtin.ssh#connection) told where to go, and takes the same variables and settings. The host key of
    a device is known by its uuid.
  - Exit code, standard output and standard error are those of the command, byte by byte. Whatever keeps a command from
    being started is reported as unreachable, with what to do about it.
  - The host OS has no Python. Modules that need none work, such as P(ansible.builtin.raw#module) and
    P(ansible.builtin.script#module), with C(gather_facts=false).
extends_documentation_fragment:
  - community.balena.reach
  - community.balena.reach.ssh
  - ansible.builtin.connection_pipelining
options:
  remote_user:
    description: Who logs in, V(root) or on a production device perhaps a user of balenaCloud.
    type: str
    default: root
    vars:
      - name: ansible_user
      - name: ansible_ssh_user
      - name: balena_host_user
    ini: []
    env: []
notes:
  - O(uuid) is all that a host needs, and with O(reach=local) its address.
seealso:
  - plugin: community.balena.container
    plugin_type: connection
  - plugin: community.balena.balena
    plugin_type: inventory
"""

EXAMPLES = r"""
# hosts.yml: without the inventory of this collection. The token is BALENA_TOKEN in the environment.
all:
  hosts:
    berlin-sign-01:
      ansible_connection: community.balena.host
      balena_uuid: 7cf02a69b8d64c8bb1d2c3a4e5f60718

---
# A play for it: the host OS has no Python
- hosts: berlin-sign-01
  gather_facts: false
  tasks:
    - name: See how long the device has been up
      ansible.builtin.raw: uptime
"""

from ..plugin_utils.reach.device import DeviceConnection


class Connection(DeviceConnection):
    """What Ansible calls; C(DeviceConnection) does the work."""
