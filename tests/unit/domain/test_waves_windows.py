# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows: open or not, in the time of a place, over midnight and when clocks change."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.domain.waves.windows import DAYS, look, read_windows
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError

NIGHT = {"start": "22:00", "end": "04:00", "timezone": "Europe/Berlin", "days": ["mon-thu"]}


def at(text):
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def seen(declared, moment):
    return look(read_windows(declared), at(moment))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T20:59", False),  # Monday, 21:59 in Berlin
        ("2026-11-23T21:00", True),
        ("2026-11-24T02:59", True),  # Tuesday, 03:59: Monday's window
        ("2026-11-24T03:00", False),
        ("2026-11-27T02:00", True),  # Friday, 03:00: Thursday's window
        ("2026-11-27T22:00", False),  # Friday's does not open
        ("2026-07-20T20:00", True),  # in summer an hour earlier
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens(moment, expected):
    assert seen([NIGHT], moment)["open"] is expected


def test_the_next_opening_is_told():
    assert seen([NIGHT], "2026-11-27T12:00") == {
        "open": False,
        "closes_at": None,
        "opens_at": "2026-11-30T21:00:00.000Z",
        "opens_in": 3 * 86400 + 9 * 3600,
    }
    assert seen([NIGHT], "2026-11-23T21:30")["closes_at"] == "2026-11-24T03:00:00.000Z"


def test_without_windows_it_is_always_open():
    assert seen(None, "2026-11-23T21:00") == {"open": True, "closes_at": None, "opens_at": None, "opens_in": 0}


def test_of_several_windows_the_last_to_close_counts():
    windows = [{"start": "08:00", "end": "12:00"}, {"start": "10:00", "end": "16:00"}]
    assert seen(windows, "2026-11-23T11:00")["closes_at"] == "2026-11-23T16:00:00.000Z"
    assert seen(windows, "2026-11-23T06:00")["opens_in"] == 7200


def test_clocks_that_are_set_forward_shorten_a_window_and_back_lengthen_it():
    early = [{"start": "01:30", "end": "03:30", "timezone": "Europe/Berlin"}]
    assert [seen(early, f"2026-03-29T{time}")["open"] for time in ("00:29", "00:30", "01:29", "01:30")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [seen(early, f"2026-10-24T{time}")["open"] for time in ("23:29", "23:30")] == [False, True]
    assert [seen(early, f"2026-10-25T{time}")["open"] for time in ("02:29", "02:30")] == [True, False]


def test_a_time_that_comes_twice_opens_at_the_first_and_closes_at_the_second():
    doubled = [{"start": "02:15", "end": "02:45", "timezone": "Europe/Berlin"}]
    assert [seen(doubled, f"2026-10-25T{time}")["open"] for time in ("00:14", "00:15", "01:44", "01:45")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_times_that_yaml_reads_as_numbers_are_understood():
    assert seen([{"start": 1320, "end": 1440}], "2026-11-23T23:00")["closes_at"] == "2026-11-24T00:00:00.000Z"


def test_ranges_of_days_may_go_over_the_weekend():
    weekend = [{"start": "00:00", "end": "24:00", "days": "fri-mon"}]
    week = [seen(weekend, f"2026-11-{day}T12:00")["open"] for day in range(23, 30)]
    assert week == [True, False, False, False, True, True, True]


times = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda t: f"{t[0]:02}:{t[1]:02}")
windows = st.lists(
    st.fixed_dictionaries(
        {
            "start": times,
            "end": times,
            "days": st.sets(st.sampled_from(DAYS), min_size=1).map(sorted),
            "timezone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
        }
    ).filter(lambda window: window["start"] != window["end"]),
    min_size=1,
    max_size=3,
)
minutes = st.integers(0, 2 * 365 * 24 * 60).map(lambda n: at("2026-01-01T00:00") + timedelta(minutes=n))


@given(windows, minutes)
def test_it_is_closed_until_it_opens_and_open_then(declared, moment):
    windows = read_windows(declared)
    now = look(windows, moment)
    if now["open"]:
        assert now["closes_at"] > moment.isoformat()
    else:
        opens = moment + timedelta(seconds=now["opens_in"])
        assert look(windows, opens)["open"]
        assert not look(windows, opens - timedelta(seconds=1))["open"]
        assert now["opens_in"] <= 8 * 86400


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"start": "22:00"}, r"windows\[0\] has no end"),
        ({"start": "22:00", "end": "4"}, r"windows\[0\].end must be a time of day from .*, not '4'"),
        ({"start": "22:60", "end": "23:00"}, "must be a time of day"),
        (
            {"start": 22, "end": "23:00"},
            r"windows\[0\].start must be a time of day from \"00:00\" to \"24:00\", in quotes",
        ),
        ({"start": "22:00", "end": 4}, r"windows\[0\].end must be a time of day .*, not 4"),
        ({"start": "22:00", "end": 59}, "in quotes, not 59"),
        ({"start": 0, "end": "23:00"}, "in quotes, not 0"),
        ({"start": "22", "end": "23:00"}, "in quotes, not '22'"),
        ({"start": 22.0, "end": "23:00"}, "in quotes, not 22.0"),
        ({"start": 2200, "end": "23:00"}, "in quotes, not 2200"),
        ({"start": 79200, "end": "23:00"}, "in quotes, not 79200"),
        ({"start": -60, "end": "23:00"}, "in quotes, not -60"),
        ({"start": True, "end": "23:00"}, "in quotes, not True"),
        ({"start": None, "end": "23:00"}, "in quotes, not None"),
        ({"start": [22, 0], "end": "23:00"}, "in quotes, not "),
        ({"start": "22:00:00", "end": "23:00"}, "in quotes, not '22:00:00'"),
        ({"start": "22:00", "end": "23:00", "days": ["monster"]}, "'monster' is neither a weekday"),
        ({"start": "22:00", "end": "23:00", "days": ["mon-"]}, "'mon-' is neither a weekday"),
        ({"start": "22:00", "end": "23:00", "days": ["-"]}, "'-' is neither a weekday"),
        ({"start": "22:00", "end": "23:00", "days": [1]}, "'1' is neither a weekday"),
        ({"start": "22:00", "end": "22:00"}, "is empty; a whole day is from 00:00 to 24:00"),
        ({"start": "22:00", "end": "23:00", "days": ["someday"]}, "'someday' is neither a weekday"),
        ({"start": "22:00", "end": "23:00", "days": []}, "never opens"),
        ({"start": "22:00", "end": "23:00", "timezone": "Berlin"}, "timezone: 'Berlin' is not known here"),
        ({"start": "22:00", "end": "23:00", "zone": "UTC"}, "unknown zone"),
    ],
)
def test_windows_that_make_no_sense_are_refused(declared, message):
    with pytest.raises(DeclarationError, match=message):
        read_windows([declared])
