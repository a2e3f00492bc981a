# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""More fields and relations of the API's, without secrets, and queries over the result."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain import read_more
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError
from ansible_collections.community.balena.plugins.module_utils.jmespath_option import compile_query
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaError, BalenaRequestError


def wanted(*, fields=None, expand=None):
    return read_more.wanted({"fields": fields, "expand": expand})


@pytest.mark.parametrize(
    ("expand", "expected"),
    [
        (None, {}),
        ("service", {"service": {}}),
        (["service", "owns__release"], {"service": {}, "owns__release": {}}),
        ({"service": None, "owns__release": {"$top": 1}}, {"service": {}, "owns__release": {"$top": 1}}),
    ],
)
def test_relations_can_be_written_in_several_ways(expand, expected):
    assert wanted(expand=expand).expand == expected


@pytest.mark.parametrize("expand", [5, [5], {"service": "all"}, [["service"]]])
def test_other_relations_are_refused(expand):
    with pytest.raises(DeclarationError, match="expand must be a list of relations"):
        wanted(expand=expand)


@pytest.mark.parametrize("field", ["key", "api_secret", "api_port"])
def test_secret_fields_are_refused(field):
    with pytest.raises(DeclarationError, match=f"{field} is secret"):
        wanted(fields=["created_at", field])


def test_secrets_behind_relations_are_left_out():
    asked = wanted(expand=["owns__device"])
    row = {
        "id": 1,
        "owns__device": [
            {"id": 2, "api_secret": "s", "actor": [{"api_key": [{"key": "k", "name": "n"}]}], "api_port": 80}
        ],
    }
    assert asked.given(row) == {"owns__device": [{"id": 2, "actor": [{"api_key": [{"name": "n"}]}]}]}


def test_a_relation_that_the_module_reads_takes_no_options():
    own = {"service": {"$select": ["id"]}}
    assert wanted(expand=["service"]).expansions(own) == own
    with pytest.raises(DeclarationError, match="the module reads service itself"):
        wanted(expand={"service": {"$top": 1}}).expansions(own)


def test_nothing_is_asked_for_without_relations():
    assert wanted().expansions() is None


def test_an_unknown_field_is_named_with_those_that_there_are():
    with pytest.raises(DeclarationError, match=r"field 'nosuch' does not exist\. The fields are: a, b$"):
        wanted(fields=["nosuch"]).given({"a": 1, "b": 2, "api_secret": "s"})


def test_a_failing_server_is_asked_about_what_was_wanted():
    failure = BalenaRequestError(body=None, status_code=500)
    with (
        pytest.raises(DeclarationError, match=r"\(nosuch, service\)"),
        read_more.More(["nosuch"], {"service": {}}).reading(),
    ):
        raise failure
    with pytest.raises(BalenaRequestError), read_more.More().reading():
        raise failure


def test_a_query_replaces_the_result_and_keeps_warnings():
    shaped = compile_query("devices[?online].name")
    found = {"devices": [{"name": "a", "online": True}, {"name": "b", "online": False}], "warnings": ["w"]}
    assert shaped(found) == {"result": ["a"], "warnings": ["w"]}


def test_without_a_query_the_result_stays():
    assert compile_query(None)({"devices": []}) == {"devices": []}


def test_a_wrong_query_fails_before_anything_is_read():
    with pytest.raises(BalenaError, match=r"query 'a\[' is not a JMESPath expression"):
        compile_query("a[")


def test_a_query_that_does_not_fit_the_result_says_why():
    with pytest.raises(BalenaError, match="cannot be applied to the result: Unknown function"):
        compile_query("nosuch(devices)")({"devices": []})


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jmespath", None)
    with pytest.raises(BalenaError, match="jmespath"):
        compile_query("devices")
