# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts get a name that can do no harm, and no two the same."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.plugin_utils.inventory.naming import (
    DuplicateNames,
    distinct_names,
    is_usable,
    preferred_name,
)

UUID = "7cf02a6" + "0" * 25
DEVICE = {"uuid": UUID, "id": 5, "device_name": "sensor", "tags": {"hostname": "db-1", "empty": ""}, "note": None}


def nothing(expression, device):
    return None


@pytest.mark.parametrize("name", ["sensor", "Zürich 雪", "a.b-c", "300" * 100, "it's", "a/b", "all", "50 %"])
def test_usable_names(name):
    assert is_usable(name)


@pytest.mark.parametrize(
    "name",
    ["", "  ", None, 5, "{{ lookup('pipe','id') }}", "-oProxyCommand=id", "a\nb", "localhost", "127.0.0.1", "::1",
     "../x", "..", "a/../b", "lookup('pipe','id')"],
)  # fmt: skip
def test_names_that_could_act(name):
    assert not is_usable(name)


def test_the_first_preference_that_is_there():
    assert preferred_name(DEVICE, ["tags.hostname", "device_name"], nothing) == ("db-1", [])
    assert preferred_name(DEVICE, ["tags.empty", "tags.no", "note", "device_name"], nothing) == ("sensor", [])
    assert preferred_name(DEVICE, ["id"], nothing) == ("5", [])
    assert preferred_name(DEVICE, ["note"], nothing) == (UUID, [])
    assert preferred_name(DEVICE, [], nothing) == (UUID, [])


def test_an_expression():
    name, _refused = preferred_name(DEVICE, ["balena_x ~ '.example'"], lambda text, device: f"<{text}>")
    assert name == "<balena_x ~ '.example'>"


def test_a_refused_name_is_told():
    assert preferred_name({**DEVICE, "device_name": "-x"}, ["device_name"], nothing) == (UUID, ["-x"])


def devices(*uuids):
    return [{"uuid": uuid} for uuid in uuids]


def test_all_devices_of_one_name_get_their_uuid():
    names, clashes = distinct_names(["a", "b", "a"], devices("1" * 32, "2" * 32, "3" * 32), "uuid")
    assert names == ["a_1111111", "b", "a_3333333"]
    assert clashes == {"a": ["1" * 32, "3" * 32]}


def test_names_stay_distinct_even_if_the_uuids_begin_alike():
    uuids = ["1" * 32, "1111111" + "2" * 25, "4" * 32]
    names, _clashes = distinct_names(["a", "a", "a_1111111"], devices(*uuids), "warn")
    assert len(set(names)) == 3
    assert names[2] == "a_1111111"


def test_duplicates_may_be_an_error():
    with pytest.raises(DuplicateNames, match=r"'a'.*1111.*2222"):
        distinct_names(["a", "a"], devices("1" * 32, "2" * 32), "error")
    assert distinct_names(["a", "b"], devices("1", "2"), "error") == (["a", "b"], {})
