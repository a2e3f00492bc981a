# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CONTRIBUTING.md and SECURITY.md show and name is what there is."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.support.repository import read, tracked

GUIDE = read("CONTRIBUTING.md")
FILES = tracked()
FOLDERS = {str(parent) + "/" for name in FILES for parent in Path(name).parents}
#: Up to which character of a path it is one of the checkout.
TOP = {name.split("/", maxsplit=1)[0] for name in FILES}


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "SECURITY.md"])
def test_the_files_that_it_names_are_there(document):
    named = re.findall(r"`([\w./-]+)`|\]\(([\w./-]+)\)", read(document))
    paths = [path for pair in named for path in pair if path.split("/")[0] in TOP]
    assert paths
    assert [path for path in paths if path not in FILES and path not in FOLDERS] == []


def test_the_make_targets_that_it_names_are_there():
    targets = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", " ".join(re.findall(r"`[^`]+`", GUIDE)))) <= targets


def test_the_module_that_it_shows_is_the_real_one():
    steps = GUIDE.partition("## Add a module")[2].partition("## Tests")[0]
    shown = re.findall(r"`(plugins/[\w/]+\.py)`(?:(?!`plugins/)[\s\S])*?```python\n(.*?)```", steps, re.DOTALL)
    assert len(shown) == 3
    for name, block in shown:
        assert textwrap.dedent(block).strip() in read(name), name


def test_all_files_of_the_module_are_named():
    steps = GUIDE.partition("## Add a module")[2].partition("## Tests")[0]
    ours = [name for name in FILES if "ssh_key" in name and name.startswith(("plugins/modules", "plugins/action"))]
    assert [name for name in ours if f"`{name}`" not in steps] == []


def test_the_test_that_it_shows_passes(emulator):
    block = re.search(r"```python\n(from tests\.support\.tasks.*?)```", GUIDE, re.DOTALL)
    assert block
    code: dict = {}
    exec(compile(block.group(1), "CONTRIBUTING.md", "exec"), code)
    code["test_a_tag_that_is_there_is_not_written"](emulator)
