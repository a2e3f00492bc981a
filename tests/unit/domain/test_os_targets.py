# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which balenaOS a device should get: the version that is meant, and no way that does not exist."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.host_os.names import read_version_name, refuse_all
from ansible_collections.community.balena.plugins.module_utils.domain.host_os.targets import bare, decide
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError


def version(id_, raw, variant="", os_type="default", issues=None):
    return {
        "id": id_, "raw_version": raw, "strippedVersion": bare(raw), "variant": variant, "osType": os_type,
        "known_issue_list": issues, "basedOnVersion": bare(raw),
    }  # fmt: skip


PI = [
    version(9, "2023.1.0", os_type="esr"),
    version(8, "6.1.0-rc1"),
    version(7, "6.0.41", issues="wifi"),
    version(6, "5.3.27"),
    version(5, "2.50.1+rev1.prod", "prod"),
    version(4, "2.50.1+rev1.dev", "dev"),
    version(3, "2.2.0", "prod"),
]


def device(os_version="balenaOS 5.1.20", variant="prod"):
    return {
        "uuid": "a" * 32, "device_name": "pi", "os_version": os_version, "os_variant": variant,
        "is_of__device_type": [{"slug": "raspberrypi4-64"}],
    }  # fmt: skip


def target(name, row, os_type="default"):
    parsed = bare(row["os_version"])
    current = parsed and f"{parsed}{'.' if '+' in parsed else '+'}{row['os_variant']}"
    decided = decide(row, current, read_version_name(name, "version"), {"raspberrypi4-64": PI}, os_type)
    return decided.problem or decided.target


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("6.0.41", "6.0.41"),
        ("latest", "6.1.0-rc1"),
        ("recommended", "5.3.27"),
        ("^6.0", "6.0.41"),
        ("5.x", "5.3.27"),
        ("v6.0.41", "6.0.41"),
    ],
)
def test_the_version_that_is_meant(name, expected):
    assert target(name, device()) == expected


def test_extended_support_is_only_meant_when_it_is_said():
    assert target("latest", device(), os_type="esr") == "2023.1.0"


@pytest.mark.parametrize("variant", ["prod", "dev"])
def test_old_versions_come_in_the_variant_of_the_device(variant):
    assert target("2.50.1+rev1", device("balenaOS 2.29.0+rev1", variant)) == f"2.50.1+rev1.{variant}"


def test_extended_support_that_is_made_of_an_older_version_is_refused():
    older = {**version(10, "2023.4.0", os_type="esr"), "basedOnVersion": "5.1.19"}
    decided = decide(
        device(), "5.1.20+prod", read_version_name("2023.4.0", "version"), {"raspberrypi4-64": [older]}, "esr"
    )
    assert decided.problem == "it runs 5.1.20: OS downgrades are not allowed"


def test_another_variant_is_refused():
    reason = target("2.50.1+rev1.dev", device("balenaOS 2.29.0+rev1", "prod"))
    assert "between development and production" in reason


def test_what_runs_already_stays():
    assert target("6.0.41", device("balenaOS 6.0.41")) is None
    assert target("6.0.41", device("balenaOS 6.0.41", "dev")) is None
    assert target("2.50.1+rev1", device("Resin OS 2.50.1+rev1 (prod)")) is None


def test_a_device_that_is_newer_than_a_word_stays_and_a_downgrade_is_refused():
    assert target("recommended", device("balenaOS 6.0.41")) is None
    assert "downgrades are not allowed" in target("5.3.27", device("balenaOS 6.0.41"))
    assert "downgrades are not allowed" in target("5.x", device("balenaOS 6.0.41"))


def test_a_device_that_never_reported_gets_what_is_declared():
    assert target("6.0.41", device(None, None)) == "6.0.41"


@pytest.mark.parametrize("name", ["7.0.0", "^7", "1.2"])
def test_a_version_that_there_is_not(name):
    with pytest.raises(DeclarationError, match="matches no balenaOS for the device type raspberrypi4-64"):
        target(name, device())


def test_text_that_is_no_version():
    with pytest.raises(DeclarationError, match="version 'stable' is not a version"):
        read_version_name("stable", "version")


def test_all_devices_that_are_in_the_way_are_counted_and_the_first_are_named():
    rows = [({**device(), "device_name": f"pi-{number}"}, "too old" if number else None) for number in range(8)]
    with pytest.raises(DeclarationError) as caught:
        refuse_all("balenaOS", read_version_name("6.0.41", "version"), rows)
    assert str(caught.value).startswith("7 of 8 devices cannot get balenaOS 6.0.41, and nothing was changed: pi-1")
    assert str(caught.value).endswith("pi-5 (aaaaaaa): too old; and 2 more")
