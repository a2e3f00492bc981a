# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was answered to a question of a survey, as it was written.

AWX hands an answer on as C(!unsafe 'text'). Up to ansible-core 2.18 that is the text. From 2.19 on, Ansible reads the
text once more as YAML, before a playbook sees it: C(yes) is true then, C(1.10) is 1.1, C(0123) is 83, C(2026-01-31) a
date, and an empty answer is null. What was written cannot be told from that, so an answer that is no text any more is
refused with the name of its question. In double quotes, which make it JSON, any text arrives.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import NativeJinjaUnsafeText, wrap_var

QUOTE = '"'
#: What Ansible makes of answers, as people call it.
KINDS = {bool: "a boolean", int: "a number", float: "a number", type(None): "nothing"}
WHY = "ansible-core 2.19 and newer read what AWX hands on once more as YAML, so what was written is lost"


def answered_text(answer: Any, question: str, empty: bool = False, numbers: bool = False) -> str:
    """Return an answer that is a name, a version or the like; in double quotes it is read as JSON.

    :param empty: whether it may be left empty.
    :param numbers: whether a whole number is meant as such, so that it does not have to be in quotes.
    :raises AnsibleFilterError: it is not text any more, or no JSON.
    """
    if empty and answer is None:
        return ""
    if numbers and isinstance(answer, int) and not isinstance(answer, bool):
        return str(answer)
    if not isinstance(answer, str):
        raise AnsibleFilterError(f"{_refused(answer, question)} Write the answer in double quotes, such as {_QUOTED}.")
    return _inert(_from_json(answer, question) if answer.strip().startswith(QUOTE) else answer)


def answered_list(answer: Any, question: str) -> list[Any]:
    """Return an answer of parts with commas between them: its whole numbers, and its other parts as text.

    :raises AnsibleFilterError: it is neither text nor a whole number any more.
    """
    parts = [part.strip() for part in answered_text(answer, question, empty=True, numbers=True).split(",")]
    return list(wrap_var([int(part) if part == _decimal(part) else part for part in parts if part]))


def answered_value(answer: Any, question: str, form: str = "text", form_question: str = "") -> str:
    """Return an answer that may be any text, also one in quotes; with the form C(JSON) it is read as JSON.

    :raises AnsibleFilterError: it is not text any more, or not JSON though it was said to be. The value is not shown.
    """
    if not isinstance(answer, str):
        hint = f"Choose JSON for '{form_question}', and write the value in double quotes, such as {_QUOTED}."
        raise AnsibleFilterError(f"{_refused(answer, question)} {hint}")
    return _inert(_from_json(answer, question) if form == "JSON" else answer)


_QUOTED = '"1.10"'


def _refused(answer: Any, question: str) -> str:
    kind = next((word for known, word in KINDS.items() if isinstance(answer, known)), "a date")
    return f"The answer to '{question}' did not arrive as text, but as {kind}: {WHY}."


def _from_json(answer: str, question: str) -> str:
    try:
        text = json.loads(answer)
    except ValueError:
        text = None
    if not isinstance(text, str):
        raise AnsibleFilterError(f"The answer to '{question}' is not text in double quotes as JSON has it.")
    return text


def _decimal(part: str) -> str:
    """Return a whole number as it is usually written, or nothing."""
    return str(int(part)) if part.isascii() and part.isdigit() else ""


def _inert(text: str) -> str:
    """Return text that is never taken for a template, nor, up to ansible-core 2.18, for a dictionary or a boolean."""
    marked: str = wrap_var(NativeJinjaUnsafeText(text))
    return marked


class FilterModule:
    """The filters of the project's playbooks."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by their names."""
        return {
            "answered_text": answered_text,
            "answered_list": answered_list,
            "answered_value": answered_value,
        }
