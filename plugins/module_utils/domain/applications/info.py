# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications, as balena_application_info returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ...engine.plan import DeclarationError
from .. import read_more
from ..options import ReadMore, Selection
from ..query import all_of
from ..rows import read_rows, user_condition
from ..selector import APPLICATION_COLUMNS, named_application
from ..tag_conditions import tag_conditions, wanted_tags
from .plan import describe, reading

if TYPE_CHECKING:
    from ...sdk import Balena


class Want(Selection, ReadMore):
    """The options of the module balena_application_info; its option C(class) is a keyword of Python."""

    application: str | None
    organization: str | None


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """The applications that fit all options, in one request; ordered by slug.

    :param want: the options of the module balena_application_info.
    :raises DeclarationError: there is none, and C(allow_empty) does not say that this is fine.
    """
    asked = read_more.wanted(want)
    kind = cast("dict[str, Any]", want)["class"]
    ours = all_of(
        named_application(want["application"]) if want["application"] else None,
        {"organization": {"handle": want["organization"]}} if want["organization"] else None,
        {"is_of__class": kind} if kind else None,
        *tag_conditions(wanted_tags(want), "application_tag"),
    )
    theirs = user_condition(want["filter"])
    own = reading()
    columns = asked.select([*APPLICATION_COLUMNS, *own["select"]])
    with asked.reading():
        rows = read_rows(
            balena, "application", ours, theirs=theirs, select=columns, expand=asked.expansions(own["expand"])
        )
    if not rows and not want["allow_empty"]:
        raise DeclarationError("the options select no application; say allow_empty: true if that can be")
    rows.sort(key=lambda row: row["slug"])
    return {"applications": [{**describe(row), **asked.given(row)} for row in rows]}
