# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API's data model: resources, their fields and how they refer to each other, read from resources.yml."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

VERSIONS = ("resin", "v7", "v6")
BASIC_TYPES = frozenset({"serial", "short", "text", "int", "bigint", "bool", "time", "json", "file"})


@dataclass(frozen=True)
class Bounds:
    """Bounds of a text's length; `exclusive`: the lower one is "greater than"."""

    low: int | None = None
    high: int | None = None
    exclusive: bool = False

    def allows(self, length: int) -> bool:
        """Whether a text of this length is within the bounds."""
        if self.low is not None and (length < self.low or (self.exclusive and length == self.low)):
            return False
        return self.high is None or length <= self.high


@dataclass(frozen=True)
class Field:
    """One field of a resource. `target` is the resource that a reference points to.

    type: a basic type, `ref`, or what only v6 has: `jsontext` (JSON shown as text) and `bignumber` (a bigint shown as
    a number).
    """

    name: str
    type: str
    target: str | None = None
    required: bool = False
    unique: bool = False
    default: str | None = None
    choices: tuple[str, ...] = ()
    bounds: Bounds | None = None
    aliases: tuple[str, ...] = ()
    inverses: tuple[str, ...] = ()
    cascade: bool = False
    loose: bool = False
    computed: bool = False
    versions: tuple[str, ...] = VERSIONS
    column: str = ""  # the stored column, where that is named differently

    @property
    def stored(self) -> str:
        """Name of the column that holds the value."""
        return self.column or self.name


@dataclass(frozen=True)
class Relation:
    """A way from one resource to another: rows where source.`here` equals target.`there`."""

    target: str
    here: str
    there: str


@dataclass
class Resource:
    """One resource as one version of the API shows it."""

    name: str
    fields: dict[str, Field]
    unique: tuple[tuple[str, ...], ...] = ()
    aka: tuple[str, ...] = ()
    versions: tuple[str, ...] = VERSIONS
    view: bool = False
    relations: dict[str, Relation] = field(default_factory=dict)

    @functools.cached_property
    def keys(self) -> frozenset[frozenset[str]]:
        """The sets of fields that name one row."""
        alone = [{f.name} for f in self.fields.values() if f.unique or f.name == "id"]
        return frozenset(frozenset(key) for key in [*alone, *map(set, self.unique)])

    @property
    def words(self) -> str:
        """The name as the server's messages spell it."""
        name = "release_image" if self.name == "image__is_part_of__release" else self.name
        return name.replace("__", " ").replace("_", " ")

    def find(self, name: str) -> Field | None:
        """The field of this name, or the one that has it as another name."""
        found = self.fields.get(name)
        return found or next((f for f in self.fields.values() if name in f.aliases), None)


class Model:
    """All resources as one version of the API shows them."""

    def __init__(self, version: str, resources: dict[str, Resource]) -> None:
        self.version = version
        self.resources = resources
        self._names = {name: r for r in resources.values() for name in (*r.aka, r.name)}

    def get(self, name: str) -> Resource | None:
        """The resource that a URL calls by this name."""
        return self._names.get(name)

    def __getitem__(self, name: str) -> Resource:
        return self.resources[name]


def _bounds(text: str) -> Bounds:
    if text.startswith("="):
        return Bounds(int(text[1:]), int(text[1:]))
    exclusive = text.startswith(">")
    low, _dots, high = text.lstrip(">").partition("..")
    return Bounds(int(low) if low else None, int(high) if high else None, exclusive)


def parse_field(name: str, text: str) -> Field:
    """Read one field's line of resources.yml."""
    words = text.split()
    kind, required = words[0].rstrip("!"), words[0].endswith("!")
    parts: dict[str, list[str]] = {"": []}
    current = ""
    for word in words[1:]:
        if word in ("in", "len", "=", "aka", "<-", "versions"):
            current = word
            parts[current] = []
        elif word in ("unique", "cascade", "loose", "computed"):
            parts[""].append(word)
        else:
            parts[current].append(word)
    flags = parts[""]
    choices = tuple(choice.replace("~", " ") for choice in "".join(parts.get("in", [])).split("|") if choice)
    return Field(
        name=name, type=kind if kind in BASIC_TYPES else "ref", target=None if kind in BASIC_TYPES else kind,
        required=required, choices=choices, default=parts["="][0].strip("'") if "=" in parts else None,
        bounds=_bounds(parts["len"][0]) if "len" in parts else None, aliases=tuple(parts.get("aka", ())),
        inverses=tuple(parts.get("<-", ())), versions=tuple(parts.get("versions", VERSIONS)),
        unique="unique" in flags, cascade="cascade" in flags, loose="loose" in flags, computed="computed" in flags,
    )  # fmt: skip


def parse_resource(name: str, data: dict[str, Any]) -> Resource:
    """Read one resource of resources.yml, with the fields that every stored resource has."""
    fields = {} if data.get("view") else {
        "created_at": Field("created_at", "time", required=True, default="$now"),
        "modified_at": Field("modified_at", "time", required=True, default="$now"),
        "id": Field("id", "serial", required=True, default="$id"),
    }  # fmt: skip
    fields.update({key: parse_field(key, text) for key, text in data["fields"].items()})
    unique = tuple(tuple(key) for key in data.get("unique", ()))
    versions = tuple(data.get("versions", VERSIONS))
    return Resource(name, fields, unique, tuple(data.get("aka", ())), versions, bool(data.get("view")))


@functools.cache
def base_model() -> Model:
    """The stored model: every resource and field, whatever the version."""
    path = Path(__file__).with_name("resources.yml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    resources = {name: parse_resource(name, entry) for name, entry in data.items()}
    _connect(resources)
    return Model("base", resources)


@functools.cache
def model_of(version: str) -> Model:
    """The model as one version of the API (resin, v7 or v6) shows it."""
    shown: dict[str, Resource] = {}
    for name, resource in base_model().resources.items():
        if version in resource.versions:
            fields = {key: f for key, f in resource.fields.items() if version in f.versions}
            shown[name] = dataclasses.replace(resource, fields=fields, relations={})
    if version == "v6":
        _translate_v6(shown)
    _connect(shown)
    return Model(version, shown)


def _translate_v6(resources: dict[str, Resource]) -> None:
    """What v6 calls or means differently."""
    device = resources["device"]
    pinned = base_model()["device"].fields["is_pinned_on__release"]
    device.fields["should_be_running__release"] = dataclasses.replace(
        pinned, name="should_be_running__release", column=pinned.name, inverses=("should_be_running_on__device",)
    )
    others = [(name, "actor", "int") for name in ("user", "application", "device")]
    others += [("release", "contract", "jsontext"), ("image", "image_size", "bignumber")]
    for name, key, kind in others:
        resources[name].fields[key] = dataclasses.replace(resources[name].fields[key], type=kind)
    mine = resources["application"]
    resources["my_application"] = dataclasses.replace(
        mine, name="my_application", relations={}, aka=(),
        fields={key: dataclasses.replace(f, inverses=()) for key, f in mine.fields.items()},
    )  # fmt: skip


def _connect(resources: dict[str, Resource]) -> None:
    """Work out the relations from the references, both ways."""
    for resource in resources.values():
        for f in resource.fields.values():
            if f.target in resources:
                _connect_field(resources, resource, f)
    if "my_application" in resources:
        resources["my_application"].relations = resources["application"].relations


def _connect_field(resources: dict[str, Resource], resource: Resource, f: Field) -> None:
    target = resources[f.target or ""]
    forward = Relation(target.name, f.name, "id")
    for name in (f.name, *f.aliases):
        resource.relations[name] = forward
    backward = Relation(resource.name, "id", f.name)
    for name in f.inverses:
        target.relations[name] = backward
