# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation of modules and plugins, and the server that they are written for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.support.ansible_runs import CHECKOUT

SEED = Path(__file__).with_name("examples_seed.yml")
#: The files that examples upload.
FILES = Path(__file__).with_name("examples_files")


def examples(path: Path) -> str:
    """The text EXAMPLES of a module or plugin."""
    found = re.search(r'^EXAMPLES = r"""(.*?)^"""', path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found, f"{path.name} has no EXAMPLES"
    return found.group(1)


def plain_examples(modules: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The examples that need no template."""
    for module in modules:
        for task in yaml.safe_load(examples(CHECKOUT / "plugins" / "modules" / f"{module}.py")):
            options = task.get(f"community.balena.{module}")
            if options is not None and "{{" not in str(options):
                yield module, with_files(options)


def with_files(options: dict[str, Any]) -> dict[str, Any]:
    """The options of an example with the places of the files that it names."""
    files = options.get("assets") or {}
    found = {key: path and str(FILES / path) for key, path in files.items()} if isinstance(files, dict) else files
    return {**options, "assets": found} if files else options
