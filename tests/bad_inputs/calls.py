# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server, and for each module a task that it can do: what wrong values are put into."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

PI = {"organization": "acme", "device_type": "raspberrypi4-64"}
SEED: dict[str, Any] = {
    "applications": [
        {
            **PI,
            "name": "kiosk",
            "services": ["web", "worker"],
            "releases": [{"version": "1.0.0", "age_days": 2}, {"version": "1.1.0", "age_days": 1}],
            "devices": [{"name": "d-{n}", "count": 3, "os_version": "6.0.41", "tags": {"site": "berlin"}}],
        }
    ]
}
FLEET = "acme/kiosk"
DEVICES = {"application": FLEET}

#: Where the account is that balena_undo is given; a test that wants to read it has one left there.
ACCOUNT = str(Path(tempfile.gettempdir()) / f"balena-bad-inputs-{os.getpid()}.json")

#: By module: options of a task that is right.
CALLS: dict[str, dict[str, Any]] = {
    "balena_account_info": {},
    "balena_api_key": {**DEVICES, "scope": "application", "name": "ci"},
    "balena_api_key_info": {},
    "balena_application": {"name": FLEET},
    "balena_application_info": {"application": FLEET},
    "balena_config": {"application": FLEET, "version": "6.0.41"},
    "balena_device": {"in_application": FLEET},
    "balena_device_action": {**DEVICES, "action": "restart", "offline": "skip"},
    "balena_device_history_info": DEVICES,
    "balena_device_info": DEVICES,
    "balena_device_log_info": DEVICES,
    "balena_device_type_info": {},
    "balena_diagnosis_info": DEVICES,
    "balena_env_var": {**DEVICES, "scope": "device", "name": "A", "value": "x"},
    "balena_env_var_info": {**DEVICES, "scope": "device"},
    "balena_fleet": {"document": {"fleet": FLEET}},
    "balena_fleet_info": DEVICES,
    "balena_os_update": {**DEVICES, "version": "6.0.41", "method": "target", "offline": "skip"},
    "balena_os_version_info": {"device_types": ["raspberrypi4-64"]},
    "balena_release": {**DEVICES, "release": "1.1.0", "note": "good"},
    "balena_release_info": DEVICES,
    "balena_release_pin": {**DEVICES, "scope": "device", "release": "1.1.0"},
    "balena_rollout": {**DEVICES, "release": "1.1.0", "wave": 1, "wait_timeout": 1},
    "balena_rollout_info": DEVICES,
    "balena_organization": {"handle": "acme", "name": "Acme", "members": {"admin": "administrator"}},
    "balena_organization_info": {"organization": "acme"},
    "balena_team": {"organization": "acme", "name": "night", "members": ["admin"]},
    "balena_application_member": {"application": "acme/kiosk", "members": {"admin": "developer"}},
    "balena_ssh_key": {"title": "laptop", "state": "absent"},
    "balena_supervisor_update": {**DEVICES, "version": "latest", "offline": "skip"},
    "balena_tag": {**DEVICES, "scope": "device", "name": "a", "value": "x"},
    "balena_undo": {"account": ACCOUNT},
    "balena_window": {**DEVICES, "windows": [{"start": "00:00", "end": "24:00"}], "timezone_tag": "zone"},
}

#: The values that the document refers to.
SECRETS = {"key": "hunter2"}
