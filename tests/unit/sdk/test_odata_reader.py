# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions that somebody else wrote: what is none, or could leave its place in a query, is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.sdk._odata_reader import read_condition
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaUsageError

GOOD = [
    "is_online eq true",
    "is_online",
    "not is_online",
    "not (is_online eq true) and os_version ne null",
    "device_name eq 'it''s (a) test & more'",
    "created_at gt 2026-01-01",
    "created_at gt datetime'2026-01-01T00:00:00Z'",
    "created_at ge 2026-01-01T00:00:00.000Z or id in (1, 2,3)",
    "device_name in ('a', 'b')",
    "startswith(device_name,'k-') or contains(tolower(note), 'x')",
    "device_tag/any(t:t/tag_key eq 'site' and t/value eq 'lab')",
    "device_tag/any(t:(t/tag_key eq 'site') and (t/value in ('a','b')))",
    "belongs_to__application/slug eq 'acme/kiosk'",
    "device_tag/$count gt 2",
    "memory_usage add 5 gt 2 mul 100",
    "  latitude   lt -1.5e2 ",
    "is_online eq true\nand os_variant eq 'dev'\n",
    "((((id gt 1))))",
]

BAD = [
    "", " ", "()", "1", "'a'", "null", "1 add 2", "1 eq", "eq 1", "1 eq 1 or", "or 1 eq 1", "not", "1 eq 1 1 eq 1",
    "1 eq 2)) or ((1 eq 1", "1 eq 2) or (1 eq 1", "1 eq 2)or(true", "(1 eq 1", "1 eq 1)", ")(", "(1 eq 1))",
    "is_online eq true&$filter=1 eq 1", "1 eq 1&$top=1", "1 eq 1;$top=1", "1 eq 1#", "1 eq 1?x", "$filter=1 eq 1",
    "1 eq 2%29%20or%20(1 eq 1", "1 eq 2%2529", "1+eq+1", "1%20eq%201", "'", "'a' eq 'a", "'a' eq 'a'' or (1 eq 1)",
    "device_name eq 'a') or ('a' eq 'a'", "device_tag/any(t:1 eq 2)) or (1 eq 1", "device_tag/any(t:1 eq 1",
    "device_tag/any(1 eq 1)", "device_tag/any()", "1 eq 1 -- x", "1 eq 1 /* x */", "1 eq 1 // x", "a eq @b", "@a",
    "device_name eq 'a\x00b'", "device_name eq 'a\nb'", "1 eq 1\x00", "1 eq\u00a01", "is_online is true", "[1]", "{}",
    "nosuch(1)", "id in ()", "id in (1", "id in (uuid)", "a/ eq 1", "/a eq 1", "a//b eq 1", "eval('x')", "1 eq 1,", "*",
    "is_online eq true eq", "a and 'b'", "'b' or a", "\uff11 eq \uff11", "1 eq 2\uff09 or \uff081 eq 1", "1=1",
    "device?$filter=1 eq 1", "a\\' eq 1", 'a eq "b"', "not 1", "a/$count(", "$count", "a/$value eq 1", "a/$links eq 1",
    "(" * 200 + "1 eq 1" + ")" * 200, "a/" * 40, "a eq " * 40,
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_conditions_are_read_and_mean_the_same(text):
    once = read_condition(text)
    assert read_condition(once.text) == once
    assert once.text.count("'") == text.count("'")


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(BalenaUsageError, match=r"at character|at its end|deeper"):
        read_condition(text)


PIECES = [
    "(",
    ")",
    "'",
    "''",
    " ",
    "1",
    "eq",
    "or",
    "and",
    "not",
    "a",
    "%29",
    "&",
    "$top=1",
    ";",
    "/",
    "any(t:",
    ",",
    "\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_is_let_through_cannot_close_what_it_did_not_open(text):
    try:
        written = read_condition(text).text
    except BalenaUsageError:
        return
    depth, quoted = 0, False
    for character in written:
        if character == "'":
            quoted = not quoted
        elif not quoted:
            assert character not in "&;#?%+$" or "/$count" in written
            depth += {"(": 1, ")": -1}.get(character, 0)
            assert depth >= 0
    assert depth == 0 and not quoted


def test_what_a_condition_looks_at_is_known():
    found = read_condition("ip_address eq mac_address and device_tag/any(t:t/value eq 'x') and id gt 5 add latitude")
    assert {"ip_address", "mac_address", "device_tag", "id", "latitude"} <= found.columns
    assert found.twins == ("ip_address eq mac_address", "id gt 5 add latitude")
