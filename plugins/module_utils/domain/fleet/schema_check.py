# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a document against a JSON Schema, as far as the schema of this collection goes, and names every mistake.

It is small so that the collection needs no library for it; a test compares it with the library C(jsonschema).
No message repeats a value, which may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...engine.near import near

Schema = Mapping[str, Any]

#: The keywords that are understood; others would silently not be checked.
KEYWORDS = frozenset(
    "$ref $defs $schema title description errorMessage type enum required properties additionalProperties "
    "propertyNames items anyOf minItems minProperties maxProperties minLength maxLength pattern minimum maximum".split()
)

_TYPES = {
    "object": (dict, "a mapping"),
    "array": (list, "a list"),
    "string": (str, "text"),
    "boolean": (bool, "true or false"),
    "null": (type(None), "null"),
}


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a document, and where.

    :param path: such as C(groups[1].env.LOG LEVEL); empty for the document itself.
    """

    path: str
    problem: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.path or 'the document'}: {self.problem}"


def mistakes(value: Any, schema: Schema) -> list[Mistake]:
    """All that is wrong with a value; nothing if it is as the schema says.

    :param value: made of dictionaries with text as keys, lists, text, numbers, booleans and None.
    """
    return list(_Checker(schema).check(value, schema, ""))


def below(path: str, key: str | int) -> str:
    """The path of what a mapping or a list has under a key."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


class _Checker:
    def __init__(self, root: Schema) -> None:
        self._root = root

    def check(self, value: Any, schema: Schema, path: str) -> Iterator[Mistake]:
        """What is wrong with a value, in the order of the document."""
        if "$ref" in schema:
            target: Any = self._root
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            yield from self.check(value, target, path)
        wrong = next(_plain_problems(value, schema), None) or self._no_alternative(value, schema)
        if wrong:
            # The schema's own sentence is about what texts, or any values, are allowed: of another kind, say that.
            text_is_meant = schema.get("type") == "string" and not isinstance(value, str)
            yield Mistake(path, wrong if text_is_meant else schema.get("errorMessage", wrong))
        elif isinstance(value, dict):
            yield from self._object(value, schema, path)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from self.check(item, schema.get("items", {}), below(path, number))

    def _no_alternative(self, value: Any, schema: Schema) -> str | None:
        ways = schema.get("anyOf")
        fits = ways is None or any(not next(self.check(value, way, ""), None) for way in ways)
        return None if fits else "is not one of what is allowed"

    def _object(self, value: Mapping[str, Any], schema: Schema, path: str) -> Iterator[Mistake]:
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield Mistake(below(path, name), "is needed")
        for name, item in value.items():
            inner = below(path, name)
            bad = next(self.check(name, schema.get("propertyNames", {}), inner), None)
            if bad:
                yield bad
            elif name in properties:
                yield from self.check(item, properties[name], inner)
            elif others is False:
                yield Mistake(inner, _unknown(name, list(properties)))
            else:
                yield from self.check(item, others, inner)


def _plain_problems(value: Any, schema: Schema) -> Iterator[str]:
    """What is wrong with a value itself, whatever it contains."""
    kinds = schema.get("type")
    if kinds is not None:
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not any(_is(value, kind) for kind in kinds):
            yield f"must be {_listed([_name_of(kind) for kind in kinds])}, not {_kind_of(value)}"
    allowed = schema.get("enum")
    if allowed is not None and not any(value == one and type(value) is type(one) for one in allowed):
        meant = near(value, allowed) if isinstance(value, str) else ""
        yield f"must be {_listed([_shown(one) for one in allowed])}{meant}"
    if isinstance(value, str):
        yield from _text_problems(value, schema)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield f"must be from {schema.get('minimum', '-')} to {schema.get('maximum', '-')}"
    elif isinstance(value, list) and len(value) < schema.get("minItems", 0):
        yield "must not be empty"
    elif isinstance(value, dict):
        if len(value) < schema.get("minProperties", 0):
            yield "must not be empty"
        if len(value) > schema.get("maxProperties", len(value)):
            yield "has too many keys"


def _text_problems(value: str, schema: Schema) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0):
        yield "must not be empty"
    if len(value) > schema.get("maxLength", len(value)):
        yield f"must have at most {schema['maxLength']} characters"
    pattern = schema.get("pattern")
    if pattern is not None and not re.search(pattern, value):
        yield f"must be like {pattern}"


def _is(value: Any, kind: str) -> bool:
    if kind in ("number", "integer"):
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return not isinstance(value, bool) and (whole or (kind == "number" and isinstance(value, float)))
    return isinstance(value, _TYPES[kind][0])


def _name_of(kind: str) -> str:
    return {"number": "a number", "integer": "a whole number"}.get(kind) or _TYPES[kind][1]


def _kind_of(value: Any) -> str:
    known = next((words for kind, words in _TYPES.values() if isinstance(value, kind)), "a number")
    return "nothing (null)" if value is None else known


def _listed(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unknown(name: str, known: Sequence[str]) -> str:
    return "is unknown" + (near(name, known) or f"; there are {', '.join(known)}")
