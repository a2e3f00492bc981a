# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A declaration of fields says how a thing is written, compared, foreseen and shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.engine.fields import (
    Field,
    Resource,
    flag,
    moment,
    options_of,
    text,
)
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError
from ansible_collections.community.balena.plugins.module_utils.engine.report import diff

ENDS = moment("ends", "ends_at", "When it is switched off.")
PLACE = Field(
    "place",
    ("x", "y"),
    {"type": "dict"},
    stored=lambda place: (str(place["x"]), str(place["y"])),
    shown=lambda x, y: None if x is None or y is None else {"x": int(x), "y": int(y)},
)
LAMP = Resource(
    "lamp",
    (text("name", "lamp_name", required=True),),
    (
        text("note", "note"),
        flag("lit", "is_lit", set_by_server=True),
        PLACE,
        ENDS,
        text("kind", "is_of__kind", "bulb", fixed=True),
        text("color", "color", None, cloud_only=True),
        text("code", "code", None, secret=True),
        flag("used", "is_used", usual=True, spec={}),
    ),
)
EMPTY = dict.fromkeys(["note", "is_lit", "x", "y", "ends_at", "is_of__kind", "color", "code", "is_used"])
KEY = ("hall", "left")

wants = st.fixed_dictionaries(
    {"name": st.just("left"), "state": st.just("present")},
    optional={
        "note": st.sampled_from(["", "a", "b"]),
        "lit": st.booleans(),
        "place": st.fixed_dictionaries({"x": st.integers(-9, 9), "y": st.integers(-9, 9)}),
        "ends": st.sampled_from(["", "2030-01-31", "2030-01-31T01:00:00+01:00"]),
        "kind": st.just("bulb"),
        "color": st.sampled_from(["red", "blue"]),
    },
)


def lamp(want=None):
    """A row as a server has it, of which a declaration was made."""
    return {"id": 7, "lamp_name": "left", **EMPTY, **LAMP.wanted(want or {})}


@given(wants, wants)
def test_what_was_changed_is_as_declared_and_as_foreseen(before, after):
    row = lamp(before)
    foreseen = {**LAMP.shown(row, after), **LAMP.predicted(after)}
    for change in LAMP.converge(after, row, {"room": 1}, KEY):
        assert change.action == "update"
        row.update(change.body)
    assert LAMP.shown(row, after) == foreseen
    assert LAMP.converge(after, row, {"room": 1}, KEY) == []


@given(wants)
def test_what_was_created_is_as_declared_and_as_foreseen(want):
    (change,) = LAMP.converge(want, None, {"room": 1, "lamp_name": "left"}, KEY)
    assert change.action == "create" and change.key == KEY
    row = {"id": 7, **EMPTY, **change.body}
    assert {**LAMP.shown(row, want), **LAMP.predicted(want)} == LAMP.predicted(want, new=True)
    assert LAMP.converge(want, row, {"room": 1}, KEY) == []


@given(wants)
def test_what_is_absent_is_removed_once(want):
    absent = {**want, "state": "absent"}
    (change,) = LAMP.converge(absent, lamp(want), {"room": 1}, KEY)
    assert (change.action, change.key, change.id) == ("delete", KEY, 7)
    assert LAMP.converge(absent, None, {"room": 1}, KEY) == []


def test_a_key_begins_with_what_the_thing_belongs_to():
    (change,) = LAMP.changes({"lit": True}, lamp(), ("hall",))
    assert change.key == KEY and change.body == {"is_lit": True}


def test_columns_that_are_no_field_are_compared_too():
    (change,) = LAMP.changes({}, lamp(), lamp_name="right")
    assert change.before == {"lamp_name": "left"} and change.body == {"lamp_name": "right"}
    assert LAMP.changes({}, lamp(), lamp_name="left") == []


def test_nothing_is_what_is_usual():
    shown = LAMP.shown({"id": 7, **EMPTY})
    assert shown == {
        "note": "", "lit": False, "place": None, "ends": None, "kind": "bulb", "used": True,
    }  # fmt: skip
    assert LAMP.changes({"note": "", "lit": False, "ends": " ", "used": True}, lamp()) == []


@pytest.mark.parametrize("want", [{}, {"color": "red"}])
def test_what_not_every_server_has_is_read_and_shown_only_where_it_is_declared(want):
    assert ("color" in [field.option for field in LAMP.told(want)]) == bool(want)
    assert ("color" in LAMP.shown(lamp(want), want)) == bool(want)
    assert ("color" in LAMP.predicted(want, new=True)) == bool(want)


@pytest.mark.parametrize("state", ["present", "absent"])
def test_what_is_fixed_cannot_be_changed(state):
    want = {"kind": "tube", "state": state}
    if state == "absent":
        assert [change.action for change in LAMP.converge(want, lamp(), {}, KEY)] == ["delete"]
        return
    with pytest.raises(DeclarationError, match="kind of lamp 'hall left' is 'bulb' and cannot be changed to 'tube'"):
        LAMP.converge(want, lamp(), {}, KEY)


def test_a_secret_is_not_shown():
    row, want = {**lamp(), "code": "swordfish"}, {"code": "hunter2", "note": "a", "state": "present"}
    for changes in (
        LAMP.converge(want, row, {}, KEY),
        LAMP.converge(want, None, {}, KEY),
        LAMP.converge({"state": "absent"}, row, {}, KEY),
    ):
        assert len(changes) == 1
        assert "hunter2" not in str(diff(changes)) and "swordfish" not in str(diff(changes))
    told = [LAMP.shown(row, want), LAMP.predicted(want), LAMP.predicted(want, new=True)]
    assert "hunter2" not in str(told) and "swordfish" not in str(told)
    assert LAMP.changes({"note": "a"}, lamp())[0].secret is False


def test_what_the_server_sets_is_known():
    assert LAMP.set_by_server == {"is_lit": False}


def test_modules_take_the_options_of_the_fields():
    assert options_of(LAMP.all) == {
        "name": {"type": "str", "required": True},
        "note": {"type": "str"},
        "lit": {"type": "bool"},
        "place": {"type": "dict"},
        "ends": {"type": "str"},
        "kind": {"type": "str"},
        "color": {"type": "str"},
        "code": {"type": "str", "no_log": True},
    }


@pytest.mark.parametrize("ends", ["soon", "2030-13-01"])
def test_a_date_that_is_none_is_refused_with_the_name_of_the_option(ends):
    with pytest.raises(DeclarationError, match=f"ends '{ends}' is not a date and time"):
        LAMP.wanted({"ends": ends})
