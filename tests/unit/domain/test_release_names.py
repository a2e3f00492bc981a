# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What names a release, and which of several it means."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.releases.names import read_name
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError


def chosen(name, rows):
    """The id of the release that a name means, None if it is none of them."""
    row = read_name(name).choose(rows)
    return row and row["id"]


def release(id_, version, commit="", status="success"):
    return {"id": id_, "raw_version": version, "commit": commit or f"{id_:040x}", "status": status}


@pytest.mark.parametrize(
    ("name", "kind", "condition"),
    [
        (12, "id", {"id": 12}),
        ("12", "id", {"id": 12}),
        ("9D0D299f", "commit", {"commit": {"$startswith": "9d0d299f"}}),
        ("1234567", "commit", {"$or": [{"commit": {"$startswith": "1234567"}}, {"id": 1234567}]}),
        ("1" * 40, "commit", {"commit": {"$startswith": "1" * 40}}),
        ("1.2.3", "version", {"raw_version": "1.2.3"}),
        ("v1.2.3", "version", {"raw_version": "1.2.3"}),
        (" 1.2.3+rev1 ", "version", {"raw_version": "1.2.3+rev1"}),
        ("1.2.3-1700000000000", "version", {"raw_version": "1.2.3-1700000000000"}),
    ],
)
def test_names_of_one_release(name, kind, condition):
    read = read_name(name)
    assert (read.kind, read.condition) == (kind, condition)


@pytest.mark.parametrize(
    "name", ["^1.2", "~1.2.3", "1.x", "1.2.x", ">=1.0 <2", "1.2", "1.0.0 - 1.5.0", "*", "1 || 3.0.1"]
)
def test_ranges_choose_among_what_can_be_used(name):
    read = read_name(name)
    assert read.kind == "range"
    assert read.condition["is_final"] and not read.condition["is_invalidated"]


@pytest.mark.parametrize("name", ["", "newest", "abc", "1.2.3.4", 1.1, True, None, ["1.0.0"], "abcdefg1"])
def test_what_names_no_release(name):
    with pytest.raises(DeclarationError, match="does not name a release"):
        read_name(name)


def test_the_highest_of_a_range_and_not_the_newest_is_chosen():
    rows = [release(3, "1.2.9"), release(2, "2.0.0"), release(1, "1.10.0")]
    assert chosen("^1.0", rows) == 1
    assert chosen("^3", rows) is None


def test_a_short_commit_of_several_releases_is_ambiguous_and_names_them():
    rows = [release(1, "1.0.0", "abcdef1" + "0" * 33), release(2, "1.1.0", "abcdef1" + "1" * 33)]
    with pytest.raises(DeclarationError, match=r"ambiguous: abcdef10+ \(1.0.0\), abcdef11+ \(1.1.0\)"):
        read_name("abcdef1").choose(rows)
    assert chosen("abcdef1" + "0" * 33, rows) == 1


def test_of_builds_of_the_same_commit_the_successful_one_is_meant():
    rows = [release(2, "1.0.1", "c" * 40, "failed"), release(1, "1.0.0", "c" * 40)]
    assert chosen("c" * 7, rows) == 1
    assert chosen("c" * 40, rows[:1]) == 2


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("1.0.0", [1]),
        ("^1.0", [3, 1]),
        ("latest", [3, 1]),
        ("track", [3, 1]),
        ("a" * 7, [1]),
        ("B" * 7, [2]),
        (2, [2]),
        ("3", [3]),
        ("9.9.9", []),
    ],
)
def test_those_that_may_be_meant_are_found_among_all(name, ids):
    usable = {"is_final": True, "is_passing_tests": True, "is_invalidated": False}
    rows = [
        {**release(3, "1.2.0", "c" * 40), **usable},
        {**release(2, "1.1.0", "b" * 40), **usable, "is_invalidated": True},
        {**release(1, "1.0.0", "a" * 40), **usable},
    ]
    assert [row["id"] for row in read_name(name).among(rows)] == ids
