# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of docs/servers.md: each of its lines is probed on both kinds of servers."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from tests.support.repository import read
from tests.support.tasks import run_task

SEED = {
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "services": ["web"],
            "releases": [{"version": "1.0.0", "age_days": 2}, {"version": "1.1.0", "age_days": 1}],
            "devices": [{"name": "d", "count": 1, "online": True, "os_version": "5.3.27", "os_variant": "prod"}],
        }
    ]
}
FLEET = {"application": "acme/kiosk"}
OF_DEVICES = {**FLEET, "scope": "device"}

#: By line of the table: a task that needs just that.
PROBES: dict[str, tuple[str, dict[str, Any]]] = {
    "Fleets, devices and tags": ("balena_tag", {**OF_DEVICES, "name": "site", "value": "lab"}),
    "Variables of fleets, devices and services": ("balena_env_var", {**OF_DEVICES, "name": "A", "value": "x"}),
    "Variables of builds": ("balena_env_var", {**FLEET, "scope": "build", "name": "A", "value": "x"}),
    "Fleet documents, drift and exports": ("balena_fleet", {"document": {"fleet": "acme/kiosk", "tags": {"a": "b"}}}),
    "Pins and releases": ("balena_release_pin", {**OF_DEVICES, "release": "1.0.0"}),
    "Undoing what was changed": ("balena_undo", {}),
    "Files of releases": ("balena_release_info", {**FLEET, "assets": True}),
    "Builds from a URL": (
        "balena_release",
        {**FLEET, "source_url": "https://example.com/kiosk.tar.gz", "wait_timeout": 1},
    ),
    "Rollouts in waves": ("balena_rollout", {**FLEET, "release": "1.1.0", "wave": 1}),
    "Reboots, restarts and other actions on devices": ("balena_device_action", {**FLEET, "action": "restart"}),
    "Logs of devices": ("balena_device_log_info", FLEET),
    "Health of devices": ("balena_diagnosis_info", FLEET),
    "Maintenance windows in the time of devices": (
        "balena_window",
        {**FLEET, "windows": [{"start": "00:00", "end": "24:00"}], "timezone_tag": "zone"},
    ),
    "History of devices": ("balena_device_history_info", FLEET),
    "Public URLs of devices": ("balena_device", {"in_application": "acme/kiosk", "public_url": True}),
    "Locations of devices": (
        "balena_device",
        {"in_application": "acme/kiosk", "location": {"latitude": 52.5, "longitude": 13.4}},
    ),
    "Access for balena's support": (
        "balena_device",
        {"in_application": "acme/kiosk", "support_access_until": "2099-01-01"},
    ),
    "OS updates through the actions service": ("balena_os_update", {**FLEET, "version": "6.0.41"}),
    "OS versions as a target that devices follow": (
        "balena_os_update",
        {**FLEET, "version": "6.0.41", "method": "target"},
    ),
    "Supervisor versions": ("balena_supervisor_update", {**FLEET, "version": "latest"}),
    "OS versions that can be installed": ("balena_os_version_info", {"device_types": ["raspberrypi4-64"]}),
    "API keys of the user": ("balena_api_key_info", {}),
    "Provisioning keys that are listed": ("balena_api_key", {**FLEET, "scope": "application", "name": "factory"}),
    "Public SSH keys": ("balena_ssh_key", {"title": "laptop", "state": "absent"}),
    "Organizations with members and invitations": ("balena_organization_info", {}),
    "Teams": ("balena_team", {"organization": "acme", "name": "night"}),
    "Collaborators of fleets": ("balena_application_member", {**FLEET, "members": {"x@example.com": "developer"}}),
}


def table() -> dict[str, tuple[str, str]]:
    rows = [line.strip("| \n").split(" | ") for line in read("docs/servers.md").splitlines() if line.startswith("| ")]
    return {what: (cloud, own) for what, cloud, own in rows[1:]}


@pytest.fixture(scope="module")
def servers():
    with Emulator(seed=SEED, flavor="cloud") as cloud, Emulator(seed=SEED) as own:
        yield cloud, own


def test_each_line_of_the_table_is_probed():
    assert sorted(table()) == sorted(PROBES)


@pytest.mark.parametrize("what", sorted(PROBES))
def test_what_works_on_which_server(servers, what, tmp_path):
    module, options = PROBES[what]
    for number, (server, said) in enumerate(zip(servers, table()[what], strict=True)):
        server.reset()
        if module == "balena_undo":
            options = {"account": str(tmp_path / f"{number}.json")}
            run_task(server, "balena_tag", **OF_DEVICES, name="site", value="lab", account_to=options["account"])
        result = run_task(server, module, **options)
        assert ("no" if result.get("failed") else "yes") == said, result
        if said == "no":
            assert result["changed"] is False
