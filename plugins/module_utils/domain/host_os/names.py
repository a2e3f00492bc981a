# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people call a version of balenaOS or of the supervisor: exactly, by a range, latest or recommended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...engine.plan import DeclarationError
from ...engine.wording import called, listed
from ...sdk import os_version
from ..query import Record

_WORDS: tuple[Literal["latest", "recommended"], ...] = ("latest", "recommended")
#: Devices that one message names.
_NAMED = 5


@dataclass(frozen=True)
class VersionName:
    """A version as it was declared."""

    text: str
    kind: Literal["exact", "range", "latest", "recommended"]

    @property
    def is_word(self) -> bool:
        """Whether it is left to the server which version that is."""
        return self.kind in _WORDS

    def choose(self, versions: Sequence[str], *, recommended: str | None) -> str | None:
        """The version that is meant.

        :param versions: those there are, the highest first.
        :param recommended: the one that is fit for everybody.
        """
        if self.kind == "latest":
            return versions[0] if versions else None
        if self.kind == "recommended":
            return recommended
        if self.kind == "range":
            return os_version.max_satisfying(versions, self.text)
        return next((known for known in versions if os_version.compare(known, self.text) == 0), None)

    def missing(self, what: str, versions: Sequence[str]) -> DeclarationError:
        """The error of a version that there is not."""
        known = listed(versions, _NAMED, more=" …") or "none"
        return DeclarationError(f"version '{self.text}' matches no {what} (available: {known})")


def read_version_name(text: Any, option: str) -> VersionName:
    """Understand what an option says.

    :raises DeclarationError: it says nothing that can be a version.
    """
    name = str(text).strip()
    if name in _WORDS:
        return VersionName(name, "latest" if name == "latest" else "recommended")
    if os_version.parse(name) is not None:
        return VersionName(name, "exact")
    if not any(character.isdigit() for character in name):
        raise DeclarationError(
            f"{option} '{name}' is not a version: give an exact one, a range such as ^6.0, latest, or recommended"
        )
    return VersionName(name, "range")


def refuse_all(what: str, wanted: VersionName, judged: Sequence[tuple[Record, str | None]]) -> None:
    """Refuse a declaration that some of the devices cannot follow, before any of them is touched.

    :param judged: each device, and what is wrong with it, if something is.
    :raises DeclarationError: names the devices and the reasons.
    """
    bad = [f"{called(row['uuid'], row['device_name'])}: {problem}" for row, problem in judged if problem]
    if bad:
        raise DeclarationError(
            f"{len(bad)} of {len(judged)} devices cannot get {what} {wanted.text}, and nothing was changed: "
            + listed(bad, _NAMED, between="; ", more="; and {} more")
        )
