# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill in the templates inside contracts: the part of the Handlebars language that contracts use.

Known are ``{{path}}`` (escaped for HTML), ``{{{path}}}`` (as it is), ``{{resolveContractAlias path}}``,
``{{#each path}}…{{/each}}`` and ``{{#if path}}…{{else}}…{{/if}}``. A path is ``name``, ``data.media.altBoot.[0]`` or
``this``. Anything else is an error, not silently empty text.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

from ._text import js_text
from .errors import BalenaError

_TAG = re.compile(r"\{\{\{\s*(?P<raw>.+?)\s*\}\}\}|\{\{\s*(?P<tag>.+?)\s*\}\}", re.DOTALL)
_PATH = re.compile(r"(?:this|[^\s.\[\]{}#/!&>^]+|\[[^\]]*\])(?:\.(?:[^\s.\[\]{}#/]+|\[[^\]]*\]))*")
_SEGMENT = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "`": "&#x60;", "=": "&#x3D;"}
)
_ALIASES = {"sdcard": "SD card", "usb_mass_storage": "USB key"}

_Render = Callable[[Any], str]


def escape(value: Any) -> str:
    """Write a value for HTML text; None is empty."""
    return "" if value is None else js_text(value).translate(_ESCAPES)


def resolve_alias(slug: Any) -> Any:
    """Return what people call a storage medium (``sdcard`` is an "SD card"); other values as they are."""
    return _ALIASES.get(slug, slug) if isinstance(slug, str) else slug


def look_up(context: Any, path: str) -> Any:
    """Return what `path` leads to from `context`; None where it leads nowhere."""
    for bracketed, plain in _SEGMENT.findall(path):
        segment = bracketed or plain
        if segment == "this":
            continue
        if isinstance(context, dict):
            context = context.get(segment)
        elif isinstance(context, list) and segment.isdigit() and int(segment) < len(context):
            context = context[int(segment)]
        else:
            return None
    return context


def _path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise BalenaError(f"Cannot read the template expression '{text}' in a contract")
    return text


def _value(expression: str) -> Callable[[Any], Any]:
    helper, _space, argument = expression.partition(" ")
    if helper == "resolveContractAlias":
        path = _path(argument.strip())
        return lambda context: resolve_alias(look_up(context, path))
    path = _path(expression)
    return lambda context: look_up(context, path)


def _each(path: str, body: _Render) -> _Render:
    def render(context: Any) -> str:
        items = look_up(context, path)
        values = items.values() if isinstance(items, dict) else items if isinstance(items, list) else ()
        return "".join(body(item) for item in values)

    return render


def _if(path: str, body: _Render, otherwise: _Render) -> _Render:
    def render(context: Any) -> str:
        condition = look_up(context, path)
        # as in JavaScript, an object is true even when it is empty
        return body(context) if condition or isinstance(condition, dict) else otherwise(context)

    return render


def _tag(expression: str, pieces: Iterator[re.Match[str] | str]) -> _Render:
    """Compile one ``{{…}}`` and, if it opens a block, everything up to its end."""
    if expression.startswith("#each "):
        body, _end = _compile(pieces, ("/each",))
        return _each(_path(expression[6:].strip()), body)
    if expression.startswith("#if "):
        body, end = _compile(pieces, ("/if", "else"))
        otherwise: _Render = _compile(pieces, ("/if",))[0] if end == "else" else lambda context: ""
        return _if(_path(expression[4:].strip()), body, otherwise)
    value = _value(expression)
    return lambda context: escape(value(context))


def _raw(expression: str) -> _Render:
    value = _value(expression)

    def render(context: Any) -> str:
        found = value(context)
        return "" if found is None else js_text(found)

    return render


def _text(piece: str) -> _Render:
    return lambda context: piece


def _compile(pieces: Iterator[re.Match[str] | str], ends: tuple[str, ...]) -> tuple[_Render, str]:
    """Compile until one of `ends`; return the renderer and the end that was met (empty at the end of the text)."""
    parts: list[_Render] = []
    end = ""
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(_text(piece))
        elif piece["raw"] is not None:
            parts.append(_raw(piece["raw"]))
        elif piece["tag"] in ends:
            end = piece["tag"]
            break
        else:
            parts.append(_tag(piece["tag"], pieces))
    if ends and not end:
        raise BalenaError(f"A template in a contract lacks {{{{{ends[0]}}}}}")
    return (lambda context: "".join(part(context) for part in parts)), end


def _pieces(template: str) -> Iterator[re.Match[str] | str]:
    position = 0
    for match in _TAG.finditer(template):
        yield template[position : match.start()]
        yield match
        position = match.end()
    yield template[position:]


def render(template: str, context: Any) -> str:
    """Fill in one template with the values of `context`; raises BalenaError for what it cannot read."""
    return _compile(_pieces(template), ())[0](context)


def lines(texts: list[str]) -> list[str]:
    """Split texts into lines, without outer blanks and without empty lines."""
    return [line.strip() for text in texts for line in text.split("\n") if line.strip()]


def _fill_in(partials: dict[str, Any], contract: dict[str, Any]) -> None:
    for name, partial in partials.items():
        if isinstance(partial, list):
            partials[name] = lines([render(template, contract) for template in partial])
        elif isinstance(partial, dict):
            _fill_in(partial, contract)


def fill_in_partials(contract: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a contract with the templates of its `partials` filled in from the contract itself.

    Partials are filled in one after the other, so that a later one can use the text of an earlier one.
    """
    filled = copy.deepcopy(contract)
    _fill_in(filled.get("partials") or {}, filled)
    return filled
