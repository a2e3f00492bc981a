# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the public methods of two versions of the JavaScript SDK with ours, and print a table of them.

Usage: python -m tests.oracle.surface [--missing]

Each method of either version must have a Python twin that takes the same parameters; the fields of an option object are
keyword arguments of their own. Exits 1 if one does not.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.support import bootstrap

bootstrap.enter()

from tests.oracle.arguments import Missing, snake_case  # noqa: E402
from tests.oracle.judge import DEVIATIONS  # noqa: E402
from tests.oracle.recording import METHODS  # noqa: E402
from tests.oracle.run import twin  # noqa: E402

_PARAMETER = re.compile(r"(?P<name>[\w-]+)\??(?:\{(?P<fields>[^}]*)\})?(?:, |$)")
#: Option objects of OData; some methods take two of them.
_OPTIONS = {"options", "pine_options"}
#: What our methods call parameters that the JavaScript ones call otherwise.
_RENAMED = {snake_case(name): set(ours) for name, ours in DEVIATIONS["parameters"]["names"].items()}


class Line(NamedTuple):
    """One method: its name, what both versions and we take, and what of it is missing here."""

    method: str
    old: str
    new: str
    ours: str
    lacks: str


def lines() -> Iterator[Line]:
    """Compare all methods of both versions, in the order of the newer one."""
    from ansible_collections.community.balena.plugins.module_utils.sdk import Balena

    balena = Balena(token="x", data_directory=False)
    old, new = METHODS["20.8.1"], METHODS["23.2.15"]
    for method in dict.fromkeys([*new, *old]):
        try:
            parameters = inspect.signature(twin(balena, method)).parameters
        except Missing as error:
            yield Line(method, old.get(method, "-"), new.get(method, "-"), "-", str(error))
            continue
        ours = [name for name in parameters if name != "self"]
        wanted = [name for version in (old, new) for name in _names(version.get(method, ""), parameters)]
        lacking = [name for name in dict.fromkeys(wanted) if not _takes(parameters, name)]
        yield Line(method, old.get(method, "-"), new.get(method, "-"), ", ".join(ours), ", ".join(lacking))


def _names(written: str, parameters: Any) -> Iterator[str]:
    """The Python names of what a method takes: those of an option object's fields, unless it stays one dict."""
    for parameter in _PARAMETER.finditer(written):
        name = snake_case(parameter["name"])
        if parameter["fields"] is None or (name in parameters and name not in _OPTIONS):
            yield name
        else:
            yield from (snake_case(field.strip(" ?")) for field in parameter["fields"].split(",") if field.strip())


def _takes(parameters: Any, name: str) -> bool:
    """Whether one of our parameters stands for a name."""
    others = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in parameters.values())
    same = _RENAMED.get(name, set()) | (_OPTIONS if name in _OPTIONS else {name})
    return others or bool(same & set(parameters))


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return what to exit with."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--missing", action="store_true", help="print only what is not there")
    options = parser.parse_args(arguments)
    table = list(lines())
    shown = [line for line in table if line.lacks or not options.missing]
    heads = ("method", "20.8.1", "23.2.15", "ours", "there")
    rows = [(*line[:-1], f"no: {line.lacks}" if line.lacks else "yes") for line in shown]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    for row in [heads, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    absent = [line for line in table if line.lacks]
    print(f"{len(table) - len(absent)} of {len(table)} methods are there with all their parameters")
    return 1 if absent else 0


if __name__ == "__main__":
    sys.exit(main())
