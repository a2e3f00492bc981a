# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make sizes`: lines of code by area, without blank lines, comments, docstrings and documentation blocks."""

from __future__ import annotations

import ast
import tokenize
from pathlib import Path

from tests.support.ansible_runs import CHECKOUT

AREAS = {
    "sdk": ("plugins/module_utils/sdk",),
    "engine + domain": ("plugins/module_utils/engine", "plugins/module_utils/domain"),
    "modules and actions": ("plugins/modules", "plugins/action"),
    "inventory and the rest of plugins": ("plugins",),
    "emulator": ("emulator",),
    "tests": ("tests",),
    ".ci": (".ci",),
    "docs/tools": ("docs/tools",),
}
#: Tokens that are no code of their own.
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(path: Path) -> int:
    """The number of lines of a Python file that hold code."""
    with tokenize.open(path) as file:
        lines = {
            line
            for token in tokenize.generate_tokens(file.readline)
            if token.type not in LAYOUT
            for line in range(token.start[0], token.end[0] + 1)
        }
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if is_documentation(node):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))  # type: ignore[attr-defined]
    return len(lines)


def is_documentation(node: ast.AST) -> bool:
    """Whether a node is a docstring, or one of the blocks that document a plugin."""
    if isinstance(node, ast.Assign):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        return bool(names & {"DOCUMENTATION", "EXAMPLES", "RETURN"})
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def main() -> None:
    """Print a line an area; a file counts for the first area that it is in."""
    seen: set[Path] = set()
    for area, folders in AREAS.items():
        files = {path for folder in folders for path in (CHECKOUT / folder).rglob("*.py")} - seen
        seen |= files
        print(f"{area:<36} {len(files):>4} files {sum(map(code_lines, files)):>7,} lines")


if __name__ == "__main__":
    main()
