# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles of the collection say of themselves: options, defaults, README."""

from __future__ import annotations

from typing import Any

from tests.support.ansible_runs import CHECKOUT
from tests.support.repository import load

FOLDER = CHECKOUT / "roles"
ROLES = sorted(path.parent.parent.name for path in FOLDER.glob("*/meta/argument_specs.yml"))


def role_options(role: str) -> dict[str, Any]:
    """The variables that a role takes, by their whole names, of all its entry points."""
    specs = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]
    return {name: said for entry in specs.values() for name, said in entry["options"].items()}


def role_defaults(role: str) -> dict[str, Any]:
    """What a role sets unless the user does."""
    name = f"roles/{role}/defaults/main.yml"
    return load(name) or {} if (CHECKOUT / name).is_file() else {}
