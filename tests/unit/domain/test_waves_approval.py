# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which waves need approval, however a person, a playbook or a survey says it; what means no wave is an error."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.domain.waves.approval import needed
from ansible_collections.community.balena.plugins.module_utils.domain.waves.division import divide, idle
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError

FLEET = [f"{number:032x}" for number in range(20)]
#: 1 (canary), 2 (3), 3 (50%), 4 (100%).
WAVES = divide(FLEET, [3, "50%", "100%"], canaries=FLEET[:2])


@pytest.mark.parametrize(
    ("declared", "numbers"),
    [
        ([], []),
        (None, []),
        ([4], [4]),
        (["4"], [4]),
        ([" 4 "], [4]),
        ([4.0], [4]),
        (["4.0"], [4]),
        (["04"], [4]),
        (["50%"], [3]),
        ([" 50 %"], [3]),
        (["canary"], [1]),
        (["Canary"], [1]),
        (["all"], [1, 2, 3, 4]),
        ([" ALL "], [1, 2, 3, 4]),
        (["100%", 1], [1, 4]),
        # The number of one wave and the name of another: both ask.
        (["3"], [2, 3]),
        ([3], [3]),
    ],
)
def test_a_wave_is_meant_by_its_number_or_name(declared, numbers):
    assert needed(declared, WAVES) == numbers


@pytest.mark.parametrize(
    "item",
    [9, 0, -1, "9", "", " ", "canaries", "51%", 1.5, "1.5", math.nan, math.inf, None, True, False, "1,2", [1], {"1": 1},
     "\u0664", "yes", "none", 10**400],
)  # fmt: skip
def test_an_approval_of_no_wave_is_an_error_that_names_the_waves(item):
    with pytest.raises(DeclarationError) as raised:
        needed([1, item], WAVES)
    assert repr(item) in str(raised.value)
    assert "The waves are 1 (canary), 2 (3), 3 (50%), 4 (100%)" in str(raised.value)


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(-3, 9), st.floats(), st.text(max_size=6)), max_size=4))
def test_each_approval_asks_or_is_refused(declared):
    try:
        found = needed(declared, WAVES)
    except DeclarationError as error:
        assert str(error).startswith("approval: ")
        return
    assert bool(found) is bool(declared)
    assert set(found) <= {1, 2, 3, 4}


def test_a_wave_that_adds_nobody_may_be_named():
    few = divide(FLEET[:5], ["1%", "10%", "100%"])
    unused = idle(5, ["1%", "10%", "100%"])
    assert [wave.number for wave in few] == [1, 3]
    assert needed(["10%", "100%"], [*few, *unused]) == [2, 3]


@pytest.mark.parametrize(
    ("total", "declared", "canaries", "expected"),
    [
        (
            5,
            ["1%", "10%", "100%"],
            None,
            [(2, "10%", 1, "it reaches 1 of 5 devices, no more than the waves before it")],
        ),
        (5, ["0%", "100%"], None, [(1, "0%", 0, "it is 0 of 5 devices")]),
        (5, ["100%"], 0, [(1, "canary", 0, "no device has the tags of the canaries")]),
        (5, [2, "100%"], 3, [(2, "2", 3, "it reaches 2 of 5 devices, no more than the waves before it")]),
        (0, ["100%"], None, [(1, "100%", 0, "no device takes part")]),
        (200, ["1%", "100%"], None, []),
    ],
)
def test_waves_that_add_nobody_say_why(total, declared, canaries, expected):
    found = idle(total, declared, canaries)
    assert [(wave.number, wave.name, wave.total, wave.reason) for wave in found] == expected
