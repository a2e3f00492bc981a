# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever bytes arguments and names have, real shells pass them on as they are."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.plugin_utils.shell.quoting import (
    exports,
    path_word,
    pattern_word,
    words,
)
from tests.unit.shell.texts import any_name, any_text


@settings(max_examples=60)
@given(arguments=st.lists(any_text(), min_size=1, max_size=5))
def test_arguments_arrive_as_they_are(host, arguments):
    printed = host.run(f"for it in {words(arguments)}; do printf '%s\\0' \"$it\"; done")
    assert printed == b"".join(os.fsencode(argument) + b"\0" for argument in arguments)


@settings(max_examples=40)
@given(value=any_text())
def test_variables_of_the_environment_arrive_as_they_are(host, value):
    script = f'{exports({"VALUE": value})}\nexec {words([host.program])} -c \'printf "%s" "$VALUE"\''
    assert host.run(script) == os.fsencode(value)


@settings(max_examples=60)
@given(name=any_name())
def test_a_path_is_the_file_of_that_name(host, name):
    with tempfile.TemporaryDirectory() as folder:
        if not name.startswith("~"):
            host.run(f"echo found > {path_word(name)}", folder=Path(folder))
            assert [path.name for path in Path(folder).iterdir()] == [name]
        host.run(f"rm -f {path_word(f'./{name}')}; : > {path_word(f'{folder}/{name}')}", folder=Path(folder))
        assert [path.name for path in Path(folder).iterdir()] == [name]


@pytest.mark.parametrize(("path", "expected"), [("~", ""), ("~/a b", "/a b"), ("~/~", "/~"), ("~/$x", "/$x")])
def test_the_home_of_the_user(host, path, expected):
    assert host.run(f'HOME=/home/me; p={path_word(path)}; printf %s "$p"').decode() == f"/home/me{expected}"


def test_the_home_of_another_user(host):
    printed = host.run(f'p={path_word("~root/a b")}; printf %s "$p"').decode()
    assert printed == "/root/a b"


@pytest.mark.parametrize("path", ["~ x", "~$x/a", "~-", "~+/b", "a~", "-~"])
def test_other_tildes_are_characters(host, path):
    assert host.run(f'p={path_word(path)}; printf %s "$p"').decode().removeprefix("./") == path


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("*.conf", ["a.conf", "b c.conf"]),
        ("?.conf", ["a.conf"]),
        ("[ab].conf", ["a.conf"]),
        ("b c.*", ["b c.conf"]),
        ("-*", ["-n"]),
        ("$HOME", ["$HOME"]),
        ("[[]x", ["[[]x"]),
        ("none*", ["none*"]),
    ],
)
def test_patterns_stand_for_the_files_that_match(host, place, pattern, matches):
    for name in ("a.conf", "b c.conf", "-n", "$HOME"):
        (place / name).touch()
    printed = host.run(f"for it in {pattern_word(pattern)}; do printf '%s\\0' \"$it\"; done", folder=place)
    assert [name.removeprefix("./") for name in printed.decode().split("\0")[:-1]] == matches


@settings(max_examples=60)
@given(name=any_name())
def test_a_pattern_finds_the_file_of_its_own_name(host, name):
    """A pattern is as safe as a path, and of a name without special characters it is the name."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).touch()
        special = any(character in name for character in "*?[")
        printed = host.run(f"for it in {pattern_word(f'{folder}/{name}')}; do printf '%s\\0' \"$it\"; done")
        assert special or printed == os.fsencode(f"{folder}/{name}") + b"\0"


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A=B", "A\nB", "A B", "A;B", "Ü"])
def test_what_is_not_the_name_of_a_variable_is_refused(name):
    with pytest.raises(ValueError, match="^" + (name.replace("\n", "\\n") if name != "A\nB" else "A\nB") + "$"):
        exports({name: "x"})
