# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge the caller's OData options into a method's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._text import type_name
from .errors import BalenaUsageError

PineOptions = Mapping[str, Any]


def merge_options(
    defaults: PineOptions | None, extras: PineOptions | None, replace_selects: bool = False
) -> dict[str, Any]:
    """Return ``defaults`` extended by ``extras``; neither is changed.

    ``$select`` is appended (``*`` replaces), ``$filter`` is joined with *and*, ``$expand`` is merged in the same way
    level by level, and ``$orderby``, ``$top`` and ``$skip`` of ``extras`` win. Other ``$`` options of ``extras``, such
    as ``$count``, have no meaning beside defaults and are left out.

    Args:
        defaults: options that a method has of itself.
        extras: options that the caller gave; ``None`` for none.
        replace_selects: let a ``$select`` of ``extras`` replace the other one, on every level.

    Raises:
        BalenaUsageError: ``extras`` has a key that is not an option, or a value that an option cannot have.
    """
    for options in (defaults, extras):
        if options is not None and not isinstance(options, Mapping):
            raise BalenaUsageError(f"Pine options must be a dict, not {type_name(options)}")
    merged: dict[str, Any] = dict(defaults or {})
    for name, value in (extras or {}).items():
        if name == "$select":
            merged[name] = _merge_select(merged.get(name), value, replace_selects)
        elif name == "$filter":
            _merge_filter(merged, value)
        elif name == "$expand":
            merged[name] = _merge_expand(merged.get(name), value, replace_selects)
        elif name in ("$orderby", "$top", "$skip"):
            merged[name] = value
            continue
        elif isinstance(name, str) and name.startswith("$"):
            continue
        else:
            raise BalenaUsageError(f"Unknown pine option: {name}")
        if merged.get(name) is None:
            merged.pop(name, None)
    return merged


def _merge_select(own: Any, extra: Any, replace: bool) -> Any:
    if extra is None or extra == "*":
        return own if extra is None else extra
    extra = list(extra) if isinstance(extra, (list, tuple)) else [extra]
    if own is None or replace:
        return extra
    return (list(own) if isinstance(own, (list, tuple)) else [own]) + extra


def _merge_filter(merged: dict[str, Any], extra: Any) -> None:
    if not extra:
        return
    merged["$filter"] = {"$and": [merged["$filter"], extra]} if merged.get("$filter") else extra


def _merge_expand(own: Any, extra: Any, replace_selects: bool) -> Any:
    if not own or not extra:
        return own or extra
    merged = _as_dict(own)
    for name, options in _as_dict(extra).items():
        merged[name] = merge_options(merged.get(name), options, replace_selects)
    return merged


def _as_dict(expand: Any) -> dict[str, Any]:
    """Return any form of ``$expand`` (text, list, dict) as a dict of options."""
    if isinstance(expand, str):
        return {expand: {}}
    if isinstance(expand, Mapping):
        return dict(expand)
    if not isinstance(expand, (list, tuple)):
        raise BalenaUsageError(f"'$expand' must be text, a list or a dict, not {type_name(expand)}")
    merged: dict[str, Any] = {}
    for item in expand:
        merged.update(_as_dict(item))
    return merged
