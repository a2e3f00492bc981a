#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_volume_archive
short_description: Archive volumes of devices, and restore them
version_added: 2.0.0
description:
  - Brings a named volume of a device to the controller as a C(.tar.gz) file, or makes a volume of such a file. Both are
    streams, so that volumes of gigabytes need no memory, and no space on the device but that of the restored files.
  - The file on the controller is written under another name first, and has its name only when its checksum is that of
    what the device sent. A volume is restored beside the old one, and takes its place only when all of it has arrived.
  - Many devices are handled at once, as many as there are C(forks). Give each a file of its own.
author:
  - The community.balena maintainers (!UNKNOWN)
notes:
  - The host has to have the connection P(community.balena.host#connection), or P(community.balena.container#connection)
    for a container of the device. What is done is done on the host OS, as the user who logs in there.
  - Containers are stopped and started through the engine. A script on the device does it, which starts them again even
    if the connection is lost.
attributes:
  action:
    description: Runs inside the controller, and talks to the host OS of the device.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
    details: The device packs the volume to compare checksums, and sends nothing. No container is stopped.
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: none
    details: Volumes can be any data.
  idempotent:
    description: Running it again with the same options and nothing changed in between makes no change.
    support: partial
    details:
      - Nothing is replaced if the archive is of the volume as it is, or was the last to be restored and the volume has
        not changed since. Contents are the same if they are in the same order, too, which is the one in which the file
        system of the device lists them.
options:
  volume:
    description: Name of the volume, as in the Compose file, or as the engine calls it (C(1234_data)).
    type: str
    required: true
  path:
    description: The archive on the controller. A relative path begins in the folder of the playbook.
    type: str
    required: true
  state:
    description:
      - V(archived) makes the file what the volume is.
      - V(restored) makes the volume what the file is; what else was in it is gone.
    type: str
    choices: [archived, restored]
    default: archived
  stop_service:
    description:
      - Whether the containers that use the volume are stopped meanwhile. They are started again in any case.
      - Without it, a volume that a running container uses is archived as it is found, file by file, and not restored.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Archive the database of each device, while nothing writes to it
  community.balena.balena_volume_archive:
    volume: data
    path: "archives/{{ inventory_hostname }}.tar.gz"
    stop_service: true

- name: Restore it
  community.balena.balena_volume_archive:
    volume: data
    path: "archives/{{ inventory_hostname }}.tar.gz"
    state: restored
    stop_service: true
"""

RETURN = r"""
volume:
  description: The volume, as the engine calls it.
  returned: success
  type: str
  sample: 1234_data
path:
  description: The archive on the controller.
  returned: success
  type: str
  sample: /home/me/archives/berlin-sign-01.tar.gz
checksum:
  description: The SHA-256 checksum of the archive.
  returned: success, but for O(state=archived) not in check mode
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
size:
  description: How many bytes the archive has.
  returned: success, but for O(state=archived) not in check mode
  type: int
  sample: 1048576
stopped:
  description: The containers that were stopped.
  returned: when the device was reached
  type: list
  elements: str
  sample: [web_12_34_7cf02a6]
started:
  description: The containers that were started again.
  returned: when the device was reached
  type: list
  elements: str
  sample: [web_12_34_7cf02a6]
"""

from ..module_utils.action_only import needs_action
from ..module_utils.options import Options

OPTIONS = Options(
    argument_spec={
        "volume": {"type": "str", "required": True},
        "path": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["archived", "restored"], "default": "archived"},
        "stop_service": {"type": "bool", "default": False},
    },
    api=False,
    verbatim=("volume", "path"),
)


def main() -> None:
    """Run as a process of its own."""
    needs_action(OPTIONS)


if __name__ == "__main__":
    main()
