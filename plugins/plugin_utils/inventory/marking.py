# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand data of the API to Ansible so that it is never templated, and yet prints as plain strings.

Whoever may name a device must not run code on the controller. ansible-core has two ways to say "not a template":

- Before 2.19 every string is a template unless it is wrapped as unsafe. A wrapped one prints as
  C({"__ansible_unsafe": "..."}).
- From 2.19 on no string is a template unless it is tagged as trusted. One without the tag prints as
  C({"__ansible_unsafe": "..."}).

So harmless strings are left alone (before 2.19) or tagged (from 2.19 on), and all others are wrapped or left alone.
Harmless means: nothing in Ansible can make a template of the string, nor run something out of it.
"""

from __future__ import annotations

import re
from typing import Any

from ansible.utils.unsafe_proxy import wrap_var
from jinja2 import Environment, TemplateError, nodes
from jinja2.parser import Parser

try:
    from ansible.template import trust_as_template as mark_harmless

    #: Whether strings are not templates unless tagged, as from ansible-core 2.19 on.
    DATA_TAGGING = True
except ImportError:
    DATA_TAGGING = False

    def mark_harmless(text: str) -> str:
        """Leave the text as it is."""
        return text


#: What begins or ends a template; C(#jinja2:) at the start of a string changes these very marks.
_TEMPLATE = re.compile(r"\{[{%#]|[}%#]\}|#jinja2")
#: Whether a string needs a closer look at all. Backslashes matter because C(from_yaml) hands trust on to what it
#: decodes, and C("\x7b\x7b") decodes to an opening mark; brackets and pipes because C(when: "{{ note }}") evaluates
#: what the note says, and an expression needs a call or a filter to do anything.
_CONSPICUOUS = re.compile(r"[{}\\(|#]")
_JINJA = Environment(autoescape=False)  # noqa: S701 - parses only, renders nothing


def is_harmless(text: str) -> bool:
    """Whether nothing can make a template or a call of the text, however it is used afterwards."""
    if not _CONSPICUOUS.search(text):
        return DATA_TAGGING or not text.startswith("%")
    if "\\" in text or _TEMPLATE.search(text):
        return False
    if not DATA_TAGGING and _could_become_a_template(text):
        return False
    return not (("(" in text or "|" in text) and _is_active_expression(text))


def _could_become_a_template(text: str) -> bool:
    """Joined to another string it could form a mark: before 2.19 the sum of two plain strings is a template."""
    return "{" in text or text.startswith(("%", "#"))


def _is_active_expression(text: str) -> bool:
    """Whether the text, taken as a Jinja expression, is well-formed and calls or filters something."""
    try:
        parser = Parser(_JINJA, text.strip(), state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            return False
    except (TemplateError, RecursionError):
        return False
    found = [expression, *expression.find_all(nodes.Expr)]
    return any(isinstance(node, (nodes.Call, nodes.Filter)) for node in found)


def mark(value: Any) -> Any:
    """A value of the API's JSON as host variables take it; containers are copied, other types stay as they are."""
    if isinstance(value, str):
        return _mark_text(value)
    if isinstance(value, dict):
        if DATA_TAGGING or all(is_harmless(key) for key in value):
            return {key: mark(item) for key, item in value.items()}
        # Before 2.19 ansible-core looks at values alone: one that is not a template keeps it from templating the keys.
        return {wrap_var(key): wrap_var(item) for key, item in value.items()}
    if isinstance(value, list):
        return [mark(item) for item in value]
    return value


def mark_composed(value: Any) -> Any:
    """A value that an expression made of others. Its strings have no tag any more, so harmless ones get it back."""
    if not DATA_TAGGING:
        return value  # here ansible-core has wrapped it already if anything that it was made of was wrapped
    if isinstance(value, str):
        return mark_harmless(value) if is_harmless(value) else value
    if isinstance(value, dict):
        return {key: mark_composed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [mark_composed(item) for item in value]
    return value


def _mark_text(text: str) -> str:
    marked: str = mark_harmless(text) if is_harmless(text) else wrap_var(text)
    return marked


def is_all_harmless(value: Any) -> bool:
    """Whether C(mark) changes nothing in the value: all strings in it, keys too, are harmless."""
    if isinstance(value, str):
        return is_harmless(value)
    if isinstance(value, dict):
        return all(is_harmless(key) and is_all_harmless(item) for key, item in value.items())
    return not isinstance(value, list) or all(is_all_harmless(item) for item in value)
