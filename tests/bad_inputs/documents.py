# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleet documents that are wrong in one place, derived from the schema, which also says what is right."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema

from ansible_collections.community.balena.plugins.module_utils.domain.fleet.schema import SCHEMA
from tests.bad_inputs.calls import FLEET

GOOD: dict[str, Any] = {
    "fleet": FLEET,
    "device_type": "raspberrypi4-64",
    "class": "fleet",
    "public": False,
    "archived": False,
    "device_urls": False,
    "support_access_until": "",
    "tags": {"team": "retail", "old": None},
    "release": "1.1.0",
    "variables": {
        "env": {"LOG_LEVEL": "info", "KEY": {"secret": "key"}},
        "config": {"BALENA_HOST_CONFIG_gpu_mem": 128},
        "build": {"ARG": "x"},
    },
    "services": {"web": {"env": {"REFRESH": 60}}, "worker": {}},
    "device_defaults": {"env": {"A": True}, "tags": {"kind": "x"}, "lock_override": False, "note": ""},
    "groups": [{"name": "berlin", "match": {"site": "berlin"}, "env": {"B": "x"}, "release": "1.0.0"}],
    "devices": [
        {
            "uuid": "0123456789abcdef" * 2,
            "name": "d",
            "device_type": "raspberrypi4-64",
            "tags": {"a": "b"},
            "env": {"C": "x"},
            "config": {"BALENA_HOST_CONFIG_gpu_mem": 64},
            "services": {"web": {"env": {"D": "x"}}},
            "release": "track",
            "note": "new",
            "location": {"latitude": 1, "longitude": 2.5},
            "public_url": False,
            "support_access_until": "",
            "local_mode": False,
            "lock_override": False,
            "active": True,
        }
    ],
    "supervisor": {"version": "17.0.3"},
    "os": {"version": "^6.0", "apply": False, "os_type": "default"},
    "access": {"admin": "developer"},
    "provisioning_keys": [{"name": "factory", "description": "x", "expires": "2030-01-31"}],
}
#: A value of each kind; where the schema takes it, it is not a mistake.
VALUES: dict[str, Any] = {
    "null": None,
    "blank": " ",
    "a line break": "a\nb",
    "a NUL": "a\0b",
    "a number": -1.5,
    "a huge number": 10**30,
    "nan": float("nan"),
    "infinity": float("inf"),
    "a boolean": True,
    "a list": [],
    "a list of null": [None],
    "a nested list": [[{"a": 1}]],
    "an unknown mapping": {"nosuch": 1},
    "a mapping of null": {"x": None},
    "an empty mapping": {},
}
_CHECK = jsonschema.Draft202012Validator(SCHEMA)
#: What no schema forbids and no document may have.
_NEVER = ("a NUL", "nan", "infinity")


def variants(section: str) -> Iterator[tuple[str, str, dict[str, Any], bool]]:
    """The place, what is there, the document, and whether the schema takes it, for each place in the good one.

    :param section: only places below this key; with C(fleet), also unknown keys of the document itself.
    """
    for path in _places(GOOD, (), section):
        for what, value in VALUES.items():
            content = _with(path, value)
            yield _shown(path), what, content, what not in _NEVER and _CHECK.is_valid(content)
    for path in [*([()] if section == "fleet" else []), *_places(GOOD, (), section)]:
        if not isinstance(_at(path), dict):
            continue
        for what, key in (("an unknown key", "nosuch"), ("a blank key", " "), ("a key with a NUL", "a\0b")):
            content = _with((*path, key), 1)
            yield _shown(path), what, content, "NUL" not in what and _CHECK.is_valid(content)


def _places(value: Any, path: tuple[Any, ...], section: str = "") -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if section:
        value = {section: value[section]}
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _places(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places(item, (*path, number))


def _at(path: tuple[Any, ...]) -> Any:
    found: Any = GOOD
    for part in path:
        found = found[part]
    return found


def _with(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    content = copy.deepcopy(GOOD)
    place: Any = content
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return content


def _shown(path: tuple[Any, ...]) -> str:
    """A place as messages name it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")
