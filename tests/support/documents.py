# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code blocks of the project's Markdown: the README, the guides in docs/, and what lies beside the code."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.ansible_runs import CHECKOUT

#: Where Markdown with code for users is.
PLACES = ("*.md", "docs/*.md", "roles/*/*.md", "extensions/**/*.md", "playbooks/**/*.md", "emulator/*.md")
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\S*)\s*\n(?P<text>.*?)^(?P=indent)``` *$", re.MULTILINE | re.DOTALL
)
_MARK = re.compile(r"<!-- test: (.+?) -->\s*\Z")


@dataclass(frozen=True)
class Block:
    """A fenced block of code: where it begins, in which language it is, and what a comment before it says of its test.

    A mark is a comment `<!-- test: MARK -->` right before the block; readers do not see it.
    """

    path: Path
    line: int
    language: str
    text: str
    mark: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(CHECKOUT)}:{self.line}"


def blocks_of(path: Path) -> Iterator[Block]:
    """Yield the blocks of a file, in their order."""
    whole = path.read_text(encoding="utf-8")
    for found in _FENCE.finditer(whole):
        before = whole[: found.start()]
        mark = _MARK.search(before)
        text = textwrap.dedent(found["text"])
        yield Block(path, before.count("\n") + 1, found["language"], text, mark[1] if mark else "")


def documents() -> list[Path]:
    """Return the paths of all such files."""
    return sorted({path for place in PLACES for path in CHECKOUT.glob(place)})
