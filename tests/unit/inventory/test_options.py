# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of an inventory file that can mean nothing are refused by name."""

from __future__ import annotations

import itertools

import pytest
from ansible.errors import AnsibleParserError

from ansible_collections.community.balena.plugins.plugin_utils.inventory.options import check_options

AWKWARD = [None, True, False, 1.5, "", "  ", {}, {"a": 1}, [], ["x"]]
LISTS = ["organizations", "applications", "devices", "hostnames", "fields", "group_by"]


@pytest.mark.parametrize(("option", "value"), list(itertools.product(LISTS, AWKWARD)), ids=str)
def test_an_element_that_names_nothing_is_refused_by_its_place(option, value):
    with pytest.raises(AnsibleParserError, match=rf"option {option}\[1\]"):
        check_options({option: ["online" if option == "group_by" else "x", value]})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"compose": {"x": None}}, r"compose\.x must be an expression, not null"),
        ({"compose": {None: "x"}}, "a name in compose"),
        ({"groups": {"x": ["y"]}}, r"groups\.x"),
        ({"keyed_groups": [None]}, r"keyed_groups\[0\]"),
        ({"keyed_groups": [{"prefix": "x"}]}, r"keyed_groups\[0\]\.key"),
        ({"keyed_groups": [{"key": "x", "parent_group": 5}]}, r"keyed_groups\[0\]\.parent_group"),
        ({"hostvars_prefix": "1_"}, "hostvars_prefix"),
        ({"hostvars_prefix": "a b"}, "hostvars_prefix"),
        ({"group_by": ["tag"]}, "did you mean 'tags'"),
    ],
    ids=str,
)
def test_what_is_inside_of_other_options_too(options, message):
    with pytest.raises(AnsibleParserError, match=message):
        check_options(options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"devices": None, "hostnames": [], "hostvars_prefix": ""},
        {"devices": ["x", 5], "compose": {"a": "b", "c": 1}, "groups": {"g": True}, "group_by": ["tags"]},
        {"keyed_groups": [{"key": "x", "prefix": "", "separator": ""}], "hostvars_prefix": "b_"},
    ],
    ids=str,
)
def test_what_means_something_passes(options):
    check_options(options)
