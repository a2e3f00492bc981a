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
import re
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import NativeJinjaUnsafeText, wrap_var

QUOTE = '"'
#: What Ansible makes of answers, as people call it.
KINDS = {bool: "a boolean", int: "a number", float: "a number", type(None): "nothing"}
#: What set_fact makes a boolean of, up to ansible-core 2.18.
BOOLEANS = ("yes", "no", "true", "false")
#: A maintenance window: weekdays and a time zone may be left out.
WINDOW = re.compile(
    r"(?:(?P<days>[^:]*[^:\s\d])\s+)?(?P<start>\d\d?:\d\d)\s*-\s*(?P<end>\d\d?:\d\d)(?:\s+(?P<timezone>\S+))?"
)
#: The forms of reports, with what says to the roles that a file is of that form.
REPORTS = {"html": ".html", "mail": ".mail.html", "markdown": ".md"}
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


def answered_number(answer: Any, question: str, otherwise: Any = None) -> Any:
    """Return an answer that is a whole number.

    :param otherwise: what an answer that is missing or empty stands for.
    :raises AnsibleFilterError: it is not a whole number.
    """
    if answer is None or answer == "":
        return otherwise
    if isinstance(answer, int) and not isinstance(answer, bool):
        return answer
    if isinstance(answer, str) and answer == _decimal(answer):
        return int(answer)
    raise AnsibleFilterError(f"The answer to '{question}' is not a whole number.")


def answered_yes(answer: Any, question: str, otherwise: bool) -> bool:
    """Return whether yes was chosen, as text or as what Ansible makes of it.

    :param otherwise: what an answer that is missing or empty stands for.
    :raises AnsibleFilterError: it is neither yes nor no.
    """
    chosen = {"yes": True, "no": False, "": otherwise}
    if answer is None or isinstance(answer, bool):
        return otherwise if answer is None else answer
    if answer not in chosen:
        raise AnsibleFilterError(f"The answer to '{question}' is neither yes nor no.")
    return chosen[answer]


def answered_tag(answer: Any, question: str) -> str:
    """Return an answer that is the name of a tag, or nothing.

    :raises AnsibleFilterError: it is not text any more, or would not be in a fact.
    """
    tag = answered_text(answer, question, empty=True).strip()
    if tag.lower() in BOOLEANS:
        raise AnsibleFilterError(f"The answer to '{question}' cannot be '{tag}', which Ansible may take for a boolean.")
    return _inert(tag)


def answered_tags(answer: Any, question: str) -> dict[str, str]:
    """Return an answer of tags with their values, such as C(site=oslo, ring=beta).

    :raises AnsibleFilterError: it is not text any more, or a part of it is no tag with a value.
    """
    parts = [part.strip() for part in answered_text(answer, question, empty=True).split(",")]
    tags: dict[str, str] = {}
    for name, sign, value in (part.partition("=") for part in parts if part):
        if not sign or not name.strip():
            raise AnsibleFilterError(f"The answer to '{question}' is not made of tags and values, such as site=oslo.")
        if name.strip() in tags:
            raise AnsibleFilterError(f"The answer to '{question}' has the tag '{name.strip()}' twice.")
        tags[name.strip()] = value.strip()
    return dict(wrap_var(tags))


def answered_windows(answer: Any, question: str) -> list[dict[str, Any]]:
    """Return an answer of maintenance windows, one a line or with semicolons between them.

    :raises AnsibleFilterError: it is not text any more, or a line of it is no window.
    """
    lines = [line.strip() for line in re.split(r"[;\n]", answered_text(answer, question, empty=True))]
    return [_window(line, question) for line in lines if line]


def _window(line: str, question: str) -> dict[str, Any]:
    found = WINDOW.fullmatch(line)
    if found is None:
        hint = "Write it as in mon-thu, sun 22:00-04:00 Europe/Oslo."
        raise AnsibleFilterError(f"'{line}' in the answer to '{question}' is not a maintenance window. {hint}")
    window: dict[str, Any] = {name: text for name, text in found.groupdict().items() if text}
    if "days" in window:
        window["days"] = [day.strip() for day in window["days"].split(",") if day.strip()]
    return dict(wrap_var(window))


def report_files(form: str, folder: str, name: str, place: str) -> list[str]:
    """Return the files of a report: the one that becomes an artifact of the job, and one that stays.

    :param form: the answer to the question of its form.
    :param folder: where a file is to stay, if it is.
    :param name: what that file is called.
    :param place: the folder of the other one, which goes with the job.
    """
    end = REPORTS.get(form, ".html")
    kept = [f"{folder.rstrip('/')}/{name}{end}"] if folder else []
    return list(wrap_var([*([f"{place}/balena-report{end}"] if form in REPORTS else []), *kept]))


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
            "answered_number": answered_number,
            "answered_yes": answered_yes,
            "answered_tag": answered_tag,
            "answered_tags": answered_tags,
            "answered_windows": answered_windows,
            "report_files": report_files,
        }
