# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A compact document says of every device what the long one says."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.domain.fleet.compact import compact

VALUES = st.sampled_from(["1", "2", {"secret": "key"}])
VARIABLES = st.dictionaries(st.sampled_from("ABC"), VALUES, max_size=3)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.dictionaries(st.sampled_from(["site", "role", "x"]), st.sampled_from(["a", "b", " "])),
        "release": st.sampled_from(["1.0.0", "2.0.0"]),
        "env": VARIABLES,
        "config": VARIABLES,
        "services": st.dictionaries(st.sampled_from(["web", "api"]), st.fixed_dictionaries({"env": VARIABLES})),
        "note": st.just("by the door"),
    },
)
PARTS = ("env", "config", "services", "release")


def named(entries):
    return [{"name": f"d-{number}", "uuid": f"{number:032x}", **entry} for number, entry in enumerate(entries)]


def flat(layer):
    """What a layer says, by place."""
    found = {(kind, name): value for kind in ("env", "config") for name, value in layer.get(kind, {}).items()}
    for service, said in layer.get("services", {}).items():
        found.update({(service, name): value for name, value in said["env"].items()})
    return {**found, **({"release": layer["release"]} if "release" in layer else {})}


def holds(document, device):
    """What a document says of a device: defaults lose to groups, and these to the entry."""
    tags = device.get("tags", {})
    groups = [group for group in document.get("groups", ()) if group["match"].items() <= tags.items()]
    own = [entry for entry in document.get("devices", ()) if entry["uuid"] == device["uuid"]]
    found = {}
    for layer in (document.get("device_defaults", {}), *groups, *own):
        found.update(flat(layer))
    assert own or groups, "somebody would report it as a device that is not declared"
    return found


@given(st.lists(ENTRIES, max_size=6))
def test_nothing_is_lost_and_nothing_is_added(entries):
    document = {"fleet": "acme/kiosk", **({"devices": named(entries)} if entries else {})}
    before = copy.deepcopy(document)
    short = compact(document)
    assert document == before
    for device in document.get("devices", ()):
        assert holds(short, device) == flat(device)
    said = {entry["uuid"]: entry for entry in short.get("devices", ())}
    for device in document.get("devices", ()):
        assert "note" not in device or said[device["uuid"]]["note"] == device["note"]


def test_what_many_have_is_said_once():
    sign = {"tags": {"role": "sign", "site": "oslo"}, "env": {"LEVEL": "info", "MODE": "wide"}}
    till = {"tags": {"role": "till", "site": "oslo"}, "env": {"LEVEL": "info", "KEY": {"secret": "key"}}}
    odd = {"tags": till["tags"], "env": {"LEVEL": "info", "KEY": {"secret": "key"}, "DEBUG": "1"}}
    document = {"fleet": "acme/kiosk", "devices": named([sign, sign, till, till, odd])}
    assert compact(document) == {
        "fleet": "acme/kiosk",
        "device_defaults": {"env": {"LEVEL": "info"}},
        "groups": [
            {"name": "role=till", "match": {"role": "till"}, "env": {"KEY": {"secret": "key"}}},
            {"name": "role=sign", "match": {"role": "sign"}, "env": {"MODE": "wide"}},
        ],
        "devices": [{"name": "d-4", "uuid": f"{4:032x}", "tags": odd["tags"], "env": {"DEBUG": "1"}}],
    }
