# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for a device: defaults, then groups in their order, then what is said of the device itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.domain.fleet import document, members
from tests.support.groups import choosing

names = st.sampled_from(["A", "B"])
values = st.dictionaries(names, st.one_of(st.sampled_from(["x", "y"]), st.none()))
keys = st.sampled_from(["site", "role"])
tags = st.dictionaries(keys, st.sampled_from(["a", "b"]))
said = st.fixed_dictionaries(
    {},
    optional={
        "env": values,
        "services": st.dictionaries(st.sampled_from(["web"]), st.fixed_dictionaries({"env": values})),
        "release": st.sampled_from(["1.0.0", "track"]),
        "note": st.sampled_from(["", "n"]),
    },
)
matches = st.dictionaries(keys, st.one_of(st.sampled_from(["a", "b"]), st.none()), min_size=1)
groups = st.lists(st.builds(lambda match, one: {**one, **choosing(match)}, matches, said), max_size=3)


def chosen(group, tags):
    """Whether a group takes a device with these tags."""
    return set(group.get("has_tags", ())) <= set(tags) and group.get("match", {}).items() <= tags.items()


def layers_of(content, **more):
    named = [{"name": f"g{number}", **group} for number, group in enumerate(content.pop("groups", []))]
    read = document.read({"fleet": "acme/kiosk", "groups": named, **content})
    return members.Layers(read, **more), read


@given(said, groups, said, tags)
def test_what_comes_later_wins(defaults, several, own, actual):
    layers, read = layers_of({"device_defaults": defaults, "groups": several, "devices": [{"name": "d", **own}]})
    holds, grouped = layers.of(actual, read.devices[0])
    taken = [group for group in several if chosen(group, actual)]
    assert grouped == bool(taken)
    order = [defaults, *taken, own]
    for name in ("A", "B"):
        told = [layer["env"][name] for layer in order if name in layer.get("env", {})]
        assert holds.env.get(name, "unsaid") == (told[-1] if told else "unsaid")
        of_web = [layer.get("services", {}).get("web", {}).get("env", {}) for layer in order]
        told = [values_[name] for values_ in of_web if name in values_]
        assert holds.services.get("web", {}).get(name, "unsaid") == (told[-1] if told else "unsaid")
    releases = [layer["release"] for layer in order if "release" in layer]
    assert (holds.release.text if holds.release else None) == (releases[-1] if releases else None)
    notes = [layer["note"] for layer in order if "note" in layer]
    assert holds.options.get("note") == (notes[-1] if notes else None)


@pytest.mark.parametrize(
    ("actual", "own", "purge", "takes"),
    [
        ({"role": "window"}, {}, False, True),
        ({}, {}, False, False),
        ({}, {"role": "window"}, False, True),
        ({"role": "window"}, {"role": "door"}, False, False),
        ({"role": "window"}, {"role": None}, False, False),
        ({"role": "window"}, {}, True, False),
        ({"role": "door"}, {"role": "window"}, True, True),
    ],
)
def test_groups_are_choosing_the_tags_that_a_device_will_have(actual, own, purge, takes):
    content = {"groups": [{"match": {"role": "window"}}], "devices": [{"name": "d", "tags": own}]}
    layers, read = layers_of(content, purge_tags=purge)
    assert layers.of(actual, read.devices[0])[1] is takes


def test_a_default_tag_chooses_too_and_unnamed_devices_keep_their_tags():
    content = {
        "groups": [{"has_tags": ["role"]}, {"match": {"site": "x"}}],
        "device_defaults": {"tags": {"site": "x"}},
    }
    layers, _read = layers_of(content, purge_tags=True)
    assert layers.of({"role": "window"}, None)[1]
    assert layers.of({}, None)[1]


def test_public_urls_of_the_fleet_hold_unless_something_else_is_said():
    content = {"device_urls": True, "devices": [{"name": "d", "public_url": False}]}
    layers, read = layers_of(content)
    assert layers.of({}, None)[0].options == {"public_url": True}
    assert layers.of({}, read.devices[0])[0].options == {"public_url": False}
