# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of applications, devices, services and services of devices."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...engine.named import Comparison
from ...engine.plan import DeclarationError, Key, NewId
from ..query import Record
from .options import Declared

#: (scope, kind) -> resource and the column of its parent.
RESOURCES: dict[tuple[str, str], tuple[str, str]] = {
    ("application", "env"): ("application_environment_variable", "application"),
    ("application", "config"): ("application_config_variable", "application"),
    ("build", "env"): ("build_environment_variable", "application"),
    ("device", "env"): ("device_environment_variable", "device"),
    ("device", "config"): ("device_config_variable", "device"),
    ("service", "env"): ("service_environment_variable", "service"),
    ("device_service", "env"): ("device_service_environment_variable", "service_install"),
}

# What a server refuses (recording 03; the same names and expressions are in its answer to /config/vars).
RESERVED = ("RESIN", "BALENA", "USER")
NAMESPACES = ("RESIN_", "BALENA_")
MAX_NAME = 255
#: How long values may be, by the resource (the server's data model). Of build variables it is not known.
MAX_VALUES = {
    "application_environment_variable": 106104,
    "application_config_variable": 492001,
    "device_environment_variable": 515798,
    "device_config_variable": 372340,
    "service_environment_variable": 100000,
    "device_service_environment_variable": 285082,
}
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONFIG_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_:]*")


@dataclass(frozen=True)
class Parent:
    """What variables belong to.

    :param id: its id, or what stands for it before it is created.
    :param key: readable; it starts the key of each of its variables.
    :param device_type: the slug, where it is needed: for config variables.
    """

    id: int | NewId
    key: Key
    device_type: str | None = None


@dataclass(frozen=True)
class Declaration:
    """Variables that some parents should have.

    :param values: name to value; None says that there must be no such variable.
    :param purge: also remove every variable that is not named.
    :param secret: the values must not be shown.
    """

    resource: str
    parent: str
    values: Mapping[str, str | None]
    purge: bool = False
    secret: bool = False


def resource_of(scope: str, kind: str) -> tuple[str, str]:
    """The resource of the variables of a scope, and the column that names what they belong to.

    :raises DeclarationError: the scope has no variables of this kind.
    """
    if (scope, kind) not in RESOURCES:
        raise DeclarationError(f"kind '{kind}' does not exist in scope '{scope}': only env does")
    return RESOURCES[scope, kind]


def declaration(want: Declared) -> Declaration:
    """What the options of the module balena_env_var declare, checked before anything is read.

    :raises DeclarationError: a name or value that no server accepts, or a kind that the scope does not have.
    """
    kind = want["kind"]
    resource, parent = resource_of(want["scope"], kind)
    given = want["variables"] if want["variables"] is not None else {want["name"]: want["value"]}
    absent = want["state"] == "absent"
    if want["name"] and want["value"] is None and not absent:
        raise DeclarationError(f"value is needed to declare the variable '{want['name']}' (or state: absent)")
    values = {str(name): None if absent else as_text(value) for name, value in given.items()}
    for name, value in values.items():
        check_name(name, kind)
        check_value(name, value)
    return Declaration(resource, parent, values, want["purge"], want["secret"])


def add_variables(found: Comparison, parent: Parent, wanted: Mapping[str, Any], rows: Iterable[Record]) -> None:
    """Compare the variables of one parent too.

    :param wanted: its variables: text, None (there must be none of that name), or L(KEPT).
    :param rows: its variables as they are, with C(id), C(name) and C(value).
    :raises DeclarationError: a value that is too long.
    """
    for name, value in wanted.items():
        check_length(found.resource, name, value)
    found.add(parent.id, parent.key, wanted, rows)


def as_text(value: Any) -> str | None:
    """A value as the API stores it: text. Lists and dictionaries become JSON, booleans C(true) and C(false)."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def check_name(name: str, kind: str) -> None:
    """Refuse a name that the API would refuse, saying what is allowed.

    :raises DeclarationError: malformed, or reserved, or (a config variable) outside the namespaces.
    """
    reserved = name.upper() in RESERVED if kind == "config" else name in RESERVED
    namespaced = name.startswith(NAMESPACES)
    if reserved:
        problem = "the names RESIN, BALENA and USER are reserved"
    elif kind == "env" and namespaced:
        problem = "names that begin with RESIN_ or BALENA_ are reserved; those are config variables (kind: config)"
    elif kind == "config" and not namespaced:
        problem = "config variables begin with BALENA_ or RESIN_; others are environment variables (kind: env)"
    elif not (_CONFIG_NAME if kind == "config" else _ENV_NAME).fullmatch(name):
        allowed = "letters, digits, underscores" + (" and colons" if kind == "config" else "")
        problem = f"only {allowed} are allowed, and no digit at the start"
    elif len(name) > MAX_NAME:
        problem = f"it is longer than {MAX_NAME} characters"
    else:
        return
    raise DeclarationError(f"Invalid variable name '{name}': {problem}")


def check_value(name: str, value: Any) -> None:
    """Refuse a value that the API would refuse; the message does not show it.

    :raises DeclarationError: it has a line break (the API takes none).
    """
    if isinstance(value, str) and ("\n" in value or "\r" in value):
        raise DeclarationError(f"The value of variable '{name}' has a line break, which the API does not accept")


def check_length(resource: str, name: str, value: Any) -> None:
    """Refuse a value that is too long for the API; the message does not show it.

    :raises DeclarationError: says how long it may be.
    """
    longest = MAX_VALUES.get(resource)
    if isinstance(value, str) and longest is not None and len(value) > longest:
        kind = resource.replace("_", " ")
        raise DeclarationError(
            f"The value of variable '{name}' is longer than {longest} characters, the most that the API takes of "
            f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
        )
