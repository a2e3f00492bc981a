# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of the API where ansible-core cannot keep it apart from templates.

From 2.19 on ansible-core takes no text for a template that does not come from a playbook. Before that it marks values
that are none, but

- it does not look at the keys of a dict: C(tags | to_json) of a tag with C({{ ... }}) as its key is a template;
- it does not look at what is read through C(hostvars): C(map('extract', hostvars, 'balena_note') | join) is one too.

There such text is written with percent signs (C(%7B%7B) for the two braces), which the filter C(urldecode) takes back.
The values of variables and documents that tasks return stay as they are, marked by ansible-core: only people who manage
the fleet can set them, and the next task may write them to a device.

A document must say exactly which tags and services there are, or applying it would replace them; and devices can set
their own tags. So those that look like templates are a list there, whose items say that they are written so:
C({key_urlencoded: '%7B%7Bx%7D%7D', value: text}). The module that takes documents reads both forms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.ansible_release import __version__

from .engine.wording import counted

#: Whether no text but a playbook's is a template.
IS_NEEDED = tuple(int(part) for part in __version__.split(".")[:2]) < (2, 19)

#: What begins a template, the first half of it at the end of a text, or the line that gives templates other marks.
_VALUE = re.compile(r"\{[{%#]|\{\s*\Z|#jinja2")
#: A key of which a template can become the beginning, whatever it is joined to: nothing marks it as a value is marked.
_KEY = re.compile(r"\{|\A\s*[%#]|#jinja2")
#: What a fleet's managers have set for it to be used as it is.
_MANAGED = frozenset({"config_variables", "diff", "document", "invocation", "value", "variables"})
#: Parts of a document whose keys can be any text.
_LISTED = ("tags", "services")
_WRITTEN = str.maketrans({character: f"%{ord(character):02X}" for character in "{}%#+"})


def inert_text(text: str) -> str:
    """A value as it may be in an inventory."""
    return text.translate(_WRITTEN) if _VALUE.search(text) else text


def inert_key(key: str) -> str:
    """A key as it may be anywhere."""
    return key.translate(_WRITTEN) if _KEY.search(key) else key


def inert(value: Any, changed: list[str], *, values: bool) -> Any:
    """A value of plain JSON with all keys, and if asked for all values, as ansible-core before 2.19 may have them.

    :param changed: gets the texts that are written in another way.
    """
    if isinstance(value, str):
        return _noted(value, inert_text(value), changed) if values else value
    if isinstance(value, Mapping):
        return {_key(key, changed): inert(item, changed, values=values) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [inert(item, changed, values=values) for item in value]
    return value


def inert_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a task returns, with keys and texts that are not templates, and one warning if that changed any."""
    if not IS_NEEDED:
        return dict(result)
    changed: list[str] = []
    found: dict[str, Any] = _inert_result(result, changed)
    if changed:
        found["warnings"] = [*found.get("warnings", ()), warning(changed)]
    return found


def _inert_result(value: Any, changed: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            _key(key, changed): _managed(key, item, changed) if key in _MANAGED else _inert_result(item, changed)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_inert_result(item, changed) for item in value]
    return inert(value, changed, values=True)


def _managed(name: str, value: Any, changed: list[str]) -> Any:
    return inert(_with_pairs(value) if name == "document" else value, changed, values=False)


def _with_pairs(value: Any) -> Any:
    """A document whose tags and services are lists where one of them looks like a template."""
    if isinstance(value, Mapping):
        return {name: _pairs(item) if name in _LISTED else _with_pairs(item) for name, item in value.items()}
    return [_with_pairs(item) for item in value] if isinstance(value, (list, tuple)) else value


def _pairs(named: Any) -> Any:
    if not isinstance(named, Mapping) or not any(map(_is_awkward, (*named, *named.values()))):
        return named
    return [{**_part("key", key), **_part("value", value)} for key, value in named.items()]


def _is_awkward(text: Any) -> bool:
    return isinstance(text, str) and bool(_KEY.search(text))


def _part(name: str, value: Any) -> dict[str, Any]:
    if _is_awkward(value):
        return {f"{name}_urlencoded": value.translate(_WRITTEN)}
    return {name: value}


def warning(changed: list[str]) -> str:
    """Says which texts are written in another way, why, and how to get them back."""
    different = list(dict.fromkeys(changed))
    who = counted(
        len(different),
        "text from the API looks like a template and is written",
        "texts from the API look like templates and are written",
    )
    return (
        f"{who} with percent signs, because ansible-core before 2.19 could run them; the filter"
        " urldecode takes that back. The first is"
        f" {inert_key(different[0])[:80]!r}"
    )


def _key(key: Any, changed: list[str]) -> Any:
    return _noted(key, inert_key(key), changed) if isinstance(key, str) else key


def _noted(before: str, after: str, changed: list[str]) -> str:
    if after is not before:
        changed.append(before)
    return after
