# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices of the fleet acme/bench as hosts, and a play that gives each of them something of its own."""

from __future__ import annotations

from typing import Any

INVENTORY: dict[str, Any] = {"plugin": "community.balena.balena", "applications": ["acme/bench"]}

#: No delegate_to: the tasks run inside the controller, and no device is connected to.
PLAY: dict[str, Any] = {
    "hosts": "all",
    "gather_facts": False,
    "tasks": [
        {
            "name": "A variable of its own",
            "community.balena.balena_env_var": {
                "scope": "device",
                "devices": ["{{ balena_uuid }}"],
                "name": "HOST_NAME",
                "value": "{{ inventory_hostname }}",
            },
        },
        {
            "name": "A tag of its own",
            "community.balena.balena_tag": {
                "scope": "device",
                "devices": ["{{ balena_uuid }}"],
                "name": "host",
                "value": "{{ inventory_hostname }}",
            },
        },
    ],
}
