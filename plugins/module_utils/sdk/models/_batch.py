# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to many rows with few requests: read all and check all first, then write in chunks.

A URL has a limited length, so neither the reads nor the writes name all rows at once: 200 ids or 50 uuids each, or
what the SDK option ``request_batching_chunk_size`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from .. import errors
from .._chunks import chunks
from .._options import merge_options
from .._text import js_text
from ._ids import Kind, is_full_uuid
from ._namespace import Options, Row, is_id

if TYPE_CHECKING:
    from .. import Balena

T = TypeVar("T")


def ids_filter(rows: Sequence[Row]) -> Options:
    """Build the pine options that address exactly these rows."""
    return {"$filter": {"id": {"$in": [row["id"] for row in rows]}}}


def target_of(relation: str) -> Callable[[Row], Any]:
    """Build a ``group_by`` for :func:`in_batches`: the id of what a selected relation points to."""
    return lambda row: row[relation]["__id"]


def in_batches(
    sdk: Balena,
    kind: Kind,
    names: Any,
    *,
    parameter: str = "uuid_or_id_or_array",
    options: Options | None = None,
    group_by: Callable[[Row], Any] = lambda row: None,
) -> Iterator[tuple[Any, Sequence[Row]]]:
    """Find all rows that are named, and give them back in pieces that one write can address.

    Args:
        sdk: the SDK instance.
        kind: the kind of the rows.
        names: an id, a full uuid, or a list of either ids or full uuids.
        parameter: the argument that holds ``names``.
        options: pine options for the reads: what to select and expand besides ``id``.
        group_by: what must be equal for rows that are written together; see :func:`target_of`.

    Yields:
        What ``group_by`` gave for the rows, and the rows.

    Raises:
        BalenaInvalidParameterError: ``names`` is empty, mixes ids and uuids, or lists short uuids.
        BalenaError: a row does not exist (``BalenaDeviceNotFound`` ...). Nothing was written then.
    """
    _check_names(names, parameter)
    rows: list[Row] = []
    for where in _filters(sdk, names):
        defaults: Options = {"$select": ["id", "uuid"] if _are_uuids(names) else "id", "$filter": where}
        if kind.order:
            defaults["$orderby"] = kind.order
        rows += sdk.pine.get(kind.resource, options=merge_options(defaults, options))
    _check_found(kind, names, rows)
    for group, members in _grouped(rows, group_by).items():
        for chunk in chunks(members, sdk.options.chunk_sizes.numeric_id):
            yield group, chunk


def _are_uuids(names: Any) -> bool:
    return isinstance(names, (list, tuple)) and isinstance(names[0], str)


def _check_names(names: Any, parameter: str) -> None:
    if isinstance(names, (list, tuple)):
        if not names:
            raise errors.BalenaInvalidParameterError(parameter, names)
        if not (all(map(is_id, names)) or all(map(is_full_uuid, names))):
            raise errors.BalenaInvalidParameterError(parameter, names)
    elif names == "" or not (is_id(names) or isinstance(names, str)):
        raise errors.BalenaInvalidParameterError(parameter, names)


def _filters(sdk: Balena, names: Any) -> Iterator[Options]:
    """Build one filter for each read that is needed."""
    if isinstance(names, str):
        yield {"uuid": names}  # never the beginning of one: these rows are going to be changed
    elif is_id(names):
        yield {"id": names}
    else:
        sizes = sdk.options.chunk_sizes
        field, size = ("uuid", sizes.string_id) if _are_uuids(names) else ("id", sizes.numeric_id)
        for chunk in chunks(names, size):
            yield {field: {"$in": list(chunk)}}


def _check_found(kind: Kind, names: Any, rows: list[Row]) -> None:
    if not rows:
        raise kind.not_found(js_text(names))
    if isinstance(names, (list, tuple)):
        field = "uuid" if _are_uuids(names) else "id"
        found = {row[field] for row in rows}
        for name in names:
            if name not in found:
                raise kind.not_found(name)


def _grouped(rows: list[Row], group_by: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(group_by(row), []).append(row)
    return groups
