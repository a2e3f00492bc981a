# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring OData text into one form, so that only what means something different is different.

Some recordings keep the keys of dicts in alphabetical order, so the order in which a program wrote the conditions of a
filter or the items of ``$expand`` is not known; it means nothing to the server either. Nor do parentheses that say what
precedence says already, which one version writes and another does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Tree = str | tuple[object, ...]
_OPEN, _CLOSE = "(", ")"


def same_option(name: str, recorded: str, ours: str) -> bool:
    """Compare the decoded text of one query option."""
    return recorded == ours or normal_option(name, recorded) == normal_option(name, ours)


def same_path(recorded: str, ours: str) -> bool:
    """Compare decoded paths; the parts of a natural key may come in any order."""
    return recorded == ours or normal_path(recorded) == normal_path(ours)


def normal_path(path: str) -> Tree:
    """Return the path with the parts of its key sorted."""
    if not path.endswith(_CLOSE) or _OPEN not in path:
        return path
    start = path.index(_OPEN)
    return (path[:start], *sorted(split(path[start + 1 : -1], ",")))


def normal_option(name: str, text: str) -> Tree:
    """Return a form in which equal options are equal."""
    if name == "$filter":
        return _normal_condition(text)
    if name == "$expand":
        return ("expand", *sorted((_normal_expand(item) for item in split(text, ",")), key=repr))
    return text


def split(text: str, separator: str) -> list[str]:
    """Split where ``separator`` is outside of parentheses and quotes."""
    parts, depth, quoted, start, at = [], 0, False, 0, 0
    while at < len(text):
        letter = text[at]
        if letter == "'":
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == _OPEN else -1
        elif not quoted and depth == 0 and text.startswith(separator, at):
            parts.append(text[start:at])
            start = at = at + len(separator)
            continue
        at += 1
    return [*parts, text[start:]]


def _normal_condition(text: str) -> Tree:
    text = text.strip()
    for word in ("or", "and"):  # "or" binds less tightly
        parts = split(text, f" {word} ")
        if len(parts) > 1:
            different = {repr(part): part for part in _flat(word, (_normal_condition(part) for part in parts))}
            terms = [different[text] for text in sorted(different)]
            return (word, *terms) if len(terms) > 1 else terms[0]
    if text.startswith(_OPEN) and _closes_at_end(text):
        return _normal_condition(text[1:-1])
    if " in " in text and len(listed := split(text, " in ")) > 1:
        return ("in", listed[0], *(item.strip() for item in split(listed[1].strip()[1:-1], ",")))
    if text.endswith(_CLOSE) and _OPEN in text:
        return _normal_call(text)
    return text


def _flat(word: str, parts: Iterable[Tree]) -> Iterator[Tree]:
    """An ``and`` of conditions that are joined by ``and`` is one ``and`` of them all, each of them once."""
    for part in parts:
        if isinstance(part, tuple) and part[0] == word:
            yield from part[1:]  # type: ignore[misc]
        else:
            yield part


def _closes_at_end(text: str) -> bool:
    depth, quoted = 0, False
    for at, letter in enumerate(text):
        quoted = not quoted if letter == "'" else quoted
        if not quoted and letter in "()":
            depth += 1 if letter == _OPEN else -1
            if depth == 0:
                return at == len(text) - 1
    return False


def _normal_call(text: str) -> Tree:
    """Look into ``x/any(a:…)``, ``x/all(a:…)`` and ``not(…)``; other calls stay as they are."""
    start = text.index(_OPEN)
    name, inner = text[:start], text[start + 1 : -1]
    if name.endswith(("/any", "/all")) and ":" in inner and _closes_at_end(text[start:]):
        alias, condition = inner.split(":", 1)
        return (name, alias, _normal_condition(condition))
    if name == "not" and _closes_at_end(text[start:]):
        return (name, _normal_condition(inner))
    return text


def _normal_expand(text: str) -> Tree:
    if not text.endswith(_CLOSE) or _OPEN not in text:
        return text
    start = text.index(_OPEN)
    options = [item.partition("=") for item in split(text[start + 1 : -1], ";")]
    return (text[:start], *sorted(((name, normal_option(name, value)) for name, _equals, value in options), key=repr))
