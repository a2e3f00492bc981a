# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout writes into tags says whether options are the same, and nothing else about them."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.rollout import lock, survey
from tests.support.modules import complete

OPTIONS = complete(
    "balena_rollout",
    application="acme/shop",
    filter="note eq 'hunter2'",
    waves=[1, "100%"],
    canary={"site": "x"},
)


@pytest.mark.parametrize("identify", [survey.selection_of, survey.division_of])
def test_the_same_options_are_found_to_be_the_same_in_their_own_rollout_only(identify):
    one, other = lock.new_run(), lock.new_run()
    assert identify(OPTIONS, one) == identify(dict(reversed(OPTIONS.items())), one)
    assert identify(OPTIONS, one) != identify(OPTIONS, other)


@pytest.mark.parametrize(
    ("identify", "changed"),
    [
        (survey.selection_of, {"filter": "note eq 'hunter3'"}),
        (survey.selection_of, {"has_tags": ["x"]}),
        (survey.division_of, {"waves": [2, "100%"]}),
        (survey.division_of, {"canary": {"site": "y"}}),
    ],
)
def test_other_options_are_others(identify, changed):
    run = lock.new_run()
    assert identify(OPTIONS, run) != identify({**OPTIONS, **changed}, run)


def test_no_table_has_what_was_selected():
    told = survey.selection_of(OPTIONS, lock.new_run())
    given = {name: OPTIONS.get(name) for name in survey._SELECTION if name != "has_tags"}
    plain = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()
    assert told != plain[: len(told)]
