# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of versions, and ranges."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.sdk import os_version
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaDependencyError

SPELLINGS = ["{}", "v{}", "balenaOS {}", "Balena OS {}", "Resin OS {}", " {} "]
VERSIONS = [
    f"{core}{tail}"
    for core in ("1.26.0", "2.0.0", "2.0.10", "2.9.0", "2022.07.0", "2022.10.1")
    for tail in (
        "",
        "-rc1",
        "-beta.8",
        "-beta.10",
        "+rev1",
        "+rev10",
        "+rev1.dev",
        "+rev1.prod",
        ".dev",
        ".prod",
        "_rev2",
    )
]
texts = st.one_of(st.none(), st.sampled_from([*VERSIONS, "", "foo", "2.0", "latest"]), st.text(max_size=6))


def test_versions_are_sorted_as_balena_releases_them() -> None:
    released = [
        None,
        "2.0",
        "no version",
        "1.30.1",
        "2.0.0-beta.8",
        "2.0.0-rc1",
        "2.0.0.dev",
        "2.0.0",
        "2.0.0.prod",
        "2.0.0+rev2.dev",
        "2.0.0+rev2",
        "2.0.0+rev2.prod",
        "2.0.0+rev10",
        "2.113.31",
        "5.1.20",
        "2021.10.2.prod",
        "2022.07.0",
        "2022.10.0",
    ]
    mixed = released[1::2] + released[::2]
    assert sorted(mixed, key=functools.cmp_to_key(os_version.compare)) == released
    assert sorted(mixed, key=functools.cmp_to_key(os_version.rcompare)) == released[::-1]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "version", ["2.0.0", "2.0.0+rev1", "2.0.0-rc1", "2.0.0.rev1.prod", "2.0.0+rev1 (prod)", "2022.07.0"]
)
def test_all_spellings_mean_the_same_version(spelling: str, version: str) -> None:
    assert os_version.compare(spelling.format(version), version) == 0


@given(texts, texts, texts)
def test_the_order_is_total(a: str | None, b: str | None, c: str | None) -> None:
    assert os_version.compare(a, b) == -os_version.compare(b, a)
    assert os_version.compare(a, a) == 0
    if os_version.lte(a, b) and os_version.lte(b, c):
        assert os_version.lte(a, c)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("^2.1", "2.1.0 2.1.0+rev3 2.9.9", "2.0.9 3.0.0 3.0.0-rc1 2.2.0-rc1"),
        ("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0"),
        ("^0.0.3", "0.0.3", "0.0.2 0.0.4"),
        ("^2022.07", "2022.7.0 2022.10.1", "2022.4.0 2023.1.0"),
        ("~2.1.3", "2.1.3 2.1.10", "2.1.2 2.2.0"),
        ("~2", "2.0.0 2.9.0", "1.9.9 3.0.0"),
        ("2.x", "2.0.0 2.9.0", "1.9.9 3.0.0"),
        ("2.5", "2.5.0 2.5.9+rev1.dev", "2.4.9 2.6.0"),
        ("*", "0.0.1 2022.7.0", "2.0.0-rc1 foo"),
        ("", "0.0.1 2022.7.0", "2.0.0-rc1"),
        (">2", "3.0.0", "2.9.9 2.0.0"),
        (">=2.5.0", "2.5.0 3.0.0", "2.4.9 2.5.0-rc1"),
        ("> 2.4 < 2.6", "2.5.0", "2.4.9 2.6.0"),
        ("<=2.5", "2.5.9 1.0.0", "2.6.0"),
        ("<2.5", "2.4.9", "2.5.0 2.5.0-rc1"),
        ("<2.5.1", "2.5.0", "2.5.1"),
        (">*", "", "1.0.0"),
        ("1.2 - 2.3", "1.2.0 2.3.9", "1.1.9 2.4.0"),
        ("1.2.3 - 2.3.4", "1.2.3 2.3.4", "1.2.2 2.3.5"),
        ("^1.30 || >=2.5.1 <3", "1.30.1 2.5.1 2.9.0", "1.29.0 2.5.0 3.0.0"),
        ("2.5.1", "2.5.1 2.5.1+rev2 2.5.1.dev", "2.5.2"),
        (">=2.0.0-rc1", "2.0.0-rc2 2.0.0 2.1.0", "2.0.0-beta.8 2.1.0-rc1"),
        ("garbage", "", "1.0.0"),
        (">=2 garbage", "2.0.0", "1.0.0"),
        ("^", "", "1.0.0"),
    ],
)
def test_ranges(text: str, inside: str, outside: str) -> None:
    found = {version for version in [*inside.split(), *outside.split()] if os_version.satisfies(version, text)}
    assert found == set(inside.split())


def test_a_long_number_is_left_as_it_is() -> None:
    assert os_version.valid("2.60.0-1500000001") == "2.60.0-1500000001"
    assert os_version.valid("2.1001.0") == "2.1001.0"


def test_what_no_version_can_be_is_none() -> None:
    assert os_version.parse("9007199254740993.0.0") is None
    assert os_version.parse("1.0.0-" + "a" * 300) is None


def test_a_missing_library_is_said_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os_version, "semver", None)
    with pytest.raises(BalenaDependencyError, match="semver"):
        os_version.parse("8.7.6-this.was.never.read.before")
