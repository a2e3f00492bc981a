# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of the API never becomes a template, and prints plainly where that is safe."""

from __future__ import annotations

import json

import pytest
from ansible.template import Templar

from ansible_collections.community.balena.plugins.plugin_utils.inventory.marking import (
    DATA_TAGGING,
    is_all_harmless,
    is_harmless,
    mark,
)

HARMLESS = [
    "", "sensor-1", "Zürich 雪 😀", "it's \"quoted\"", "a.b-c/d:e@f", "50 %", "{", "{a}", '{"a": 1}', "}", "x" * 300,
    "Unit 7 (north)", "a|", "|", "(", "line\nbreak", "#1", "a # b", "true", "null", "[1]", "1 (2",
]  # fmt: skip
HARMFUL = [
    "{{ lookup('pipe', 'id') }}", "{{", "}}", "{% raw %}", "%}", "{# x #}", "#}",
    "#jinja2: variable_start_string: '[['",
    "\"\\x7b\\x7b x \\x7d\\x7d\"", "C:\\path", "lookup('pipe', 'id')", " lookup ('pipe', 'id') ", "x.y()", "a | shell",
    "1 if lookup('pipe', 'id') else 2", "sensor (north)",
]  # fmt: skip
#: Before 2.19 two plain strings joined may be a template, so half a mark is enough.
HALF_MARKS = {"{", "{a}", '{"a": 1}', "#1"}


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_is_harmless(text):
    assert is_harmless(text) == (DATA_TAGGING or text not in HALF_MARKS)


@pytest.mark.parametrize("text", HARMFUL)
def test_what_could_be_a_template_or_a_call_is_not(text):
    assert not is_harmless(text)


@pytest.mark.parametrize("text", [*HARMLESS, *HARMFUL])
def test_marked_text_is_the_same_text_and_no_template(text):
    templar = Templar(loader=None)
    for value in (mark(text), mark({"a": [text]})["a"][0]):
        assert value == text
        templar.available_variables = {"value": value}
        template = "{{ value }}"
        if DATA_TAGGING:
            from ansible.template import trust_as_template

            template = trust_as_template(template)
        assert str(templar.template(template)) == text or text.startswith(("[", "{")) or text in ("", "true", "null")
        assert templar.template(value) == text


def test_other_types_and_structure_stay():
    value = {"a": [1, True, None, 1.5, "x"], "b": {"c": "{{ x }}"}}
    assert json.loads(json.dumps(mark(value))) == value
    assert mark(True) is True


def test_keys_count_too():
    assert is_all_harmless({"a": ["b"]})
    assert not is_all_harmless({"{{ a }}": "b"})
    assert not is_all_harmless([{"a": "{{ b }}"}])
    if not DATA_TAGGING:
        assert all(hasattr(key, "__UNSAFE__") for key in mark({"{{ a }}": "b"}))


@pytest.mark.skipif(not DATA_TAGGING, reason="before ansible-core 2.19 there is no trust")
def test_trust_is_not_given_to_what_decodes_to_a_template():
    from ansible.template import is_trusted_as_template

    assert is_trusted_as_template(mark("sensor"))
    for text in HARMFUL:
        assert not is_trusted_as_template(mark(text)), text
