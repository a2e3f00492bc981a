# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX refuses, as far as its source of version 24 says. The classes named are in C(awx/api) and C(awx/main)."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Record = dict[str, Any]

#: The Python type of a default in a survey, by the type of the question.
QUESTION_TYPES: dict[str, type] = {
    "text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int,
    "float": float,
}  # fmt: skip
#: The fields of notifications (C(init_parameters) of the backends): their types, and the defaults of some.
NOTIFICATIONS: dict[str, dict[str, tuple[type, Any]]] = {
    "webhook": {
        "url": (str, None), "http_method": (str, "POST"), "disable_ssl_verification": (bool, False),
        "username": (str, ""), "password": (str, ""), "headers": (dict, None),
    },
    "email": {
        "host": (str, None), "port": (int, None), "username": (str, None), "password": (str, None),
        "use_tls": (bool, None), "use_ssl": (bool, None), "sender": (str, None), "recipients": (list, None),
        "timeout": (int, 30),
    },
    "slack": {"token": (str, None), "channels": (list, None)},
}  # fmt: skip
NOTIFICATION_SECRETS = ("password", "token")


class RefusedError(Exception):
    """The answer is 400."""


def check_survey(spec: Record) -> None:
    """The rules of C(JobTemplateSurveySpec)."""
    for field, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(spec.get(field), kind):
            raise RefusedError(f"Expected {kind.__name__} for field '{field}'")
    names = [question["variable"] for question in spec["spec"]]
    if len(set(names)) != len(names) or not names:
        raise RefusedError(f"no question, or a variable twice: {names}")
    for question in spec["spec"]:
        _check_question(question)


def _check_question(question: Record) -> None:
    for field, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if not isinstance(question.get(field), kind):
            raise RefusedError(f"'{field}' in {question} expected to be {kind.__name__}")
    expected, default = QUESTION_TYPES[question["type"]], question.get("default", "")
    if default != "" and not isinstance(default, expected):
        raise RefusedError(f"Default value {default!r} expected to be {expected.__name__}")
    for limit in ("min", "max"):
        if not isinstance(question.get(limit), (int, type(None))):
            raise RefusedError(f"The {limit} limit of {question} expected to be integer")
    if question["type"] in ("multiplechoice", "multiselect") and default not in ("", *question["choices"]):
        raise RefusedError(f"Default choice {default!r} must be answered from the choices listed")


def check_answers(survey: Sequence[Record], given: Record, *, required: bool = True, others: bool = False) -> None:
    """The rules for the answers of a launch, a schedule or a node (C(SurveyJobTemplateMixin)).

    :param required: whether what the survey requires has to be there. A node of a workflow need not have it.
    :param others: whether variables that the survey does not ask for are ignored, as at a launch.
    """
    wrong = [mistake for question in survey for mistake in _mistakes(question, given, required)]
    if wrong:
        raise RefusedError(f"variables_needed_to_start: {wrong}")
    unknown = sorted(set(given) - {question["variable"] for question in survey})
    if unknown and not others:
        raise RefusedError(f"Variables {', '.join(unknown)} are not allowed on launch.")


def _mistakes(question: Record, given: Record, required: bool) -> list[str]:
    """C(_survey_element_validation)."""
    name = question["variable"]
    if name not in given:
        return [f"'{name}' value missing"] if question["required"] and required else []
    value, kind = given[name], question["type"]
    if kind in ("text", "textarea", "password") and not isinstance(value, str):
        return [f"Value {value} for '{name}' expected to be a string."]
    if kind == "integer":
        if not isinstance(value, int) or isinstance(value, bool):
            return [f"Value {value} for '{name}' expected to be an integer."]
        if value < question.get("min", value) or value > question.get("max", value):
            return [f"'{name}' value {value} is too small or too large"]
    if kind == "multiselect" and not isinstance(value, list):
        return [f"'{name}' value is expected to be a list."]
    chosen = value if kind == "multiselect" else [value] if kind == "multiplechoice" else []
    return [
        f"Value {one} for '{name}' expected to be one of {question['choices']}."
        for one in chosen
        if one not in question["choices"]
    ]


def check_rrule(text: str) -> None:
    """The rules of C(SchedulePreviewSerializer.validate_rrule) and C(Schedule.rrulestr)."""
    starts = re.findall(r".*?(DTSTART(;[^:]+)?\:[0-9]+T[0-9]+Z?)", text)
    rules = re.findall(r".*?(RULE\:[^\s]*)", text)
    if len(starts) != 1 or not rules:
        raise RefusedError("Valid DTSTART and one or more rules required in rrule.")
    if re.search(r"DTSTART:[0-9]+T[0-9]+(\s|$)", text):
        raise RefusedError("DTSTART cannot be a naive datetime.")
    if re.search("(?i)(exdate|rdate):", text):
        raise RefusedError("EXDATE and RDATE not allowed in rrule.")
    zone = re.search(r"TZID=([^:]+):", text)
    if zone and zone[1] not in zoneinfo.available_timezones():
        raise RefusedError("A valid TZID must be provided (e.g., America/New_York)")
    for rule in rules:
        parts = dict(part.split("=") for part in rule.partition(":")[2].split(";"))
        if "INTERVAL" not in parts or parts.get("FREQ") not in ("MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY"):
            raise RefusedError(f"INTERVAL required in rrule, and SECONDLY is not supported: {rule}")
        if {"COUNT", "UNTIL"} <= set(parts) or int(parts.get("COUNT", 0)) > 999:
            raise RefusedError(f"RRULE may not contain both COUNT and UNTIL, nor a COUNT > 999: {rule}")


def _is_of(kind: type, value: Any) -> bool:
    """Whether a value is of exactly this type: a boolean is not a number."""
    return value.__class__ is kind


def check_notification(row: Record) -> None:
    """The rules of C(NotificationTemplateSerializer.validate), which also fills in defaults."""
    fields = NOTIFICATIONS.get(row.get("notification_type", ""))
    if fields is None:
        raise RefusedError("Missing required fields for Notification Configuration: notification_type")
    configuration = row["notification_configuration"]
    for name, (kind, default) in fields.items():
        if name not in configuration and default is not None:
            configuration[name] = default
        if name not in configuration:
            raise RefusedError(f"Missing required fields for Notification Configuration: {name}.")
        if not _is_of(kind, configuration[name]):
            raise RefusedError(f"Configuration field '{name}' incorrect type, expected {kind.__name__}.")
        if kind is list and not configuration[name]:
            raise RefusedError(f"No values specified for field '{name}'")
        if name == "http_method" and configuration[name].lower() not in ("put", "post"):
            raise RefusedError("HTTP method must be either 'POST' or 'PUT'.")


def check_inputs(fields: Sequence[Record], inputs: Record) -> None:
    """The rules of C(CredentialInputField): no others than the fields of the type, of their types."""
    known = {field["id"]: bool if field["type"] == "boolean" else str for field in fields}
    for name, value in inputs.items():
        if name not in known or not isinstance(value, known[name]):
            raise RefusedError(f"inputs: {name} was unexpected, or is not a {known.get(name)}")


def check_no_cycle(links: Callable[[int], Sequence[int]], parent: int, child: int) -> None:
    """The rule of C(WorkflowJobTemplateNodeChildrenBaseList.is_valid_relation)."""
    seen, left = set(), [child]
    while left:
        one = left.pop()
        if one == parent:
            raise RefusedError("Cycle detected.")
        left += [each for each in links(one) if each not in seen]
        seen.add(one)


def shown_notification(row: Record) -> Record:
    """A notification without the secrets that AWX keeps (C(display_notification_configuration))."""
    configuration: Mapping[str, Any] = row["notification_configuration"]
    hidden = {name: "$encrypted$" for name in NOTIFICATION_SECRETS if configuration.get(name)}
    return {**row, "notification_configuration": {**configuration, **hidden}}
