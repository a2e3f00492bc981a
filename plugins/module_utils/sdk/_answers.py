# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an answer is one that a balena API gives.

A proxy, a captive portal or another program at the same address answers with status 200 too. So an answer is looked at
where it comes in, once for all: nothing that reads rows has to be ready for a web page, and no write counts as made
because something else said "OK, here is our log-in page".
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import BalenaInvalidResponseError

#: What an answer without rows can be required to be: see :func:`check_body`.
SHAPES = (None, "object", "row", "list", "objects", "text", "done")

#: Columns that hold text wherever they are, and never null.
_TEXT = frozenset(
    ("app_name", "handle", "is_referenced_by__alias", "raw_version", "service_name", "slug", "tag_key", "uuid", "value")
)
#: Columns that hold text or null.
_TEXT_OR_NULL = frozenset(
    "api_heartbeat_state commit created_at description device_name email expiry_date install_date ip_address"
    " is_finalized_at__date last_connectivity_event last_update_status_event last_vpn_event mac_address"
    " modified_at name note os_variant os_version overall_status phase public_address public_key semver status"
    " supervisor_version title update_status username".split()
)
#: Columns that hold true, false or null.
_TRUTH = frozenset(
    "is_active is_archived is_connected_to_vpn is_final is_host is_invalidated is_online is_passing_tests is_public"
    " is_undervolted is_web_accessible should_track_latest_release".split()
)
#: Columns that hold a number or null.
_NUMBERS = frozenset(
    "api_port cpu_temp cpu_usage download_progress memory_total memory_usage overall_progress provisioning_progress"
    " revision semver_major semver_minor semver_patch storage_total storage_usage".split()
)
#: Columns that hold a number, written as one or as text, or null.
_COORDINATES = frozenset(("custom_latitude", "custom_longitude", "latitude", "longitude"))
#: Columns that hold a large whole number, which the API writes as text, or null.
_SIZES = frozenset({"image_size"})
#: Columns that hold an object of their own.
_OBJECTS = frozenset("asset composition contract logo logo_image version".split())
#: Columns without two underscores in a row that refer to another row.
_REFERENCES = frozenset(
    "actor application application_type device device_type image organization release release_image service"
    " service_install user".split()
)
_REFERRING = tuple(f"__{name}" for name in (*sorted(_REFERENCES), "cpu_architecture"))
#: Relations of a row that is seen that are seen too: everybody may read device types.
_NEVER_EMPTY = frozenset(("is_of__cpu_architecture", "is_of__device_type"))
#: References that every row has, and which are never null.
_NEEDED = frozenset(
    "actor application belongs_to__application device image installs__image installs__service is_a_build_of__service"
    " is_for__device_type is_of__cpu_architecture is_of__device_type is_provided_by__release organization service"
    " service_install".split()
)


def where(method: str, url: str) -> str:
    """Name a request in a message, without its query, which may be long."""
    parts = urllib.parse.urlsplit(url)
    host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""
    return f"{method} {host}{parts.path}"


def is_web_page(content: bytes, kind: str) -> bool:
    """Whether an answer is made for a browser."""
    if kind.lower().startswith(("text/html", "application/xhtml")):
        return True
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def not_an_api(request: str, what: str) -> BalenaInvalidResponseError:
    """Build the error for an answer that no balena API gives."""
    return BalenaInvalidResponseError(
        f"{request} was answered with {what}: this is not a balena API. "
        "Check api_url, and whether a proxy or a log-in page is in between"
    )


def check_body(body: Any, shape: str | None, request: str) -> None:
    """Refuse an answer that is not what its request asks for.

    Args:
        body: what came.
        shape: ``object``, ``row`` (one with an id), ``list``, ``objects`` (a list of them), ``text`` (a word, such as a
            key or a token) or ``done`` (a write: nothing, or "OK"); None takes everything.
        request: the request in words, see :func:`where`.

    Raises:
        BalenaInvalidResponseError: it is something else.
    """
    if shape in ("object", "row"):
        fits = isinstance(body, dict) and (shape == "object" or ("id" in body and _fits("id", body["id"])))
    elif shape in ("list", "objects"):
        fits = isinstance(body, list) and (shape == "list" or all(isinstance(item, dict) for item in body))
    elif shape == "text":
        fits = isinstance(body, str) and body.isprintable() and len(body.split()) == 1
    else:
        fits = shape is None or body in ("", None, b"") or (isinstance(body, str) and body.strip() == "OK")
    if not fits:
        raise not_an_api(request, describe(body))


def describe(body: Any) -> str:
    """Say what kind of thing came, without repeating it: it may hold what was sent."""
    if body is None or body in ("", b""):
        return "nothing"
    if isinstance(body, dict):
        return "another object" if body else "an empty object"
    if isinstance(body, (list, bytes)):
        return "a list" if isinstance(body, list) else "bytes"
    if isinstance(body, bool):
        return str(body).lower()
    return "a number" if isinstance(body, (int, float)) else "some text"


def rows_of(body: Any, options: Mapping[str, Any] | None, request: str) -> Any:
    """Return the rows (or their number) out of an answer to a read.

    Args:
        body: what came.
        options: the OData options of the request: every row must have what they ask for.
        request: the request in words, see :func:`where`.

    Raises:
        BalenaInvalidResponseError: there are none, or they are no rows.
    """
    if not isinstance(body, dict) or body.get("d") is None:
        raise not_an_api(request, "something that has no rows")
    rows = body["d"]
    if "$count" in (options or {}):
        if not isinstance(rows, int) or isinstance(rows, bool):
            raise not_an_api(request, "something other than a number")
        return rows
    if isinstance(rows, dict):
        check_rows([rows], options, request)
    elif isinstance(rows, list):
        check_rows(rows, options, request)
    else:
        raise not_an_api(request, "something that has no rows")
    return rows


def check_rows(rows: list[Any], options: Mapping[str, Any] | None, request: str) -> None:
    """Refuse rows that lack what was asked for, or hold something else than their columns can.

    Raises:
        BalenaInvalidResponseError: names the column.
    """
    selected = _names((options or {}).get("$select"))
    expanded = _expanded((options or {}).get("$expand"))
    wanted = frozenset((*selected, *expanded))
    for row in rows:
        if not isinstance(row, dict):
            raise not_an_api(request, "rows that are not objects")
        if not wanted <= row.keys():
            raise not_an_api(request, f"rows without {', '.join(sorted(wanted - row.keys()))}")
        for name, value in row.items():
            fits = _fits(name, value, name in selected)
            if name == "name" and "value" in row:  # a variable always has a name; an API key need not have one
                fits = isinstance(value, str)
            if name in expanded:
                fits = _is_expanded(name, value, counted="$count" in expanded[name])
            if not fits:
                raise not_an_api(request, f"rows whose {name} is {describe(value)}")
    for name, inner in expanded.items():
        for row in rows if "$count" not in inner else ():
            check_rows(row[name], inner, request)


def _is_expanded(name: str, value: Any, *, counted: bool = False) -> bool:
    """Whether a relation can hold a value: rows, or their number where that was asked for."""
    if counted:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, list) and (bool(value) or name not in _NEVER_EMPTY)


def _fits(name: str, value: Any, selected: bool = False) -> bool:
    """Whether a column can hold a value; one that was selected holds no rows."""
    if name == "id":
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    if name in _TEXT:
        return isinstance(value, str)
    if value is None:
        return name not in _NEEDED
    if name in _TEXT_OR_NULL:
        return isinstance(value, str)
    if name in _TRUTH:
        return isinstance(value, bool)
    if name in _NUMBERS:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(value, dict) and ("__id" in value or name in _REFERENCES or "__" in name):
        return _fits("id", value.get("__id"))
    if name in _REFERENCES or name.endswith(_REFERRING):
        return isinstance(value, list) and not selected
    if name in _SIZES:
        return str(value).isascii() and str(value).isdigit()
    if name in _COORDINATES:
        return isinstance(value, (str, int, float))
    return not selected or name in _OBJECTS or not isinstance(value, (dict, list))


def _names(select: Any) -> Iterable[str]:
    """The columns of a ``$select`` in any of its forms."""
    items = select.split(",") if isinstance(select, str) else select or ()
    return [name.strip() for name in items if isinstance(name, str) and name.strip().isidentifier()]


def _expanded(expand: Any) -> dict[str, Mapping[str, Any]]:
    """What an ``$expand`` in any of its forms asks for, with the options of each."""
    if isinstance(expand, str):
        return {} if "(" in expand else {name: {} for name in _names(expand)}
    if isinstance(expand, Mapping):
        return {
            name: options if isinstance(options, Mapping) else {}
            for name, options in expand.items()
            if name.isidentifier()
        }
    found: dict[str, Mapping[str, Any]] = {}
    for item in expand or ():
        found.update(_expanded(item))
    return found
