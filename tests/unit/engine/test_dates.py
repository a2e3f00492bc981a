# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates and times: what is declared is read alike everywhere, and the ends of the calendar are no surprise."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.engine import dates
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError

READ = {
    "2030-01-31": "2030-01-31T00:00:00.000Z",
    " 2030-01-31T12:00:00Z ": "2030-01-31T12:00:00.000Z",
    "2030-01-31 12:00": "2030-01-31T12:00:00.000Z",
    "2030-01-31T12:00:00.5+02:00": "2030-01-31T10:00:00.500Z",
    "2030-01-31t12:00:00z": "2030-01-31T12:00:00.000Z",
    "0001-01-01": "0001-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999999Z": "9999-12-31T23:59:59.999Z",
}
NONE = [
    *("", " ", "soon", "now", "never", "-1", "1e12", "2030", "20300131", "2030-W01", "2030-1-1", "31.01.2030"),
    *("0000-01-01", "10000-01-01", "99999-01-01", "2030-13-01", "2030-02-30", "2030-01-31T25:00", "2030-01-31T12"),
    *("2030-01-31T12:00:60", "2030-01-31T12:00+24:00", "2030-01-31T12:00+0200", "2030-01-31T"),
    *(
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+14:00",
        "\uff12\uff10\uff13\uff10-01-31",
        "2030-01-31T12:00:00.1234567Z",
    ),
]


@pytest.mark.parametrize("text", READ)
def test_a_moment_is_stored_in_utc(text):
    assert dates.as_stored(dates.declared(text, "expires")) == READ[text]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_moment_is_refused_by_the_options_name(text):
    with pytest.raises(DeclarationError) as caught:
        dates.declared(text, "expires")
    assert str(caught.value).startswith("expires '")
    assert "2030-01-31T12:00:00Z" in str(caught.value)
    assert dates.read(text) is None


@given(st.text() | st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()))
def test_nothing_else_than_a_refusal_is_raised(text):
    try:
        moment = dates.declared(text, "expires")
    except DeclarationError:
        return
    assert moment.utcoffset() == datetime.timedelta(0)
    assert dates.read(dates.as_stored(moment)) is not None


@pytest.mark.parametrize("seconds", [1e12, 10**12, 10**30, 1e300])
def test_an_end_after_the_calendar_is_refused(seconds):
    with pytest.raises(DeclarationError, match=r"overlap .* ends after the year 9999"):
        dates.later(dates.now(), seconds, "overlap")
