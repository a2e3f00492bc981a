# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a page with every key of a fleet document, from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).resolve().parent.parent / "fleet.schema.json"
HEAD = """\
# Keys of a fleet document

What the option `document` of `balena_fleet` and the files of the role `community.balena.fleet` may say. The guide
[Fleet as code](../fleet-as-code.md) shows it at work; the [JSON Schema](../fleet.schema.json) that this page is made of
lets editors complete and check documents. In the paths, `[]` is an entry of a list and `<name>` is a key of your own.
"""
GROUPS = {
    "": "The fleet",
    "variables": "Variables of the fleet",
    "services": "Services",
    "device_defaults": "All devices",
    "groups": "Groups of devices",
    "devices": "Single devices",
    "os": "OS and supervisor",
    "supervisor": "OS and supervisor",
    "provisioning_keys": "Provisioning keys",
    "access": "Access",
}
#: What a value of one of the schema's own definitions is called.
TYPES = {"boolean": "bool", "integer": "int", "number": "float", "string": "str", "object": "dict", "array": "list"}


def type_of(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a value is, in the words of Ansible's documentation."""
    if "$ref" in schema:
        return type_of(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "enum" in schema or "const" in schema:
        return " or ".join(
            f"`{json.dumps(value)}`".replace('"', "") for value in schema.get("enum", [schema.get("const")])
        )
    kinds = schema.get("type") or [
        type_of(choice, definitions) for choice in schema.get("anyOf", schema.get("oneOf", []))
    ]
    names = [TYPES.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(dict.fromkeys(name for name in names if name)) or "any"


def keys(schema: dict[str, Any], definitions: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every key below a schema with its path."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for name, part in schema.get("properties", {}).items():
        if not name.startswith("$"):
            inner = f"{path}.{name}".lstrip(".")
            yield inner, part
            yield from keys(part, definitions, inner)
    if isinstance(schema.get("items"), dict):
        yield from keys(schema["items"], definitions, f"{path}[]")
    more = schema.get("additionalProperties")
    if isinstance(more, dict) and more.get("properties"):
        yield from keys(more, definitions, f"{path}.<name>")


def page() -> str:
    """Return the page as Markdown."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    definitions = schema.get("$defs", {})
    tables: dict[str, list[str]] = {}
    for path, part in keys(schema, definitions):
        top = path.partition(".")[0].partition("[")[0]
        title = GROUPS.get(top if top in GROUPS else "", top)
        required = " **required**" if path in schema["required"] else ""
        said = part.get("description") or part.get("errorMessage") or ""
        row = f"| `{path}` | {type_of(part, definitions)}{required} | {said.replace('|', chr(92) + '|')} |"
        tables.setdefault(title, []).append(row)
    parts = [
        f"## {title}\n\n| key | type | |\n|---|---|---|\n" + "\n".join(rows) + "\n" for title, rows in tables.items()
    ]
    return "\n".join([HEAD, *parts])


def write(path: Path) -> None:
    """Write the page."""
    path.write_text(page(), encoding="utf-8")
