# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that ansible-core before 2.19 could run is written in a way that it cannot, and that can be read again."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils import inert as inert_module
from ansible_collections.community.balena.plugins.module_utils.domain.fleet import document
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError
from ansible_collections.community.balena.plugins.module_utils.inert import (
    IS_NEEDED,
    inert,
    inert_key,
    inert_result,
    inert_text,
)

#: Text with many marks in it, whole and in halves.
marked = st.lists(st.sampled_from(["{", "{{", "}}", "{%", "%}", "{#", "#jinja2:", "%", "+", "#", " ", "x", "%7B"])).map(
    "".join
)


@given(marked)
def test_no_key_begins_a_template_whatever_it_is_joined_to(text):
    for before in ("", "{", "x {"):
        # A percent sign with two digits behind it begins no statement: none is called so.
        joined = before + re.sub(r"%[0-9A-F]{2}", "?", inert_key(text))
        assert not any(mark in joined for mark in ("{{", "{%", "{#", "#jinja2"))


@given(marked)
def test_no_value_begins_a_template_or_ends_with_half_of_one(text):
    written = inert_text(text)
    assert not any(mark in written for mark in ("{{", "{%", "{#", "#jinja2"))
    assert not written.rstrip().endswith("{")


@given(marked)
def test_what_was_changed_can_be_read_again(text):
    for written in (inert_key(text), inert_text(text)):
        assert written == text or unquote_plus(written) == text


@pytest.mark.parametrize("text", ["", "sensor (north)", '{"a": {"b": 1}}', "50 %", "unit #5", "a+b", "${HOME}", "}}"])
def test_ordinary_values_stay(text):
    assert inert_text(text) == text


def test_keys_at_any_depth_and_values_if_asked_for():
    changed: list[str] = []
    value = {"a": [{"{{ b }}": {"{% c": "{{ d }}"}}], "n": 1}
    assert inert(value, changed, values=False) == {"a": [{"%7B%7B b %7D%7D": {"%7B%25 c": "{{ d }}"}}], "n": 1}
    assert changed == ["{{ b }}", "{% c"]
    assert inert(value, changed, values=True)["a"][0]["%7B%7B b %7D%7D"] == {"%7B%25 c": "%7B%7B d %7D%7D"}


@pytest.mark.skipif(not IS_NEEDED, reason="this ansible-core keeps text of the API apart from templates")
def test_values_that_managers_set_stay_in_results():
    result = {"devices": [{"name": "{{ a }}", "variables": {"X": "{{ b }}"}}], "variables": [{"value": "{{ c }}"}]}
    found = inert_result(result)
    assert found["devices"] == [{"name": "%7B%7B a %7D%7D", "variables": {"X": "{{ b }}"}}]
    assert found["variables"] == [{"value": "{{ c }}"}]
    assert len(found["warnings"]) == 1


tag_text = st.one_of(marked, st.text(max_size=8))
tag_maps = st.dictionaries(tag_text.filter(lambda key: key.split() == [key] and not key.startswith("io.")), tag_text)


@given(tags=tag_maps, of_device=tag_maps)
def test_a_document_says_exactly_which_tags_there_are(tags, of_device):
    services = {"{{ s }}": {"env": {"A": "{{ x }}"}}, "web": {}}
    content = {"fleet": "acme/kiosk", "tags": tags, "devices": [{"name": "d", "tags": of_device}], "services": services}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(inert_module, "IS_NEEDED", True)  # whatever ansible-core this is
        written = inert_result({"changed": False, "document": content})
    assert "warnings" not in written
    read = document.read(json.loads(json.dumps(written["document"])))
    assert read.tags == tags
    assert read.devices[0].tags == of_device
    assert read.services == {"{{ s }}": {"A": "{{ x }}"}, "web": {}}
    for text in texts([written["document"]["tags"], written["document"]["devices"][0]["tags"]]):
        assert not any(mark in text for mark in ("{", "#jinja2"))


def texts(value):
    """All texts in JSON, keys too."""
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in texts(part)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    "tags",
    [
        [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
        [{"key": "a"}],
        [{"key": "a", "value": "1", "more": 1}],
        [{"key": 5, "value": "1"}],
        [{"key": "a", "key_urlencoded": "b"}],
        ["a"],
    ],
)
def test_a_list_that_is_no_tags_is_refused(tags):
    with pytest.raises(DeclarationError, match="tags: must be a mapping, not a list"):
        document.read({"fleet": "acme/kiosk", "tags": tags})
