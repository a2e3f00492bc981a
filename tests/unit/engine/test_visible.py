# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a terminal would act on, or hide, is seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.domain.fleet.findings import Finding
from ansible_collections.community.balena.plugins.module_utils.engine import report
from ansible_collections.community.balena.plugins.module_utils.engine.plan import Change
from ansible_collections.community.balena.plugins.module_utils.engine.visible import (
    has_hidden,
    one_line,
    visible,
    visible_in,
)

ACTING = [
    "a\x00b", "\x1b[2J", "\x1b]8;;http://x\x07y", "a\rb", "a\x08b", "\x7f", "\x9b31m", "\x85", "\u202etxt.exe",
    "\u2066x", "\u2028", "\u2029", "\ufeff", "\u200b", "\xad", "\ud800", "\U000e0041",
]  # fmt: skip


@pytest.mark.parametrize("text", ACTING, ids=ascii)
def test_what_acts_is_written_as_its_escape(text):
    assert has_hidden(text)
    assert not has_hidden(visible(text))
    assert "\\" in visible(text)
    assert visible_in({text: [text]}) == {visible(text): [visible(text)]}


@given(st.text())
def test_nothing_acts_afterwards_and_the_rest_stays(text):
    assert not has_hidden(one_line(text))
    assert visible(visible(text)) == visible(text)
    if not has_hidden(text):
        assert visible(text) == text


@pytest.mark.parametrize("text", ["", "Zürich 雪 😀", "two\nlines", "a\tb", "👩\u200d🔧", "क्\u200dष"])
def test_ordinary_text_stays(text):
    assert visible(text) == text


@pytest.mark.parametrize("text", ACTING, ids=ascii)
def test_diffs_failures_and_findings_show_it(text):
    change = Change("update", "device_tag", ("7cf02a6", text), {"value": text}, {"value": "b"})
    assert report.diff([change])["before"]["device_tag"][visible(f"7cf02a6 {text}")] == visible(text)
    shown = Finding("device_tag", text, text, declared=text, actual=[text]).shown()
    assert not any(has_hidden(str(value)) for value in shown.values() if isinstance(value, str))
    assert shown["actual"] == [visible(text)]
