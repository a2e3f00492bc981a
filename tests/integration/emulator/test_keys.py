# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""API keys: what is asked of their expiry, roles and names, and in which order the server looks."""

from __future__ import annotations

import pytest

from emulator.endpoints.keys import BAD_EXPIRY, make_key

NOBODY = {"actorType": "application", "actorTypeId": 999999}
FLEET = {"actorType": "application", "actorTypeId": 1}
NEVER = {"expiryDate": None}


@pytest.mark.parametrize(
    ("version", "body", "status", "message"),
    [
        ("v2", {**FLEET, "roles": ["nosuch"]}, 400, BAD_EXPIRY),
        ("v2", {**FLEET, "roles": ["provisioning-api-key"]}, 400, BAD_EXPIRY),
        ("v2", {**FLEET, "roles": ["a", "b"]}, 400, BAD_EXPIRY),
        ("v2", {**FLEET, "roles": ["provisioning-api-key"], "expiryDate": "soon"}, 400, BAD_EXPIRY),
        ("v1", {**FLEET, "roles": ["provisioning-api-key"], "expiryDate": "soon"}, 400, BAD_EXPIRY),
        ("v2", {**FLEET, "roles": ["provisioning-api-key"], "expiryDate": 5}, 400, None),
        ("v2", {**FLEET, **NEVER, "roles": ["nosuch"]}, 404, "Role 'nosuch' not found"),
        ("v1", {**FLEET, "roles": ["user-api-key"], "name": "n"}, 404, "Role 'user-api-key' not found"),
        ("v2", {**NOBODY, **NEVER, "roles": ["nosuch"]}, 500, "No application found to associate with the api key"),
        ("v1", {**FLEET, "roles": ["named-x"]}, 400, "API keys with the 'named-x' role require a name"),
        ("v1", {**FLEET, "roles": ["named-x"], "name": ""}, 400, "API keys with the 'named-x' role require a name"),
        ("v1", {**FLEET, "roles": [""]}, 400, None),
        ("v1", {**FLEET, "roles": [5]}, 400, None),
        ("v1", {**FLEET, "roles": []}, 400, None),
    ],
)
def test_what_a_key_is_refused_for(ask, version, body, status, message):
    assert ask("POST", f"/api-key/{version}/", body) == (status, message)


def test_a_key_expires_when_it_was_said(ask):
    when = "2099-01-01T00:00:00.000Z"
    body = {**FLEET, "roles": ["provisioning-api-key"], "name": "p", "expiryDate": when}
    status, key = ask("POST", "/api-key/v2/", body)
    assert status == 200
    assert ask.store.get("api_key", key=key)["expiry_date"] == when
    assert ask("GET", "/actor/v1/whoami", token=key)[0] == 200
    ask.clock.set(4_100_000_000)
    assert ask("GET", "/actor/v1/whoami", token=key)[0] == 401


def test_public_keys_of_a_user(ask, devices):
    user = ask.store.get("user", username="admin")["id"]
    for number in (1, 2):
        ask.make("user__has__public_key", user=user, title=f"k{number}", public_key=f"ssh-ed25519 AAAA{number}")
    both = "ssh-ed25519 AAAA1\nssh-ed25519 AAAA2"
    device = make_key(ask.store, "device", devices[0])
    assert ask("GET", "/auth/v1/public-keys/admin") == (200, both)
    assert ask("GET", "/auth/v1/public-keys/admin", token=device) == (200, both)
    assert ask("GET", "/auth/v1/public-keys/nobody", token=device) == (200, None)
    assert ask("GET", "/auth/v1/public-keys/admin", token="none")[0] == 401
    provisioning = make_key(ask.store, "application", 1)
    assert ask("GET", "/auth/v1/public-keys/admin", token=provisioning)[0] == 401
