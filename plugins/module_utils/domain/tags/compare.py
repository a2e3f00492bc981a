# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of applications, devices and releases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...engine.named import Comparison
from ...engine.plan import Change, DeclarationError, Key, NewId
from ..options import Tags
from ..query import Record
from ..text import as_tag_value

# What the API refuses (recordings 03 and 06; the lengths are those of its data model).
RESERVED_KEYS = ("io.resin.", "io.balena.")
#: Tags that the collection keeps for itself, such as what a rollout has to remember.
OWN_KEYS = ("ansible_rollout",)


@dataclass(frozen=True)
class Limits:
    """How long keys and values of tags may be."""

    key: int
    value: int


#: By what the tags belong to.
LIMITS = {"application": Limits(100, 1000), "device": Limits(100, 60158), "release": Limits(164, 1000)}


@dataclass(frozen=True)
class Tagged:
    """One thing that has tags.

    :param key: its readable key.
    :param wanted: tag to value; None says that there must be no such tag. Values become text.
    :param actual: its tags as they are: rows with C(id), C(tag_key) and C(value).
    """

    id: int | NewId
    key: Key
    wanted: Mapping[str, Any]
    actual: Sequence[Record] = ()


def is_owned(key: str) -> bool:
    """Whether a tag belongs to the collection itself or to devices, and so is never purged, exported or compared."""
    return key.startswith((*OWN_KEYS, *RESERVED_KEYS))


def compare_tags(parent: str, things: Iterable[Tagged], *, purge: bool = False) -> list[Change]:
    """Compare the tags of any number of things of one kind.

    :param parent: C(application), C(device) or C(release).
    :raises DeclarationError: a tag key or value that the API refuses.
    """
    found = Comparison(f"{parent}_tag", parent, "tag_key")
    for thing in things:
        for name, value in thing.wanted.items():
            check_tag(parent, str(name), value)
            # One by one: two names can become the same text.
            wanted = {str(name): None if value is None else as_tag_value(value)}
            found.add(thing.id, thing.key, wanted, ())
        rows = [row for row in thing.actual if row["tag_key"] in thing.wanted or not is_owned(row["tag_key"])]
        found.add(thing.id, thing.key, {}, rows)
    return found.changes(purge=purge)


def shown_tags(rows: Iterable[Record]) -> dict[str, str]:
    """Tags as tasks return them: by key, in its order."""
    return {row["tag_key"]: row["value"] for row in sorted(rows, key=lambda row: row["tag_key"])}


def resulting_tags(things: Iterable[Tagged], changes: Iterable[Change]) -> dict[Key, dict[str, str]]:
    """The tags of each thing, by its key, once the changes are made; sorted by tag."""
    found: dict[Key, dict[str, str]] = {
        thing.key: {row["tag_key"]: row["value"] for row in thing.actual} for thing in things
    }
    for change in changes:
        tags, name = found[change.key[:-1]], change.key[-1]
        if change.after is None:
            tags.pop(name)
        else:
            tags[name] = change.after["value"]
    return {key: dict(sorted(tags.items())) for key, tags in found.items()}


def declared_tags(
    parent: str, id_: int | NewId, key: Key, want: Tags, actual: Sequence[Record] = ()
) -> tuple[list[Change], dict[str, str]]:
    """What has to change for one thing to have the tags that a task declares, and the tags that it then has.

    :param want: the options C(tags) and C(purge_tags) of a module.
    :raises DeclarationError: a tag key or value that the API refuses.
    """
    thing = Tagged(id_, key, want["tags"] or {}, actual)
    changes = compare_tags(parent, [thing], purge=want["purge_tags"] and want["tags"] is not None)
    return changes, resulting_tags([thing], changes)[key]


def check_tag(parent: str, key: str, value: Any) -> None:
    """Refuse what the API refuses, saying what is allowed.

    :param parent: what it belongs to: C(application), C(device) or C(release).
    :raises DeclarationError: white space in the key, a reserved key, or a key or value that is too long.
    """
    limits = LIMITS[parent]
    if not key or len(key) > limits.key:
        problem = f"a tag key of {_a(parent)} has 1 to {limits.key} characters"
    elif any(character.isspace() for character in key):
        problem = "tag keys cannot contain white space"
    elif key.startswith(RESERVED_KEYS):
        problem = "keys that begin with io.resin. or io.balena. are reserved"
    elif isinstance(value, (dict, list)):
        problem = "its value must be text, a number or a boolean"
    elif len(as_tag_value(value)) > limits.value:
        problem = f"its value is longer than {limits.value} characters, the most that a tag of {_a(parent)} can have"
    else:
        return
    raise DeclarationError(f"Invalid tag '{key}': {problem}")


def _a(parent: str) -> str:
    return f"an {parent}" if parent == "application" else f"a {parent}"
