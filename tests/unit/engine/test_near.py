# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an unknown name was probably meant to be."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils.engine.near import near

OPTIONS = ["application", "devices", "filter", "limit", "with_tags", "hostnames", "group_by"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("aplication", "application"),
        ("applications", "application"),
        ("Devices", "devices"),
        ("device", "devices"),
        ("filer", "filter"),
        ("with-tags", "with_tags"),
        ("hostname", "hostnames"),
        ("groupby", "group_by"),
    ],
)
def test_a_slip_is_told_what_was_meant(given, meant):
    assert near(given, OPTIONS) == f"; did you mean '{meant}'?"


@pytest.mark.parametrize("given", ["", "  ", "zzz", "x" * 10_000, None, 7, "filter"])
def test_nothing_is_said_of_what_is_like_no_other_name(given):
    assert near(given, ["filter"]) == ""


def test_the_nearest_name_is_given_and_not_the_first():
    assert near("acme/kioks", ["acme/kitchen", "acme/kiosk", "acme/kiosk-lab"]) == "; did you mean 'acme/kiosk'?"
