# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Config variables checked against what the API says of the device type: names it knows, values that fit.

The API itself stores any name within the namespaces and any value (recording 03); a misspelt one then does nothing on
the device, or keeps it from booting.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...engine.explain import explain
from ...engine.plan import Change, DeclarationError
from ...sdk.errors import BalenaError, BalenaRequestError
from ...sdk.models.config import ConfigModel

if TYPE_CHECKING:
    from ...sdk import Balena

Schema = Mapping[str, Any]

#: The two prefixes mean the same to a device; the API describes some variables under one, some under the other.
_PREFIXES = ("BALENA_", "RESIN_")


def judge(balena: Balena, changes: Iterable[tuple[str | None, Change]], how: str) -> list[str]:
    """What is wrong with config variables that changes would set; in one request for each device type.

    :param changes: with the device type of what has the variable; None: it is not known, nothing is checked.
    :param how: C(warn), C(fail), or C(ignore), which asks for nothing.
    :raises DeclarationError: something is wrong, with C(fail).
    """
    written: dict[str, dict[tuple[str, str], bool]] = {}
    for device_type, change in changes if how != "ignore" else ():
        if change.after is not None and device_type is not None:
            written.setdefault(device_type, {})[change.key[-1], change.after["value"]] = change.secret
    found = list(dict.fromkeys(_found(balena, written, how)))
    if found and how == "fail":
        raise DeclarationError("; ".join(found))
    return found


def _found(balena: Balena, written: Mapping[str, Mapping[tuple[str, str], bool]], how: str) -> Iterable[str]:
    """The problems of the written variables: by device type, name and value to whether the value is secret."""
    for device_type, values in sorted(written.items()):
        try:
            schema = ConfigModel(balena).get_config_var_schema(device_type)
        except BalenaRequestError as error:
            if how == "fail":
                raise BalenaError(f"The config variables cannot be checked: {explain(error)}") from error
            yield f"The config variables of {device_type} were not checked: {explain(error)}"
            continue
        for (name, value), secret in values.items():
            problem = name_problem(schema, name) or value_problem(schema, name, value, secret=secret)
            if problem:
                yield f"config variable '{name}' of {device_type}: {problem}"


def name_problem(schema: Schema, name: str) -> str | None:
    """What is wrong with the name of a config variable; None if the device type knows it.

    :param schema: the API's answer to C(/config/vars?deviceType=...).
    """
    if name in schema.get("blackListedNames", ()):
        return "it is reserved for balena's own use"
    if _property(schema, name) is not None or name in schema.get("whiteListedNames", ()):
        return None
    # Below these a name is passed on to the host OS, which alone knows it.
    if name.startswith(tuple(schema.get("whiteListedNamespaces", ()))):
        return None
    known = {*_properties(schema), *schema.get("whiteListedNames", ())}
    close = difflib.get_close_matches(name, sorted({_twin(other) for other in known} | known), n=1, cutoff=0.8)
    return "the API does not know it" + (f"; did you mean '{close[0]}'?" if close else "")


def value_problem(schema: Schema, name: str, value: str, *, secret: bool = False) -> str | None:
    """What is wrong with the value of a config variable; None if it fits, or nothing is known of it.

    :param secret: do not repeat the value.
    """
    described = _property(schema, name)
    expected = None if described is None else _unmet(described, value)
    if expected is None:
        return None
    return f"its value must be {expected}" + ("" if secret else f", not '{value}'")


def _unmet(described: Mapping[str, Any], value: str) -> str | None:
    """What a value should be and is not."""
    if "enum" in described:
        allowed = [str(item).lower() if isinstance(item, bool) else str(item) for item in described["enum"]]
        return None if value in allowed else f"one of {', '.join(allowed)}"
    if described.get("type") in ("integer", "number"):
        return _unmet_number(described, value)
    longest = described.get("maxLength")
    if longest is not None and len(value) > longest:
        return f"at most {longest} characters long"
    pattern = described.get("pattern")
    return f"text like {pattern}" if pattern and not _matches(pattern, value) else None


def _unmet_number(described: Mapping[str, Any], value: str) -> str | None:
    whole = described["type"] == "integer"
    low, high = described.get("minimum"), described.get("maximum")
    try:
        number = int(value) if whole else float(value)
        fits = (low is None or number >= low) and (high is None or number <= high)
    except ValueError:
        fits = False
    if fits:
        return None
    bounds = [f"at least {low}"] if low is not None else []
    bounds += [f"at most {high}"] if high is not None else []
    return " ".join(filter(None, ["a whole number" if whole else "a number", " and ".join(bounds)]))


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:  # written for another language
        return True


def _properties(schema: Schema) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema.get("configVarSchema", {}).get("properties", {})
    return found


def _property(schema: Schema, name: str) -> Mapping[str, Any] | None:
    properties = _properties(schema)
    return properties.get(name) or properties.get(_twin(name))


def _twin(name: str) -> str:
    """The same name with the other prefix."""
    one, other = _PREFIXES
    if name.startswith(one):
        return other + name.removeprefix(one)
    return one + name.removeprefix(other) if name.startswith(other) else name
