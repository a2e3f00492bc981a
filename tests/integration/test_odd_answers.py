# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that no balena API gives: each is an error that names the request, no traceback, and no write counts as made.

The tasks are the examples of all modules. One answer at a time is replaced: as a whole (a log-in page, nothing, another
kind of JSON, half of the text), or one column of one of its rows. With ODD=all in the environment every replacement is
tried on every answer, otherwise a sample, the same in each run.
"""

from __future__ import annotations

import copy
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.between import Between
from tests.support.examples import plain_examples
from tests.support.modules import CHANGING, MODULES
from tests.support.tasks import run_task

pytestmark = pytest.mark.usefixtures("no_waiting")

PAGE = b"<!DOCTYPE html><html><head><title>Log in to the hotel's network</title></head></html>"
JSON, HTML = "application/json; charset=utf-8", "text/html; charset=utf-8"
#: Content type and body that come instead of a whole answer.
WHOLE: dict[str, tuple[str, bytes]] = {
    "a web page": (HTML, PAGE),
    "a web page in capitals": (HTML.upper(), PAGE.upper()),
    "a web page that says it is text": ("text/plain", b"\r\n " + PAGE),
    "a web page that says it is JSON": (JSON, PAGE),
    "nothing, as HTML": (HTML, b""),
    "nothing, as JSON": (JSON, b""),
    "words": ("text/plain", b"It works!"),
    "XML": ("application/xml", b"<?xml version='1.0'?><error/>"),
    "bytes": ("application/octet-stream", b"\xff\xfe\x00"),
    "bytes as JSON": (JSON, b"\xff\xfe\x00"),
    "an empty object": (JSON, b"{}"),
    "an object with an error": (JSON, b'{"error": "no such route"}'),
    "a list": (JSON, b"[]"),
    "a list of lists": (JSON, b"[[]]"),
    "null": (JSON, b"null"),
    "a number": (JSON, b"42"),
    "no rows": (JSON, b'{"d": null}'),
    "a text for rows": (JSON, b'{"d": "device"}'),
    "null rows": (JSON, b'{"d": [null]}'),
    "texts as rows": (JSON, b'{"d": ["x"]}'),
    "lists as rows": (JSON, b'{"d": [[]]}'),
    "empty rows": (JSON, b'{"d": [{}]}'),
}
REMOVED = object()
#: What stands in a column instead of its value.
COLUMN = [REMOVED, None, "", "1", "x", 1, -1, 1.5, True, [], [None], {}, {"__id": None}, {"__id": "1"}]
ALL = os.environ.get("ODD") == "all"


def _as_whole(kind: str, content: bytes) -> Callable[[Any], None]:
    def replace(answer: Any) -> None:
        answer._content, answer.headers["Content-Type"] = content, kind

    return replace


def _half(answer: Any) -> None:
    answer._content = answer.content[: len(answer.content) // 2]


def _rows(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all columns in an answer."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        if path or name != "d":
            yield (*path, name)
        yield from _rows(inner, (*path, name))


def _with_column(path: tuple[Any, ...], value: Any) -> Callable[[Any], None]:
    def replace(answer: Any) -> None:
        body = copy.deepcopy(json.loads(answer.content))
        place = body
        for step in path[:-1]:
            place = place[step]
        if value is REMOVED:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        answer._content = json.dumps(body).encode()

    return replace


def _replacements(answer: Any, chosen: random.Random) -> Iterator[tuple[str, Callable[[Any], None]]]:
    """What one answer is replaced by, with what to call it."""
    whole = list(WHOLE.items())
    for name, (kind, content) in whole if ALL else chosen.sample(whole, 5):
        yield f"whole: {name}", _as_whole(kind, content)
    yield "whole: half of it", _half
    try:
        columns = list(_rows(json.loads(answer.content)))
    except ValueError:
        return
    for _time in range(40 if ALL else 8):
        if columns:
            path, value = chosen.choice(columns), chosen.choice(COLUMN)
            yield f"column: {path} is {value!r:.20}", _with_column(path, value)


@pytest.mark.parametrize("module", MODULES)
def test_an_odd_answer_to_a_read(kiosks, monkeypatch, count_tried, module):
    kiosks.reset()
    between, tried = Between(monkeypatch), 0
    chosen = random.Random(module)
    for name, options in plain_examples([module]):
        between.start()
        usual = run_task(kiosks, name, check_mode=True, **options)
        for number, answer in enumerate(list(between.answers)[:8]):
            for odd, replace in _replacements(answer, chosen):
                between.start((number, replace))
                case = f"{name} {options}: answer {number} ({answer.request.path_url}) is {odd}"
                try:
                    result = run_task(kiosks, name, check_mode=True, **options)
                except Exception as error:
                    raise AssertionError(case) from error
                tried += 1
                assert not result.get("failed") or _is_a_sentence(result["msg"]), (case, result["msg"])
                if odd.startswith("whole") and not usual.get("failed") and answer.request.path_url.startswith("/v7/"):
                    assert result.get("failed"), case
                    assert "GET " in result["msg"], (case, result["msg"])
    count_tried("odd answers; each an error that names the request", "modules that read", module, tried)


def _is_a_sentence(text: str) -> bool:
    return bool(re.search(r"\w+ \w+", text)) and "Traceback" not in text and "object has no attribute" not in text


WRITES = {"a web page": (HTML, PAGE.decode()), "text": ("text/plain", "It works!"), "JSON": (JSON, '{"d": []}')}


@pytest.mark.parametrize("odd", WRITES)
@pytest.mark.parametrize("module", CHANGING)
def test_no_write_counts_that_something_else_answered(kiosks, count_tried, module, odd):
    kind, text = WRITES[odd]
    tried = 0
    for name, options in plain_examples([module]):
        kiosks.reset()
        kiosks.clear_faults()
        fault = kiosks.fault(
            method="POST|PATCH|PUT|DELETE",
            path="/v7/|/api-key/|/device/register|/download-config",
            status=200,
            headers={"Content-Type": kind},
            body_text=text,
        )
        result = run_task(kiosks, name, **{**options, "wait": False} if "wait" in options else options)
        if not fault.hits:
            continue
        tried += 1
        assert result.get("failed"), (options, result)
        assert not result["changed"], (options, result)
        assert "was answered with" in result["msg"] or "was sent" in result["msg"], result["msg"]
    kiosks.clear_faults()
    count_tried("odd answers; each an error that names the request", "modules that write", module, tried)
