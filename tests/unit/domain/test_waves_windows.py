# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows: open or not, in the time of a place, over midnight and when clocks change."""

from __future__ import annotations

import sys
import zoneinfo
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.domain.waves import zones
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


@pytest.mark.parametrize(
    ("start", "end", "opens", "closes"),
    [
        ("02:30", "04:00", "2026-03-29T01:00", "2026-03-29T02:00"),  # begins in the hour that is left out
        ("01:30", "02:30", "2026-03-29T00:30", "2026-03-29T01:00"),  # ends in it
        ("23:00", "02:30", "2026-03-28T22:00", "2026-03-29T01:00"),  # the same, over midnight
        ("02:10", "02:50", "2026-03-30T00:10", "2026-03-30T00:50"),  # lies in it, and so is left out on that day
        ("02:00", "03:00", "2026-03-30T00:00", "2026-03-30T01:00"),
    ],
)
def test_a_time_that_is_left_out_is_the_moment_at_which_clocks_are_set_forward(start, end, opens, closes):
    window = [{"start": start, "end": end, "timezone": "Europe/Berlin"}]
    assert seen(window, "2026-03-28T12:00")["opens_at"] == f"{opens}:00.000Z"
    assert seen(window, opens)["closes_at"] == f"{closes}:00.000Z"
    assert not seen(window, closes)["open"]


def test_a_weekly_window_that_clocks_leave_out_opens_a_week_later():
    sundays = [{"start": "02:10", "end": "02:50", "days": ["sun"], "timezone": "Europe/Berlin"}]
    assert seen(sundays, "2026-03-28T12:00")["opens_at"] == "2026-04-05T00:10:00.000Z"


def test_a_day_that_a_place_has_left_out_has_no_window():
    friday = [{"start": "08:00", "end": "12:00", "days": ["fri"], "timezone": "Pacific/Apia"}]
    assert seen(friday, "2011-12-30T09:00")["opens_at"] == "2012-01-05T18:00:00.000Z"


@pytest.mark.parametrize(
    ("windows", "closes"),
    [
        ([("22:00", "24:00"), ("00:00", "04:00")], "2026-11-24T04:00:00.000Z"),
        ([("22:00", "23:30"), ("23:00", "01:00"), ("01:00", "02:00")], "2026-11-24T02:00:00.000Z"),
        ([("00:00", "24:00")], None),
    ],
)
def test_a_window_does_not_close_while_another_goes_on(windows, closes):
    assert seen([{"start": start, "end": end} for start, end in windows], "2026-11-23T23:15")["closes_at"] == closes


def test_without_a_database_of_time_zones_only_utc_is_known(monkeypatch):
    monkeypatch.setattr(zones, "ZoneInfo", ZoneInfo.no_cache)
    zoneinfo.reset_tzpath(to=())
    monkeypatch.setitem(sys.modules, "tzdata", None)
    try:
        assert seen([{"start": "22:00", "end": "23:00", "timezone": "UTC"}], "2026-11-23T22:00")["open"]
        with pytest.raises(DeclarationError, match="the controller has no database of time zones"):
            read_windows([NIGHT])
    finally:
        zoneinfo.reset_tzpath()


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
        assert now["closes_at"] is None or now["closes_at"] > moment.isoformat()
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
        (
            {"start": "22:00", "end": "23:00", "timezone": "Berlin"},
            "timezone: 'Berlin' is not known here; did you mean 'Europe/Ber",
        ),
        ({"start": "22:00", "end": "23:00", "timezone": "europe/berlin"}, "did you mean 'Europe/Berlin'"),
        ({"start": "22:00", "end": "23:00", "timezone": "Europe"}, "timezone: 'Europe' is not known here"),
        ({"start": "22:00", "end": "23:00", "timezone": "../../etc/passwd"}, "is not known here"),
        ({"start": "22:00", "end": "23:00", "timezone": 2}, "'2' is not known here; names are such as Europe/Berlin"),
        ({"start": "22:00", "end": "23:00", "zone": "UTC"}, "unknown zone"),
    ],
)
def test_windows_that_make_no_sense_are_refused(declared, message):
    with pytest.raises(DeclarationError, match=message):
        read_windows([declared])
