# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OData text from dicts and lists: what a caller writes and what the server gets."""

from __future__ import annotations

import datetime
import urllib.parse
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk._odata import build_url
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaUsageError
from ansible_collections.community.balena.plugins.module_utils.sdk.utils import merge_pine_options

FILTERS = [
    ({"a": "b'c", "d": 1}, "(a eq 'b''c') and (d eq 1)"),
    ({"a": True, "b": None}, "(a eq true) and (b eq null)"),
    ({"a": 5.0}, "a eq 5"),
    ({"a": {"$gt": 1, "$le": 5}}, "(a gt 1) and (a le 5)"),
    ({"a": {"$ne": {"b": "c", "d": "e"}}}, "a eq ((b eq 'c') ne (d eq 'e'))"),
    ({"a": {"$ne": {"$": ["b", "c"]}}}, "a ne b/c"),
    ({"a": {"$add": "b"}}, "a add 'b'"),
    ({"a": {"$eq": ["b", "c"]}}, "a eq ('b' eq 'c')"),
    ([{"a": 1}, {"b": 2}], "(a eq 1) or (b eq 2)"),
    ({"a": ["c", "d"]}, "a eq ('c' or 'd')"),
    ({"a": {"$in": ["x", "y'z"]}}, "a in ('x', 'y''z')"),
    ({"a": {"$any": {"$alias": "x", "$expr": {"x": {"c": 1, "e": 2}}}}}, "a/any(x:(x/c eq 1) and (x/e eq 2))"),
    (
        {"a": {"$any": {"$alias": "x", "$expr": {"$or": [{"x": {"c": 1}}, {"e": 2}]}}}},
        "a/any(x:(x/c eq 1) or (e eq 2))",
    ),
    ({"$not": [{"a": 1}, {"b": 2}]}, "not((a eq 1) or (b eq 2))"),
    ({"a": {"$startswith": "x"}}, "startswith(a,'x')"),
    ({"$contains": [{"$": "a"}, "x"]}, "contains(a,'x')"),
    ({"a": {"$concat": ["b", "c"]}}, "a eq concat('b','c')"),
    ({"$eq": [{"$tolower": {"$": "a"}}, {"$tolower": "b"}]}, "tolower(a) eq tolower('b')"),
    ({"a": {"$lt": {"$now": {}}}}, "a lt now()"),
    ({"a": {"$count": 1}}, "a/$count eq 1"),
    ({"$lt": [{"a": {"$count": {"$filter": {"b": "c"}}}}, 1]}, "a/$count($filter=b eq 'c') lt 1"),
    ({"x": {"$any": {"$alias": "a", "$expr": {"a": {"y": 1}}}}}, "x/any(a:a/y eq 1)"),
    ({"a": {"$sub": [{"$now": {}}, {"$duration": {"hours": 2}}]}}, "a eq (now() sub duration'PT2H')"),
    ({"a": {"$duration": {"negative": True, "days": 1}}}, "a eq duration'-P1D'"),
    ({"$raw": ["a eq $10 and b eq $1", *range(1, 11)]}, "(a eq (10) and b eq (1))"),
    ({"$raw": {"$string": "a eq $a or b eq $a2", "a": "costs $a2", "a2": 2}}, "(a eq ('costs $a2') or b eq (2))"),
    ({"$and": ["a eq 1 or b eq 2", {"c": 3}]}, "(a eq 1 or b eq 2) and (c eq 3)"),
    ("a eq 'it''s'", "a eq 'it''s'"),
    ({}, ""),
]


@pytest.mark.parametrize(("condition", "text"), FILTERS)
def test_a_filter_becomes_odata_text(condition: Any, text: str) -> None:
    url = build_url("device", options={"$filter": condition})
    assert urllib.parse.unquote(url) == f"device?$filter={text}"


def test_dates_are_written_in_utc() -> None:
    moment = datetime.datetime(2024, 1, 2, 5, 4, 5, 678000, datetime.timezone(datetime.timedelta(hours=2)))
    url = build_url("device", options={"$filter": {"created_at": {"$ge": moment}}})
    assert urllib.parse.unquote(url) == "device?$filter=created_at ge datetime'2024-01-02T03:04:05.678Z'"


def test_structure_stays_literal_and_text_is_escaped() -> None:
    condition = {"note": {"$in": ["a&b=c/d,e;f#g?h%i+j (k)", "ü"]}}
    url = build_url("device", options={"$filter": condition, "$select": ["id"]})
    assert url == ("device?$filter=note%20in%20('a%26b%3Dc%2Fd%2Ce%3Bf%23g%3Fh%25i%2Bj%20(k)',%20'%C3%BC')&$select=id")


@pytest.mark.parametrize(
    ("key", "text"),
    [(1, "(1)"), ("it's", "('it''s')"), ({"user": 1, "name": "a/b"}, "(user=1,name='a%2Fb')"), ({"@": "p"}, "(@p)")],
)
def test_keys(key: Any, text: str) -> None:
    assert build_url("x", key, has_key=True) == f"x{text}"


OPTIONS = [
    ({"$select": ["a", "b"], "$top": 5, "$skip": 1}, "$select=a,b&$top=5&$skip=1"),
    ({"$orderby": [{"a": "desc"}, "b asc"]}, "$orderby=a desc,b asc"),
    ({"$orderby": {"a": {"$count": {"$filter": {"d": 1}}}, "$dir": "desc"}}, "$orderby=a/$count($filter=d eq 1) desc"),
    ({"$expand": {"a": {"$expand": "b", "$filter": {"c": "d"}}, "e": {}}}, "$expand=a($expand=b;$filter=c eq 'd'),e"),
    ({"$expand": ["a", {"b": {"$count": {"$filter": {"c": 1}}}}]}, "$expand=a,b/$count($filter=c eq 1)"),
    ({"custom": ["x", 1, True], "@param": "it's"}, "custom=x,1,true&@param='it''s'"),
    ({"$filter": None, "$select": "id"}, "$select=id"),
]


@pytest.mark.parametrize(("options", "text"), OPTIONS)
def test_options(options: Any, text: str) -> None:
    assert urllib.parse.unquote(build_url("device", options=options)) == f"device?{text}"


REFUSED = [
    {"$filter": {"a": {"$in": []}}},
    {"$filter": [{"a": 1}]},
    {"$filter": {"$foo": 1}},
    {"$filter": {"a": object()}},
    {"$filter": {"a": {"$any": {"$alias": "b"}}}},
    {"$filter": {"$raw": [True]}},
    {"$filter": {"@": True}},
    {"$foo": 1},
    {"$top": "1"},
    {"$select": []},
    {"$select": 1},
    {"$orderby": [["a"]]},
    {"$orderby": {"a": "down"}},
    {"$orderby": {"a": "asc", "b": "asc"}},
    {"$orderby": {"a": {"$count": {}}}},
    {"$expand": {"a": "b"}},
    {"$expand": {"a": {"b": {}}}},
    {"$expand": {"a": None}},
    {"$count": {}, "$select": "id"},
]


@pytest.mark.parametrize("options", REFUSED)
def test_what_cannot_be_meant_is_refused(options: Any) -> None:
    with pytest.raises(BalenaUsageError):
        build_url("device", options=options)


def test_none_is_no_key() -> None:
    with pytest.raises(BalenaUsageError, match="non-null"):
        build_url("device", None, has_key=True)


def test_merging_leaves_both_sides_as_they_were() -> None:
    own = {"$select": ["id"], "$expand": {"a": {"$select": ["id"]}}, "$filter": {"x": 1}}
    extra = {"$select": "name", "$expand": {"a": {"$select": "name"}, "b": {}}, "$filter": {"y": 2}}
    before = (repr(own), repr(extra))
    merged = merge_pine_options(own, extra)
    assert merged == {
        "$select": ["id", "name"],
        "$expand": {"a": {"$select": ["id", "name"]}, "b": {}},
        "$filter": {"$and": [{"x": 1}, {"y": 2}]},
    }
    assert (repr(own), repr(extra)) == before
