# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare what a call of ours returned or raised with what is recorded."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from ansible_collections.community.balena.plugins.module_utils.sdk import errors

from .arguments import WrongCall, snake_case
from .recording import HERE, UNDEFINED, from_markers

DEVIATIONS = yaml.safe_load((HERE / "deviations.yml").read_text(encoding="utf-8"))
_NEVER_KEPT = {declared["field"] for declared in DEVIATIONS["error_fields"]}
_SHAPES = {"uuid v4 without dashes, lower-case hex": r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}"}
# Errors of libraries below the reference that name a rule of balena, and so are compared like the reference's own.
_NAMED = {"HUPActionError"}


def result_problem(recorded: Any, ours: Any) -> str | None:
    """Return how a result differs from the recorded one, or ``None``."""
    problem = value_problem(recorded, ours)
    return problem and f"result: {problem}"


def value_problem(recorded: Any, ours: Any, where: str = "") -> str | None:
    """Return where and how two values differ, or ``None``."""
    if isinstance(recorded, Mapping):
        if "$stream" in recorded:
            return _stream_problem(recorded, ours)
        if "$generated" in recorded:
            return _shape_problem(recorded, ours)
        if "$error" in recorded:
            return (
                error_problem(recorded["$error"], ours) if isinstance(ours, Exception) else f"{ours!r} is not an error"
            )
    recorded = from_markers(recorded) if isinstance(recorded, Mapping) and len(recorded) == 1 else recorded
    if recorded is UNDEFINED or recorded is None:
        return None if ours is None else f"{where} is {ours!r:.200}, recorded nothing"
    if isinstance(recorded, Mapping) and isinstance(ours, Mapping):
        return _mapping_problem(recorded, ours, where)
    if isinstance(recorded, list) and isinstance(ours, (list, tuple)):
        if len(recorded) != len(ours):
            return f"{where} has {len(ours)} items, recorded {len(recorded)}"
        pairs = zip(recorded, ours, strict=True)
        found = (value_problem(one, other, f"{where}[{at}]") for at, (one, other) in enumerate(pairs))
        return next((problem for problem in found if problem), None)
    return None if _same(recorded, ours) else f"{where} is {ours!r:.200}, recorded {recorded!r:.200}"


def _mapping_problem(recorded: Mapping[str, Any], ours: Mapping[str, Any], where: str) -> str | None:
    if recorded.keys() != ours.keys():  # what the SDK computes itself has Python's names
        recorded = {snake_case(name): value for name, value in recorded.items() if from_markers(value) is not UNDEFINED}
        # A field that the SDK computes is None in Python where it is undefined, and so not recorded, in JavaScript.
        ours = {snake_case(name): value for name, value in ours.items()}
        ours = {name: value for name, value in ours.items() if value is not None or name in recorded}
    if recorded.keys() != ours.keys():
        extra, missing = sorted(ours.keys() - recorded.keys()), sorted(recorded.keys() - ours.keys())
        return f"{where} has keys {extra} that are not recorded, and lacks {missing}"
    found = (value_problem(value, ours[name], f"{where}.{name}") for name, value in recorded.items())
    return next((problem for problem in found if problem), None)


def _same(recorded: Any, ours: Any) -> bool:
    if isinstance(ours, datetime.datetime) or isinstance(recorded, datetime.datetime):
        return _moment(recorded) == _moment(ours)
    if isinstance(recorded, bool) or isinstance(ours, bool):
        return recorded is ours
    return bool(recorded == ours)


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return value
    without_zone = isinstance(value, datetime.datetime) and value.tzinfo is None
    return value.replace(tzinfo=datetime.timezone.utc) if without_zone else value


def _stream_problem(recorded: Mapping[str, Any], ours: Any) -> str | None:
    content = ours.read() if hasattr(ours, "read") else ours
    text = content.decode() if isinstance(content, bytes) else content
    if text != recorded["$stream"]:
        return f"stream of {text!r:.100}, recorded {recorded['$stream']!r:.100}"
    mime = getattr(ours, "mime", None)
    return None if mime is None or mime == recorded.get("mime", mime) else f"mime {mime}, recorded {recorded['mime']}"


def _shape_problem(recorded: Mapping[str, Any], ours: Any) -> str | None:
    pattern = _SHAPES.get(recorded.get("matches", ""), ".*")
    fits = isinstance(ours, str) and len(ours) == recorded.get("length", len(ours)) and re.fullmatch(pattern, ours)
    return None if fits else f"{ours!r} is not of the shape {recorded}"


def error_problem(recorded: Mapping[str, Any], ours: Exception) -> str | None:
    """Return how an error differs from the recorded one, or ``None``.

    Errors of the reference must be of the class with the same name, with the same message and subject. Of any other
    JavaScript error only this counts: ours is a clear error too, and nothing was sent if the recording shows nothing.
    """
    name = recorded["name"]
    if recorded["isBalenaError"] or name in _NAMED:
        if type(ours).__name__ != name:
            return f"raised {type(ours).__name__}: {ours}, recorded {name}: {recorded['message']}"
        recorded = _in_python(recorded, ours)
        if not _same_words(recorded["message"], str(ours)):
            return f"message {str(ours)!r}, recorded {recorded['message']!r}"
        return _subject_problem(recorded.get("props") or {}, ours)
    if not isinstance(ours, (errors.BalenaError, WrongCall)):
        return f"raised {type(ours).__name__}: {ours}, which is not a clear error (recorded {recorded['message']})"
    return None


def _in_python(recorded: Mapping[str, Any], ours: Exception) -> Mapping[str, Any]:
    """An error that names a parameter names Python's, and may say what the parameter takes."""
    props = recorded.get("props") or {}
    name = props.get("parameterName")
    if not name:
        return recorded
    python = snake_case(name.rpartition(".")[2])
    if getattr(ours, "parameter_name", None) in DEVIATIONS["parameters"]["names"].get(name, ()):
        python = ours.parameter_name  # type: ignore[attr-defined]
    message = recorded["message"].replace(f"parameter '{name}'", f"parameter '{python}'")
    message += "".join(str(ours).partition(", which takes ")[1:])
    return {**recorded, "message": message, "props": {**props, "parameterName": python}}


def _subject_problem(recorded: Mapping[str, Any], ours: Exception) -> str | None:
    for name, value in recorded.items():
        if never_kept(name, getattr(ours, snake_case(name), "absent")):
            continue
        if not hasattr(ours, snake_case(name)):
            return f"the error has no {snake_case(name)}"
        problem = value_problem(value, getattr(ours, snake_case(name)), f"error.{snake_case(name)}")
        if problem:
            return problem
    return None


def never_kept(field: str, ours: Any) -> bool:
    """Whether deviations.yml declares that our errors do not keep this field, and ours indeed does not."""
    return ours is None and field in _NEVER_KEPT


def _same_words(recorded: Any, ours: str) -> bool:
    """Python has one word for JavaScript's two kinds of nothing."""
    recorded = recorded if isinstance(recorded, str) else json.dumps(recorded)
    return recorded == ours or recorded.replace("undefined", "null") == ours
