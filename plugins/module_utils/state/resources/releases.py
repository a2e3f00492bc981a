# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases of an application."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..plan import DeclarationError
from ..reading import Record, all_of
from ..selector import need_application

if TYPE_CHECKING:
    from ...sdk import Balena

COLUMNS = ("id", "commit", "raw_version", "belongs_to__application")

_COMMIT = re.compile(r"[0-9a-f]{7,40}")


def find(
    balena: Balena,
    name: str | int,
    application: str | int | None = None,
    *,
    select: Sequence[str] = (),
    expand: Mapping[str, Any] | None = None,
) -> Record:
    """The release that an option names.

    :param name: id, commit, the first seven or more digits of it, or version (C(1.2.3), a draft's C(1.2.3-1700000)).
    :param application: only releases of this application; needed to find one by its version.
    :raises DeclarationError: there is none, or the name is that of several.
    """
    options: dict[str, Any] = {"$select": list(dict.fromkeys([*COLUMNS, *select]))}
    if expand:
        options["$expand"] = dict(expand)
    home = need_application(balena, application) if application else None
    text = str(name).strip()
    ways: list[dict[str, Any]] = [{"id": name}] if isinstance(name, int) else []
    if not ways and _COMMIT.fullmatch(text.lower()):
        ways.append({"commit": {"$startswith": text.lower()}})
    if not isinstance(name, int) and home:
        ways.append({"raw_version": text})
    if not ways:
        raise DeclarationError(f"application is needed to find release '{name}' by its version")
    within = {"belongs_to__application": home["id"]} if home else None
    rows = balena.pine.get("release", options={**options, "$filter": all_of({"$or": ways}, within)})
    exact = [row for row in rows if text in (row["commit"], row["raw_version"])] or rows
    where = f" of application '{home['slug']}'" if home else ""
    if not exact:
        raise DeclarationError(f"release '{name}'{where} does not exist, or the token may not see it")
    if len(exact) > 1:
        several = ", ".join(sorted(f"{row['commit']} ({row['raw_version']})" for row in exact))
        raise DeclarationError(f"release '{name}'{where} is ambiguous: {several}")
    found: Record = exact[0]
    return found
