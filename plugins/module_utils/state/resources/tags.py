# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of applications, devices and releases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..plan import Change, DeclarationError, Key, NewId, Row, compare
from ..reading import Record

_RESERVED = ("io.resin.", "io.balena.")


def plan(
    parent: str,
    parent_id: int | NewId,
    key: Key,
    wanted: Mapping[str, Any],
    actual: Iterable[Record],
    *,
    purge: bool = False,
) -> list[Change]:
    """Compare the tags of one thing.

    :param parent: C(application), C(device) or C(release).
    :param key: the readable key of the parent.
    :param wanted: tag to value; None says that there must be no such tag. Values become text.
    :param actual: rows with C(id), C(tag_key) and C(value).
    :raises DeclarationError: a tag key or value that the API refuses.
    """
    for name, value in wanted.items():
        check_tag(str(name), value)
    rows = [
        Row((*key, row["tag_key"]), {"value": row["value"]}, {parent: parent_id, "tag_key": row["tag_key"]}, row["id"])
        for row in actual
    ]
    desired = [
        Row((*key, str(name)), {"value": as_tag_value(value)}, {parent: parent_id, "tag_key": str(name)})
        for name, value in wanted.items()
        if value is not None
    ]
    gone = [(*key, str(name)) for name, value in wanted.items() if value is None]
    return compare(f"{parent}_tag", desired, rows, absent=gone, purge=purge)


def as_tag_value(value: Any) -> str:
    """A tag's value as the API stores it: text; booleans are C(true) and C(false)."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_tag(key: str, value: Any) -> None:
    """Refuse what the API refuses (recordings 03 and 06), saying what is allowed.

    :raises DeclarationError: white space in the key, a reserved key, or a key or value that is too long.
    """
    if not key or len(key) > 100:
        problem = "a tag key has 1 to 100 characters"
    elif any(character.isspace() for character in key):
        problem = "tag keys cannot contain white space"
    elif key.startswith(_RESERVED):
        problem = "keys that begin with io.resin. or io.balena. are reserved"
    elif len(as_tag_value(value)) > 1000:
        problem = "its value is longer than 1000 characters"
    elif isinstance(value, (dict, list)):
        problem = "its value must be text, a number or a boolean"
    else:
        return
    raise DeclarationError(f"Invalid tag '{key}': {problem}")
