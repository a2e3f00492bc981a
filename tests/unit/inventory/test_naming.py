# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts get a name that can do no harm, and no two the same."""

from __future__ import annotations

import socket

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


@pytest.mark.parametrize(
    "name",
    ["localhost.", "LOCALHOST", "LocalHost", "127.1", "127.0.0.2", "127.255.0.9", "0.0.0.0", "0", "0x7f000001",
     "0x7f.1", "0177.0.0.1", "017700000001", "2130706433", "::1", "0:0:0:0:0:0:0:1", "::", "::ffff:127.0.0.1",
     "ip6-localhost", "ip6-loopback", "localhost.localdomain", "x.localhost", "localhost6",
     "\uff4cocalhost", "\uff11\uff12\uff17.0.0.1",
     "127\u30020\u30020\u30021", "!all", "@file", "a:&b", "a,b", "a:b",
     "[0:3]", "sensor[01:50]", "~regex", "&all", "sensor*", "s?",
     " sensor", "sensor ", "\t", "\x00", "a\x00b", "a\x1b[2Jb", "a\u202eb", "a\u2028b", "a\x85b", "a\ud800b",
     "/etc/passwd", "/home/me/vars", "$(id)", "`id`", "a;id", "a|id", "a&id", "x >file", "a\\b", socket.gethostname(),
     socket.gethostname().upper() + "."],
)  # fmt: skip
def test_names_that_are_the_controller_or_a_pattern_or_a_command(name):
    assert not is_usable(name)


@pytest.mark.parametrize("name", ["128.0.0.1", "10.127.0.1", "5", "0.0.0.5", "127.x", "localhosts", "my-localhost"])
def test_names_that_only_resemble_these(name):
    assert is_usable(name)


def test_a_name_that_belongs_to_somebody_else_is_not_used():
    taken = {"db", "x_1111111"}

    def is_free(name, _device):
        return name not in taken

    assert preferred_name({**DEVICE, "device_name": "db"}, ["device_name", "id"], nothing, is_free) == ("5", ["db"])
    names, _clashes = distinct_names(
        ["x", "x"], devices("1" * 32, "2" * 32), "uuid", lambda name, _d: name != "x_1111111"
    )
    assert names == ["x_" + "1" * 32, "x_2222222"]
