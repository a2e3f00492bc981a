# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets a rollout go on, and what it remembers in tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.domain.rollout import memory
from ansible_collections.community.balena.plugins.module_utils.domain.waves.gate import Gate
from ansible_collections.community.balena.plugins.module_utils.engine.limits import Limits
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError

shares = st.floats(0, 100)
releases = st.one_of(st.none(), st.integers(1, 10**6))
memories = st.builds(
    memory.Memory,
    release=st.integers(1, 10**6),
    version=st.text(min_size=1, max_size=30),
    started=st.datetimes().map(str),
    former=releases,
    wave=st.integers(1, 50),
    waves=st.text("0123456789abcdef", min_size=12, max_size=12),
    selection=st.text("0123456789abcdef", min_size=12, max_size=12),
    kept_out=st.one_of(st.none(), st.text(min_size=1, max_size=100)),
    rolling_back=st.booleans(),
    marking=st.booleans(),
    run=st.text("0123456789abcdef", max_size=12),
)


def gate(success=100.0, failures=None, share=None, least=1):
    return Gate(Limits(60, 10, success, failures), share, least)


@pytest.mark.parametrize(
    ("thresholds", "total", "allowed"),
    [
        ({}, 20, None),
        ({"failures": 3}, 20, 3),
        ({"share": 10}, 20, 2),
        ({"share": 10}, 19, 1),
        ({"share": 10, "least": 10}, 9, None),
        ({"share": 10, "least": 10}, 10, 1),
        ({"share": 50, "failures": 3}, 20, 3),
        ({"share": 0}, 1, 0),
    ],
)
def test_how_many_devices_may_fail(thresholds, total, allowed):
    assert gate(**thresholds).allowed_failures(total) == allowed


@given(shares, st.one_of(st.none(), st.integers(0, 50)), st.one_of(st.none(), shares), st.integers(0, 300), st.data())
def test_what_may_be_lost_afterwards_keeps_to_all_thresholds(success, failures, share, total, data):
    thresholds = gate(success, failures, share)
    done = data.draw(st.integers(0, total))
    failed = data.draw(st.integers(0, total - done))
    left = thresholds.may_be_lost(total, done, failed)
    allowed = thresholds.allowed_failures(total)

    def passes(lost):
        return done - lost >= thresholds.waits.needed(total) and (allowed is None or failed + lost <= allowed)

    if passes(0):
        assert passes(left)
    assert not passes(left + 1)


@given(memories)
def test_what_is_remembered_is_recalled(known):
    assert memory.recall(known.as_tag()) == known
    assert len(known.as_tag()) <= 1000


@given(memories, releases)
def test_a_former_target_survives_its_tag(known, former):
    for heard in (None, "2031-01-01T00:00:00.000Z", "never"):
        mark = memory.Mark(former, heard)
        assert memory.mark_of(mark.as_tag(), known) == mark
    assert memory.mark_of(None, known) == memory.Mark(known.former)


@given(st.lists(releases), st.randoms())
def test_the_most_common_former_target_is_the_same_each_time(formers, chance):
    found = memory.most_common(formers)
    assert all(formers.count(found) >= formers.count(other) for other in formers)
    chance.shuffle(formers)
    assert memory.most_common(formers) == found


@pytest.mark.parametrize("text", ["", "{}", "[]", "12", "null", '{"release": 1}'])
def test_a_tag_that_is_no_memory_is_refused(text):
    with pytest.raises(DeclarationError, match="ansible_rollout cannot be understood"):
        memory.recall(text)


@pytest.mark.parametrize("text", ["elsewhere", "", "1 2", "application offline", "1 online never", "-1", "\u0661"])
def test_a_tag_that_is_no_former_target_is_refused(text):
    known = memory.Memory(1, "1.0.0", "today", None, 1, "a", "b")
    with pytest.raises(DeclarationError, match="neither application nor a release's id"):
        memory.mark_of(text, known)
