# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before anything is read: names and values that no server accepts (recordings 03, 04 and 06)."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.tags.compare import (
    Tagged,
    check_tag,
    compare_tags,
)
from ansible_collections.community.balena.plugins.module_utils.domain.variables.compare import (
    as_text,
    check_name,
    check_value,
)
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("A", "env"),
        ("_a1", "env"),
        ("lower", "env"),
        ("BALENA_X", "config"),
        ("RESIN_HOST_CONFIG_dtoverlay", "config"),
        ("BALENA_A:b", "config"),
    ],
)
def test_names_that_the_api_takes(name, kind):
    check_name(name, kind)


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("1BAD", "env", "no digit at the start"),
        ("has-dash", "env", "only letters"),
        ("", "env", "only letters"),
        ("ü", "env", "only letters"),
        ("A\n", "env", "only letters"),
        ("BALENA_X", "env", "kind: config"),
        ("USER", "env", "reserved"),
        ("RESIN", "config", "reserved"),
        ("NOTRESERVED", "config", "kind: env"),
        ("BALENA_X y", "config", "colons"),
        ("A" * 256, "env", "longer than 255"),
    ],
)
def test_names_that_the_api_refuses(name, kind, why):
    with pytest.raises(DeclarationError, match=why):
        check_name(name, kind)


def test_a_refused_value_is_not_repeated():
    with pytest.raises(DeclarationError, match="'PW' has a line break") as caught:
        check_value("PW", "hunter\n2")
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        ("", ""),
        (1, "1"),
        (1.5, "1.5"),
        (True, "true"),
        ([1, "a"], '[1, "a"]'),
        ({"b": 1, "a": 2}, '{"a": 2, "b": 1}'),
        (None, None),
    ],
)
def test_values_become_text(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("", "x", "1 to 100"),
        ("k" * 101, "x", "1 to 100"),
        ("a b", "x", "white space"),
        ("io.balena.x", "x", "reserved"),
        ("k", "v" * 1001, "1000"),
        ("k", {}, "text"),
    ],
)
def test_tags_that_the_api_refuses(key, value, why):
    with pytest.raises(DeclarationError, match=why):
        check_tag("application", key, value)


@pytest.mark.parametrize(
    ("tags", "why"),
    [({1: "a", "1": "b"}, "declared twice: x 1"), ({1: "a", "1": None}, "both present and absent: x 1")],
)
def test_tags_that_become_the_same_text_are_refused(tags, why):
    with pytest.raises(DeclarationError, match=why):
        compare_tags("device", [Tagged(1, ("x",), tags)])
