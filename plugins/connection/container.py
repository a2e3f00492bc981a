# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E402 - ansible-test wants the documentation before the imports
"""The container of a service on a device."""

from __future__ import annotations

DOCUMENTATION = r"""
name: container
author:
  - The community.balena maintainers (!UNKNOWN)
short_description: The container of a service on a balena device
version_added: 2.0.0
description:
  - Runs commands and transfers files in the container of a service, through the host OS of its device and the engine
    there. The container is found by its label C(io.balena.service-name), and found again when it has been replaced.
  - All containers of a device and its host OS share one ssh connection.
  - Exit code, standard output and standard error are those of the command, byte by byte. Whatever keeps a command from
    being started is reported as unreachable, with what to do about it.
  - The container needs a shell as C(/bin/sh). Modules work as far as it has what they need, for most of them Python.
extends_documentation_fragment:
  - community.balena.reach
  - community.balena.reach.ssh
  - ansible.builtin.connection_pipelining
options:
  service:
    description: Name of the service.
    type: str
    vars:
      - name: balena_service
  release:
    description:
      - Commit of the release whose container is meant, or the start of it.
      - By default the container that was made last, if several run.
    type: str
    vars:
      - name: balena_release
  remote_user:
    description: User in the container. By default the one that its image sets.
    type: str
    vars:
      - name: ansible_user
    ini: []
    env: []
  host_user:
    description: Who logs in to the host OS, V(root) or on a production device perhaps a user of balenaCloud.
    type: str
    default: root
    vars:
      - name: balena_host_user
notes:
  - O(uuid) and O(service) are all that a host needs, and with O(reach=local) the address of the device.
seealso:
  - plugin: community.balena.host
    plugin_type: connection
  - plugin: community.balena.balena
    plugin_type: inventory
"""

EXAMPLES = r"""
# hosts.yml: without the inventory of this collection. The token is BALENA_TOKEN in the environment.
all:
  hosts:
    berlin-sign-01.web:
      ansible_connection: community.balena.container
      balena_uuid: 7cf02a69b8d64c8bb1d2c3a4e5f60718
      balena_service: web

---
# Every module works in a container with Python; community.balena.shell_command needs a shell alone
- hosts: berlin-sign-01.web
  gather_facts: false
  tasks:
    - name: Reload the configuration
      ansible.builtin.raw: kill -HUP 1
"""

from ..plugin_utils.reach.containers import ContainerConnection


class Connection(ContainerConnection):
    """What Ansible calls; C(ContainerConnection) does the work."""
