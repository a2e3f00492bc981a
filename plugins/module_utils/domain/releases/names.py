# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people call a release: its commit, its id, its version, a range of versions, or the latest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...engine.kinds import MAX_ID, check_name, kind_of
from ...engine.plan import DeclarationError
from ...engine.wording import listed
from ...sdk import os_version
from ..query import Record

#: What is read of every release that is looked up by a name.
COLUMNS = ("id", "commit", "raw_version", "status", "is_final", "is_invalidated", "belongs_to__application")

#: What an application moves to when it tracks the latest release (recording 08); ranges choose among the same.
USABLE: dict[str, Any] = {"is_final": True, "is_passing_tests": True, "is_invalidated": False, "status": "success"}

LATEST = "latest"
TRACK = "track"

_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_ID = re.compile(r"[0-9]{1,15}")
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?)")
_RANGE = re.compile(r".*([\^~<>=*|]|\.[xX]\b| - ).*|v?\d+\.\d+")

Kind = Literal["commit", "id", "version", "range", "latest", "track"]


@dataclass(frozen=True)
class ReleaseName:
    """A name of a release.

    :param condition: what holds for the releases that may be meant; the choice among them is L(choose).
    """

    text: str
    kind: Kind
    condition: Mapping[str, Any]

    @property
    def needs_application(self) -> bool:
        """Whether the name says nothing without an application."""
        return self.kind in ("version", "range", "latest", "track")

    def reading(self, select: Sequence[str] = (), expand: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The pine options that read the releases that may be meant, the newest first."""
        options: dict[str, Any] = {
            "$select": [name for name in dict.fromkeys([*COLUMNS, *select]) if name not in (expand or {})],
            "$filter": dict(self.condition),
            "$orderby": "created_at desc",
        }
        if expand:
            options["$expand"] = dict(expand)
        return {**options, "$top": 1} if self.kind == "latest" else options

    def among(self, rows: Iterable[Record]) -> list[Record]:
        """The releases that may be meant, out of all of an application, the newest first, as L(choose) takes them."""
        if self.needs_application and self.kind != "version":
            return [row for row in rows if all(row[name] == value for name, value in USABLE.items())]
        if self.kind == "version":
            return [row for row in rows if row["raw_version"] == self.text]
        by_commit = self.kind == "commit"
        return [
            row for row in rows if str(row["id"]) == self.text or (by_commit and row["commit"].startswith(self.text))
        ]

    def choose(self, rows: Sequence[Record], where: str = "") -> Record | None:
        """The one release that is meant, out of those that may be.

        :param where: for the message: C(" of application 'acme/kiosk'").
        :returns: None when there is none.
        :raises DeclarationError: the name is that of several.
        """
        if self.kind == "range":
            best = os_version.max_satisfying([row["raw_version"] for row in rows], self.text)
            return next((row for row in rows if row["raw_version"] == best), None)
        if self.kind in ("latest", "track"):
            return rows[0] if rows else None
        exact = [row for row in rows if self.text in (row["commit"], row["raw_version"], str(row["id"]))] or rows
        # Releases that were built again share their commit; only one of them can have succeeded.
        found = [row for row in exact if row["status"] == "success"] or exact
        if len(found) > 1:
            several = ", ".join(sorted(f"{row['commit']} ({row['raw_version']})" for row in found))
            raise DeclarationError(f"release '{self.text}'{where} is ambiguous: {several}")
        return found[0] if found else None

    def missing(self, where: str = "") -> str:
        """The sentence on a release that does not exist."""
        if self.kind in ("range", "latest"):
            can = f"satisfies '{self.text}'" if self.kind == "range" else "can be the latest"
            return f"no release{where} {can} (only final, successful ones that are not invalidated count)"
        return f"release '{self.text}'{where} does not exist, or the token may not see it"

    def drafts(self, rows: Iterable[Record]) -> str:
        """The sentence on drafts that the name does not mean, although it is the version that they will have.

        :param rows: releases with C(raw_version) and C(is_final).
        """
        if self.kind != "version":
            return ""
        found = [row["raw_version"] for row in rows if not row["is_final"] and self.is_draft(row["raw_version"])]
        if not found:
            return ""
        names = listed([f"'{version}'" for version in found], 3, " or ", " or one of {} more")
        return f". There is a draft of it, which is not final yet and is called {names} until it is finalized"

    def is_draft(self, version: str) -> bool:
        """Whether a version is that of a draft of this one: the API adds the time of its building."""
        return version.startswith(f"{self.text}-")


def read_name(name: Any) -> ReleaseName:
    """Understand what an option says.

    :param name: a number is an id; text is a commit or the first seven or more digits of it, a version (C(1.2.3), a
        draft's C(1.2.3-1700000000000)), a range as npm writes them, an id, C(latest) or C(track).
    :raises DeclarationError: none of these.
    """
    if isinstance(name, bool) or not isinstance(name, (str, int)):
        quotes = " (put a version in quotes: YAML reads 1.10 as the number 1.1)" if isinstance(name, float) else ""
        raise DeclarationError(
            f"release ({kind_of(name)}) does not name a release: a commit, an id, a version or a range{quotes}"
        )
    text = str(name).strip()
    if isinstance(name, int):
        check_name(name, "release", "the id, commit or version of a release")
        return ReleaseName(text, "id", {"id": name})
    if text == LATEST:
        return ReleaseName(text, "latest", USABLE)
    if text == TRACK:
        return ReleaseName(text, "track", USABLE)
    # A commit can look like a number that no id can be.
    ids: list[Mapping[str, Any]] = [{"id": int(text)}] if _ID.fullmatch(text) and int(text) <= MAX_ID else []
    if _COMMIT.fullmatch(text.lower()):
        ways = [{"commit": {"$startswith": text.lower()}}, *ids]
        return ReleaseName(text.lower(), "commit", {"$or": ways} if ids else ways[0])
    if ids:
        return ReleaseName(text, "id", ids[0])
    version = _VERSION.fullmatch(text)
    if version:
        return ReleaseName(version.group(1), "version", {"raw_version": version.group(1)})
    if _RANGE.fullmatch(text):
        return ReleaseName(text, "range", USABLE)
    raise DeclarationError(
        f"release '{text}' does not name a release: a commit or the first seven or more digits of it, an id, "
        "a version such as 1.2.3, a range such as ^1.2 or 1.x, or latest"
    )


def label(row: Record) -> str:
    """A release as people recognize it: version and short commit."""
    return f"{row['raw_version']} ({row['commit'][:7]})"


def exact_name(row: Record, all_rows: Sequence[Record]) -> str:
    """What a declaration calls exactly this release: its version, or its commit where that says more.

    The version of a draft holds the time of its building, so it says nothing elsewhere.

    :param all_rows: the releases of its application.
    """
    version, commit = row["raw_version"], str(row["commit"])
    same = [other for other in all_rows if other["raw_version"] == version]
    return version if len(same) == 1 and same[0]["is_final"] and _VERSION.fullmatch(version) else commit
