# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relation that comes empty: the token may not see the other row, or there is none.

The tasks are the examples of all modules. In one answer at a time, one relation of all rows is emptied.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk._related import related
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaMissingRelation
from tests.support.between import Between, emptied
from tests.support.examples import plain_examples
from tests.support.modules import MODULES
from tests.support.tasks import run_task

pytestmark = pytest.mark.usefixtures("no_waiting")

#: Relations to one row. What a token that sees a row may always see as well is not among them.
RELATIONS = ("application", "organization", "is_for__device_type", "image", "is_a_build_of__service")


def _relations(value: Any) -> set[str]:
    """The names of all relations in an answer that lead to one row and can be empty."""
    if isinstance(value, list):
        return {name for item in value for name in _relations(item)}
    if not isinstance(value, dict):
        return set()
    own = {name for name, inner in value.items() if isinstance(inner, list) and inner and name.endswith(RELATIONS)}
    return own | {name for inner in value.values() for name in _relations(inner)}


def _without(relation: str) -> Callable[[Any], None]:
    def replace(answer: Any) -> None:
        answer._content = json.dumps(emptied(json.loads(answer.content), relation)).encode()

    return replace


@pytest.mark.parametrize("module", MODULES)
def test_a_task_whose_rows_lack_a_relation(kiosks, monkeypatch, count_tried, module):
    kiosks.reset()
    between, tried = Between(monkeypatch), 0
    for name, options in plain_examples([module]):
        between.start()
        run_task(kiosks, name, check_mode=True, **options)
        for number, answer in enumerate(list(between.answers)):
            for relation in sorted(_relations(_json(answer))):
                between.start((number, _without(relation)))
                case = f"{name} {options}: {relation} is empty in answer {number} ({answer.request.path_url})"
                try:
                    result = run_task(kiosks, name, check_mode=True, **options)
                except Exception as error:
                    raise AssertionError(case) from error
                tried += 1
                assert "this is not a balena API" not in result.get("msg", ""), (case, result["msg"])
    count_tried("relations that come empty; no traceback", "modules", module, tried)


def _json(answer: Any) -> Any:
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("module", "options", "relation", "key", "lacks"),
    [
        ("balena_application_info", {}, "organization", "applications", {"organization": None}),
        ("balena_application_info", {}, "is_for__device_type", "applications", {"device_type": None}),
        (
            "balena_device_info",
            {},
            "belongs_to__application",
            "devices",
            {"application": None, "application_id": None, "application_name": None, "organization": None},
        ),
        ("balena_device_info", {}, "organization", "devices", {"organization": None}),
        ("balena_release_info", {"application": "acme/kiosk"}, "is_a_build_of__service", "releases", {"images": {}}),
        ("balena_release_info", {"application": "acme/kiosk"}, "image", "releases", {"images": {}}),
    ],
)
def test_an_info_module_shows_the_rest(kiosks, monkeypatch, module, options, relation, key, lacks):
    kiosks.reset()
    options = {**options, "images": True} if module == "balena_release_info" else options
    between = Between(monkeypatch)
    between.start()
    whole = run_task(kiosks, module, **options)
    last = len(between.answers) - 1
    between.start((last, _without(relation)))
    found = run_task(kiosks, module, **options)
    assert not found.get("failed"), found.get("msg")
    assert found[key] == [{**row, **lacks} for row in whole[key]]


@pytest.mark.parametrize(
    ("module", "options", "relation", "said"),
    [
        (
            "balena_release_pin",
            {"scope": "device", "devices": ["kitchen"], "release": "track"},
            "belongs_to__application",
            "has no application, or the token may not see it",
        ),
        (
            "balena_device",
            {"name": "new", "application": "acme/kiosk"},
            "is_for__device_type",
            "acme/kiosk .* has no device type, or the token may not see it",
        ),
    ],
)
def test_a_write_says_what_is_missing(kiosks, monkeypatch, module, options, relation, said):
    kiosks.reset()
    between = Between(monkeypatch)
    between.start()
    usual = run_task(kiosks, module, check_mode=True, **options)
    assert not usual.get("failed"), usual["msg"]
    holds = [number for number, answer in enumerate(between.answers) if relation in _relations(_json(answer))]
    between.start((holds[-1], _without(relation)))
    result = run_task(kiosks, module, **options)
    assert result["failed"]
    assert not result["changed"]
    assert re.search(said, result["msg"]), result["msg"]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"id": 7, "organization": []}, "the row 7"),
        ({"id": 7, "slug": "acme/kiosk", "uuid": "abc", "organization": []}, "acme/kiosk abc"),
    ],
)
def test_the_error_names_the_row(row, named):
    with pytest.raises(BalenaMissingRelation, match=f"^{named} has no organization, or the token may not see it$"):
        related(row, "organization")
