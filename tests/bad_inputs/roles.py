# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong variables of roles, derived from what their argument specifications declare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.bad_inputs.calls import FLEET, SECRETS
from tests.bad_inputs.values import Bad, bad_values
from tests.support.roles import role_defaults, role_options

#: By role: variables with which it has something to do.
GIVEN: dict[str, dict[str, Any]] = {
    "diagnose": {"diagnose_application": FLEET},
    "fleet": {"fleet_secrets": SECRETS},
    "os_update": {"os_update_application": FLEET, "os_update_version": "6.0.41"},
    "rollout": {"rollout_application": FLEET, "rollout_release": "1.1.0"},
}
#: By role: the modules that get its variables, by their names without the role's.
MODULES = {
    "diagnose": ("balena_diagnosis_info",),
    "fleet": ("balena_fleet",),
    "os_update": ("balena_rollout_info", "balena_os_update"),
    "rollout": ("balena_rollout_info", "balena_rollout"),
}


def bad_variables(role: str) -> Iterator[Bad]:
    """Wrong values of a role's variables, null for each, and names that are nearly those of variables."""
    options = {name: {"type": "str", **said} for name, said in role_options(role).items()}
    yield from bad_values(options)
    for name in options:
        yield Bad(name, "null", {name: None})
    bare = [name.removeprefix(f"{role}_") for name in options]
    for name in bare:
        for what, slip in (("a letter too few", name[:-1]), ("letters that changed places", _swapped(name))):
            if slip not in bare and len(name) > 4:
                yield Bad(f"{role}_{slip}", what, {f"{role}_{slip}": 1}, "did you mean")


def variables(role: str) -> dict[str, Any]:
    """The variables that a role has when it is given what it needs."""
    return {**role_defaults(role), **GIVEN[role]}


def _swapped(name: str) -> str:
    return f"{name[:2]}{name[3]}{name[2]}{name[4:]}" if len(name) > 4 and name[2] != name[3] else f"{name}{name[-1]}"
