# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a large set of rows page by page, in the order of their ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .errors import BalenaUsageError

Rows = list[dict[str, Any]]


def pages_by_id(read: Callable[[dict[str, Any]], Rows], options: Mapping[str, Any] | None, size: int) -> Iterator[Rows]:
    """Yield pages of rows, each as soon as it is there.

    Args:
        read: returns the rows that OData options let through.
        options: OData options that do not order or number rows themselves.
        size: rows in each page.

    Raises:
        BalenaUsageError: options that do not go together with paging.
    """
    options = dict(options or {})
    if refused := {"$orderby", "$top", "$skip", "$count"} & set(options):
        raise BalenaUsageError(f"get_all pages by id and cannot be combined with {', '.join(sorted(refused))}")
    select, wanted = _select_with_id(options.get("$select"))
    last: int | None = None
    while True:
        conditions = [options.get("$filter"), None if last is None else {"id": {"$gt": last}}]
        page_filter = [condition for condition in conditions if condition]
        page_options = {**options, "$orderby": "id asc", "$top": size}
        page_options["$filter"] = {"$and": page_filter} if len(page_filter) > 1 else (page_filter or [None])[0]
        if select is not None:
            page_options["$select"] = select
        page = read(page_options)
        last = page[-1]["id"] if page else None
        yield page if wanted else [{name: value for name, value in row.items() if name != "id"} for row in page]
        if len(page) < size:
            return


def _select_with_id(select: Any) -> tuple[Any, bool]:
    """Return ``$select`` with the ``id`` that paging needs, and whether the caller wants to see it."""
    names = select.split(",") if isinstance(select, str) else select
    if not names or "*" in names or "id" in names:
        return select, True
    return ["id", *names], False
