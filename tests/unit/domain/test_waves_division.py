# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waves: beginnings of one order, the same each time, whatever the devices and however they are declared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.domain.waves.division import divide
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError

FLEET = [f"{number:032x}" for number in range(1, 201)]

uuids = st.sets(st.text("0123456789abcdef", min_size=32, max_size=32), max_size=60)
percentages = st.lists(st.integers(0, 100), min_size=1, max_size=5).map(
    lambda values: [f"{value}%" for value in sorted(values)]
)
counts = st.lists(st.integers(0, 90), min_size=1, max_size=5).map(sorted)
growths = st.builds(lambda start, growth: {"start": start, "growth": growth}, st.integers(1, 20), st.floats(1.1, 4))
declared = st.one_of(percentages, counts, growths)
seeds = st.one_of(st.none(), st.text(max_size=5))


def flat(waves):
    """The devices of all waves in their order."""
    return [uuid for wave in waves for uuid in wave.devices]


@given(uuids, declared, seeds, st.data())
def test_every_device_comes_once_canaries_first_and_the_same_way_each_time(devices, amounts, seed, data):
    canaries = data.draw(st.one_of(st.none(), st.sets(st.sampled_from(sorted(devices)))) if devices else st.none())
    waves = divide(devices, amounts, canaries=canaries, seed=seed)
    order = flat(waves)
    assert len(order) == len(set(order))
    assert set(order) <= devices
    assert all(wave.devices for wave in waves)
    assert [wave.total for wave in waves] == [len(flat(waves[: n + 1])) for n in range(len(waves))]
    assert [wave.number for wave in waves] == sorted({wave.number for wave in waves})
    if canaries:
        assert set(waves[0].devices) == canaries
        assert (waves[0].number, waves[0].name) == (1, "canary")
    shuffled = data.draw(st.permutations(sorted(devices)))
    assert divide(shuffled, amounts, canaries=canaries, seed=seed) == waves


@given(uuids, declared, declared, seeds)
def test_other_waves_keep_the_order(devices, amounts, others, seed):
    one, other = flat(divide(devices, amounts, seed=seed)), flat(divide(devices, others, seed=seed))
    short, long = sorted((one, other), key=len)
    assert long[: len(short)] == short


@given(uuids, declared, seeds, st.text("0123456789abcdef", min_size=32, max_size=32))
def test_a_new_device_moves_no_other_one_past_another(devices, amounts, seed, new):
    before = flat(divide(devices, amounts, seed=seed))
    after = [uuid for uuid in flat(divide({*devices, new}, amounts, seed=seed)) if uuid != new]
    shared = min(len(before), len(after))
    assert before[:shared] == after[:shared] or new in devices


def test_percentages_are_of_all_and_rounded_up():
    waves = divide(FLEET, ["1%", "10%", "50%", "100%"])
    assert [(wave.number, wave.name, len(wave.devices), wave.total) for wave in waves] == [
        (1, "1%", 2, 2),
        (2, "10%", 18, 20),
        (3, "50%", 80, 100),
        (4, "100%", 100, 200),
    ]


def test_canaries_count_towards_the_waves_after_them():
    waves = divide(FLEET, [10, "100%"], canaries=FLEET[-4:])
    assert [(wave.number, wave.name, len(wave.devices)) for wave in waves] == [
        (1, "canary", 4),
        (2, "10", 6),
        (3, "100%", 190),
    ]


def test_waves_that_would_be_empty_are_left_out_and_the_others_keep_their_numbers():
    waves = divide(FLEET[:5], ["1%", "10%", "50%", "100%"])
    assert [(wave.number, wave.total) for wave in waves] == [(1, 1), (3, 3), (4, 5)]


def test_waves_can_grow_by_a_factor():
    assert [wave.total for wave in divide(FLEET, {"start": 5, "growth": 3})] == [5, 15, 45, 135, 200]
    assert [wave.total for wave in divide(FLEET, {"start": "1%"})] == [2, 4, 8, 16, 32, 64, 128, 200]


def test_a_seed_deals_the_devices_out_anew():
    first = [divide(FLEET, ["10%"], seed=seed)[0].devices for seed in (None, "1.0.0", "1.1.0")]
    assert len(set(first)) == 3


@pytest.mark.parametrize(
    ("amounts", "message"),
    [
        (["10%", "5%"], "5% cannot come after more"),
        ([10, "20%", 5], "5 cannot come after more"),
        (["many"], "waves must be a whole number or a percentage such as 10%, not 'many'"),
        ([], "waves must be a list of counts and percentages"),
        (None, "waves must be a list of counts and percentages"),
        ({"growth": 2}, "start is not what is needed"),
        ({"start": 1, "speed": 2}, "speed is not what is needed"),
        ({"start": 0}, "start must be at least one device"),
        ({"start": 1, "growth": 1}, "growth must be a number greater than 1"),
        ({"start": 1, "growth": "fast"}, "growth must be a number greater than 1"),
    ],
)
def test_waves_that_make_no_sense_are_refused(amounts, message):
    with pytest.raises(DeclarationError, match=message):
        divide(FLEET, amounts)
