# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDK's methods that only balenaCloud supports, run through against the cloud flavor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk import errors as sdk_errors
from emulator import Emulator

SEED = {
    "applications": [
        {
            "name": "sensors",
            "services": ["main", "db"],
            "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}],
            "devices": [{"name": "sensor-{n}", "count": 3}],
        }
    ]
}


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


@pytest.fixture
def balena(server):
    server.reset()
    with Balena(api_url=server.url, token=server.token, data_directory=False) as opened:
        yield opened


def register(server: Emulator, name: str) -> None:
    body = {"email": f"{name}@example.com", "password": "secret1"}
    assert requests.post(f"{server.url}/user/register", json=body, timeout=10).status_code == 200


def release_id(balena: Balena, version: str = "1.1.0") -> int:
    return int(balena.models.release.get({"application": "acme/sensors", "raw_version": version})["id"])


def test_a_team_from_creation_to_removal(server, balena):
    register(server, "jane")
    team, membership, access = balena.models.team, balena.models.team.membership, balena.models.team.application_access
    made = team.create("acme", "ops")
    assert [row["name"] for row in team.get_all_by_organization("acme")] == ["ops"]
    team.rename(made["id"], "operations")
    assert team.get(made["id"])["name"] == "operations"
    joined = membership.create(team=made["id"], username="jane")
    assert [row["id"] for row in membership.get_all_by_user("jane")] == [joined["id"]]
    granted = access.add(made["id"], "acme/sensors", "observer")
    access.update(granted["id"], "developer")
    (row,) = access.get_all_by_team(made["id"], {"$expand": {"application_membership_role": {"$select": "name"}}})
    assert row["application_membership_role"][0]["name"] == "developer"
    with pytest.raises(sdk_errors.BalenaError):
        access.add(made["id"], "acme/sensors", "king")
    membership.remove([joined["id"]])
    access.remove(granted["id"])
    team.remove(made["id"])
    assert team.get_all_by_organization("acme") == []


@pytest.mark.parametrize("size", [0, 12, 6 * 1024 * 1024])
def test_an_asset_from_upload_to_removal(balena: Balena, tmp_path: Path, size: int) -> None:
    asset, release = balena.models.release.asset, release_id(balena)
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    (tmp_path / "app.bin").write_bytes(content)
    seen: list[Any] = []
    arguments: dict[str, Any] = {"asset": str(tmp_path / "app.bin"), "asset_key": "app", "release": release}
    made = asset.upload(**arguments, on_upload_progress=seen.append)
    assert (asset.get(made["id"])["asset"]["size"], bool(seen)) == (size, True)
    with asset.download({"asset_key": "app", "release": release}) as download:
        assert b"".join(download) == content
    with pytest.raises(sdk_errors.BalenaError, match="already exists"):
        asset.upload(**arguments)
    (tmp_path / "app.bin").write_bytes(b"new")
    asset.upload(**arguments, overwrite=True)
    assert [row["asset"]["size"] for row in asset.get_all_by_release(release)] == [3]
    asset.remove(made["id"])
    assert asset.get_all_by_release(release) == []


def test_who_made_a_release(balena):
    found = balena.models.release.get_with_image_details(release_id(balena))
    assert found["user"]["username"] == "admin"
    assert [image["service_name"] for image in found["images"]] == ["db", "main"]


def test_an_online_device_is_not_deactivated(balena):
    (device, *_others) = balena.models.device.get_all_by_application("acme/sensors")
    with pytest.raises(sdk_errors.BalenaRequestError, match="must be offline"):
        balena.models.device.deactivate(device["uuid"])


@pytest.mark.parametrize("key", [None, ""])
def test_a_tag_needs_a_key(balena, key):
    (device, *_others) = balena.models.device.get_all_by_application("acme/sensors")
    with pytest.raises(sdk_errors.BalenaError):
        balena.models.device.tags.set(device["uuid"], key, "value")
