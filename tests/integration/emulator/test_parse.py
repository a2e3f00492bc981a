# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The query language, as the server reads it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given, settings

from emulator.http.responses import Refused
from emulator.odata import Malformed, Options, parse_path, parse_query
from emulator.odata.nodes import Alias, Literal, Negated, Operation, Property
from tests.support.query_text import encoded, expression_text, expressions, options_text, queries


@settings(max_examples=60, deadline=None)
@given(expressions)
def test_reads_an_expression_back(expression):
    assert parse_query("$filter=" + encoded(expression_text(expression))).filter == expression


@settings(max_examples=40, deadline=None)
@given(queries)
def test_reads_a_query_back(options):
    text = options_text(options)
    assert parse_query(encoded(text)) == options if text else parse_query("") == Options()


@pytest.mark.parametrize(
    "query",
    [
        "$select=",
        "$select=id,",
        "$select=id, uuid",
        "$filter=",
        "$filter=a eq",
        "$filter=id in ()",
        "$filter=nosuch(a) eq 1",
        "$filter=startswith(a) eq 1",
        "$filter=startswith%28a%2C'b'%29",
        "$expand=device_tag($select%3Did)",
        "$expand=device_tag($select=id",
        "$orderby=tolower(a) asc",
        "$top=-1",
        "$skip=a",
        "$nosuch=1",
        "$filter=a eq 'unclosed",
    ],
)
def test_refuses_what_is_malformed(query):
    with pytest.raises(Malformed):
        parse_query(query)


@pytest.mark.parametrize("path", ["/", "/device()", "/device%20tag", "/$batch", "/device(1"])
def test_refuses_malformed_paths(path):
    with pytest.raises(Malformed):
        parse_path(path)


def test_binds_and_and_or_alike_from_the_left():
    a, b, c = Property(("a",)), Property(("b",)), Property(("c",))
    assert parse_query("$filter=a or b and c").filter == Operation("and", Operation("or", a, b), c)


def test_negates_the_next_value_alone():
    expected = Operation("eq", Negated(Property(("a",))), Literal(1))
    assert parse_query("$filter=not a eq 1").filter == expected


def test_takes_plus_and_percent_for_blanks_and_any_encoding_inside_quotes():
    assert parse_query("%24filter=a+eq%20%27b%2Cc%20+%27").filter == Operation("eq", Property(("a",)), Literal("b,c +"))


def test_a_direction_left_out_is_descending():
    assert parse_query("$orderby=a").orderby[0].descending


def test_reads_keys_in_any_order_and_as_aliases():
    assert parse_path("/device_tag(tag_key='it''s',device=2)").key == {"tag_key": Literal("it's"), "device": Literal(2)}
    assert parse_path("/device(@id)").key == {"id": Alias("id")}
    assert parse_query("@id=5").aliases == {"id": Literal(5)}


def test_reads_times_and_refuses_what_is_none():
    found = parse_query("$filter=a gt datetime'2020-01-01T00:00:00.000Z'").filter
    assert isinstance(found, Operation)
    assert found.right == Literal(datetime(2020, 1, 1, tzinfo=timezone.utc))
    with pytest.raises(Refused):
        parse_query("$filter=a gt datetime'nodate'")


def test_what_is_no_option_of_the_language_is_left_alone():
    assert parse_query("foo=bar&$format=json&$count=true&$inlinecount=allpages") == Options()
