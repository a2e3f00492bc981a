# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet document: checked as a whole, so that all its mistakes are known at once, and understood."""

from __future__ import annotations

import datetime
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from ...engine.fields import Field
from ...engine.plan import DeclarationError
from ...engine.wording import listed
from ..applications.fields import SETTINGS
from ..devices.fields import COMMON
from ..releases.names import ReleaseName, read_name
from ..tag_conditions import has_tags
from ..text import as_tag_value
from ..variables.compare import as_text
from .contradictions import contradictions
from .schema import SCHEMA
from .schema_check import Mistake, mistakes

#: The kinds of things that can be converged alone, wherever in a document they are, in the order of their writing.
SECTIONS = (
    "application",
    "devices",
    "tags",
    "services",
    "variables",
    "provisioning_keys",
    "access",
    "supervisor",
    "os",
    "release",
)
#: The sections whose things can be removed when no document declares them.
PURGEABLE = ("tags", "services", "variables", "devices", "provisioning_keys", "access")

#: The parts that an export writes as lists where their keys look like templates.
_LISTED = ("tags", "services")
#: How the name of a text ends that is written with percent signs.
_CODED = "_urlencoded"

#: Mistakes that one message names.
_NAMED = 20


@dataclass(frozen=True)
class Secret:
    """A value that the document does not hold: it names the secret."""

    name: str


#: A variable's value: text, a secret, or None for "there must be no such variable".
Value = Union[str, Secret, None]
Values = Mapping[str, Value]


@dataclass(frozen=True)
class Layer:
    """What a part of the document says of devices.

    :param path: where in the document.
    :param services: environment variables by the name of the service.
    :param release: what to pin on; of the kind C(track), nothing. None: not said.
    :param options: the options of L(COMMON) that are given.
    """

    path: str
    tags: Mapping[str, str | None] = field(default_factory=dict)
    env: Values = field(default_factory=dict)
    config: Values = field(default_factory=dict)
    services: Mapping[str, Values] = field(default_factory=dict)
    release: ReleaseName | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Group(Layer):
    """What holds for the devices with some tags.

    :param match: the tags with their values.
    :param has_tags: the keys of tags whose values do not matter.
    """

    name: str = ""
    match: Mapping[str, str] = field(default_factory=dict)
    has_tags: tuple[str, ...] = ()

    def takes(self, tags: Mapping[str, str]) -> bool:
        """Whether a device with these tags is in the group."""
        return has_tags(tags, {**dict.fromkeys(self.has_tags), **self.match})


@dataclass(frozen=True)
class NamedDevice(Layer):
    """What holds for one device, which is named by its uuid, or by its name within the fleet."""

    uuid: str | None = None
    name: str | None = None
    device_type: str | None = None


@dataclass(frozen=True)
class Document:
    """A fleet as it is declared. What is not given is None, or an empty mapping or tuple.

    :param fleet: the slug, in lower case as the API keeps it.
    :param name: the fleet's name as it was written.
    :param settings: those of L(SETTINGS) that are given.
    :param services: environment variables of all devices by the name of the service.
    :param keys: the provisioning keys: C(name), and C(description) and C(expires) if given.
    :param access: the roles of collaborators by user name or e-mail address; None: must not be one.
    :param sections: the keys that the document has at its top, also those with nothing in them.
    """

    fleet: str
    name: str
    settings: Mapping[str, Any]
    tags: Mapping[str, str | None]
    env: Values
    config: Values
    build: Values
    services: Mapping[str, Values]
    release: ReleaseName | None
    defaults: Layer
    groups: tuple[Group, ...]
    devices: tuple[NamedDevice, ...]
    supervisor: Mapping[str, Any] | None
    os: Mapping[str, Any] | None
    keys: tuple[Mapping[str, Any], ...]
    access: Mapping[str, str | None]
    sections: frozenset[str]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All that is said of devices; what comes later wins."""
        return (self.defaults, *self.groups, *self.devices)

    def secrets(self) -> dict[str, list[str]]:
        """The secrets that the document names, each with the paths where."""
        found: dict[str, list[str]] = {}
        for path, values in _value_maps(self):
            for name, value in values.items():
                if isinstance(value, Secret):
                    found.setdefault(value.name, []).append(f"{path}.{name}")
        return found

    def secret_variables(self) -> frozenset[str]:
        """The names of variables that are a secret anywhere in the document."""
        maps = _value_maps(self)
        return frozenset(name for _path, values in maps for name, value in values.items() if isinstance(value, Secret))


def read(raw: Any) -> Document:
    """Understand a document.

    :param raw: what a YAML file holds: dictionaries, lists, text, numbers, booleans, dates and None.
    :raises DeclarationError: it is not as the schema says, or contradicts itself; names each place.
    """
    content = plain(raw)
    found = mistakes(content, SCHEMA) or list(contradictions(content))
    if found:
        raise DeclarationError(_message(found))
    return _understood(content)


def _message(found: Sequence[Mistake]) -> str:
    if len(found) == 1:
        return f"The fleet document has a mistake. {found[0]}"
    numbered = [f"({number}) {mistake}." for number, mistake in enumerate(found, 1)]
    return f"The fleet document has {len(found)} mistakes. {listed(numbered, _NAMED, ' ', ' And {} more.')}"


def plain(raw: Any) -> Any:
    """A document as JSON has it: YAML also has keys that are numbers, and dates."""
    if isinstance(raw, Mapping):
        named = {str(as_tag_value(key)): plain(item) for key, item in raw.items()}
        return {name: _of_list(item) if name in _LISTED else item for name, item in named.items()}
    if isinstance(raw, (list, tuple)):
        return [plain(item) for item in raw]
    return raw.isoformat() if isinstance(raw, datetime.date) else raw


def _of_list(listed: Any) -> Any:
    """A mapping that is a list, as exports have it where text cannot be keys; whatever else it is stays as it is."""
    if not listed or not isinstance(listed, list) or not all(isinstance(it, dict) and len(it) == 2 for it in listed):
        return listed
    decoded = [{name.removesuffix(_CODED): _decoded(name, part) for name, part in item.items()} for item in listed]
    if not all(set(item) == {"key", "value"} and isinstance(item["key"], str) for item in decoded):
        return listed
    found = {item["key"]: item["value"] for item in decoded}
    return found if len(found) == len(listed) else listed


def _decoded(name: str, part: Any) -> Any:
    return urllib.parse.unquote(part) if name.endswith(_CODED) and isinstance(part, str) else part


def _understood(content: Mapping[str, Any]) -> Document:
    variables = content.get("variables", {})
    return Document(
        fleet=content["fleet"].lower(),
        name=content["fleet"].rpartition("/")[2],
        settings=_declared(SETTINGS, content),
        tags=_tags(content.get("tags", {})),
        env=_values(variables.get("env", {})),
        config=_values(variables.get("config", {})),
        build=_values(variables.get("build", {})),
        services=_services(content.get("services", {})),
        release=_release(content),
        defaults=Layer("device_defaults", **_layer(content.get("device_defaults", {}))),
        groups=tuple(
            Group(f"groups[{number}]", **_layer(one), **_chosen(one))
            for number, one in enumerate(content.get("groups", ()))
        ),
        devices=tuple(
            NamedDevice(f"devices[{number}]", **_layer(one), **_named(one))
            for number, one in enumerate(content.get("devices", ()))
        ),
        supervisor=content.get("supervisor"),
        os=content.get("os"),
        keys=tuple(content.get("provisioning_keys", ())),
        access=content.get("access", {}),
        sections=frozenset(content),
    )


def _layer(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tags": _tags(content.get("tags", {})),
        "env": _values(content.get("env", {})),
        "config": _values(content.get("config", {})),
        "services": _services(content.get("services", {})),
        "release": _release(content),
        "options": _declared(COMMON, content),
    }


def _declared(fields: Iterable[Field], content: Mapping[str, Any]) -> dict[str, Any]:
    return {one.option: content[one.option] for one in fields if one.option in content}


def _named(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: content.get(name) for name in ("uuid", "name", "device_type")}


def _chosen(content: Mapping[str, Any]) -> dict[str, Any]:
    """The name of a group, and the tags that choose its devices."""
    match = {key: as_tag_value(value) for key, value in content.get("match", {}).items()}
    return {"name": content["name"], "match": match, "has_tags": tuple(content.get("has_tags", ()))}


def _tags(tags: Mapping[str, Any]) -> dict[str, str | None]:
    return {key: None if value is None else as_tag_value(value) for key, value in tags.items()}


def _values(values: Mapping[str, Any]) -> dict[str, Value]:
    return {
        name: Secret(value["secret"]) if isinstance(value, dict) else as_text(value) for name, value in values.items()
    }


def _services(services: Mapping[str, Any]) -> dict[str, Values]:
    return {name: _values(service.get("env", {})) for name, service in services.items()}


def _release(content: Mapping[str, Any]) -> ReleaseName | None:
    return read_name(content["release"]) if "release" in content else None


def _value_maps(document: Document) -> Iterator[tuple[str, Values]]:
    """Every set of variables of a document, with its path."""
    yield from (("variables.env", document.env), ("variables.config", document.config))
    yield "variables.build", document.build
    yield from ((f"services.{name}.env", values) for name, values in document.services.items())
    for layer in document.layers:
        yield from ((f"{layer.path}.env", layer.env), (f"{layer.path}.config", layer.config))
        yield from ((f"{layer.path}.services.{name}.env", values) for name, values in layer.services.items())
