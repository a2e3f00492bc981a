# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How values are written in messages and in values that the API stores as text."""

from __future__ import annotations

from typing import Any


def js_text(value: Any) -> str:
    """Return ``value`` as the reference writes it: ``null``, ``true``, ``1,2``, ``[object Object]``.

    The API stores the values of tags and variables as text. All SDKs share that text, so ``True`` must
    become ``true`` and ``5.0`` must become ``5`` here too.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return ",".join("" if item is None else js_text(item) for item in value)
    if isinstance(value, dict):
        return "[object Object]"
    return str(value)


def type_name(value: Any) -> str:
    """Return what a value of a wrong type is called in a message, without telling the value: ``a dict``."""
    if value is None or isinstance(value, bool):
        return js_text(value)
    name = {str: "text", int: "a whole number", float: "a number", bytes: "bytes"}.get(type(value))
    if name is None and isinstance(value, (list, tuple)) and value:
        return f"a {type(value).__name__} of {', '.join(dict.fromkeys(type(item).__name__ for item in value))}"
    return name or f"a {type(value).__name__}"
