# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying a plan: the fewest requests, safe order, and an honest account of what was made."""

from __future__ import annotations

from threading import Barrier
from types import SimpleNamespace

import pytest

from ansible_collections.community.balena.plugins.module_utils.engine import report
from ansible_collections.community.balena.plugins.module_utils.engine.apply import Made, Writers, apply
from ansible_collections.community.balena.plugins.module_utils.engine.plan import (
    Act,
    Change,
    NamedId,
    Need,
    NewId,
    Plan,
    in_order,
)
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaError, BalenaRequestError


class Pine:
    """Records the writes; ``refuse`` answers a write with an error."""

    def __init__(self, refuse=None, rows=()):
        self.calls, self.refuse, self.rows = [], refuse or (lambda *call: None), list(rows)

    def _call(self, *call):
        error = self.refuse(*call)
        if error:
            raise error
        self.calls.append(call)

    def post(self, resource, body, natural_key=None):
        self._call("post", resource, body)
        return {"id": 100 + len(self.calls)}

    def patch(self, resource, body, id=None, options=None):
        self._call("patch", resource, body, id or options["$filter"]["id"]["$in"])

    def delete(self, resource, id=None, options=None):
        self._call("delete", resource, id or options["$filter"]["id"]["$in"])

    def get(self, resource, id=None, options=None):
        return self.rows


def sdk(pine, connections=1):
    return SimpleNamespace(pine=pine, options=SimpleNamespace(max_connections=connections))


def update(number, value="new"):
    return Change("update", "device_tag", (f"d{number}", "site"), {"value": "old"}, {"value": value}, {}, number)


def create(number):
    return Change(
        "create", "device_tag", (f"d{number}", "site"), None, {"value": "v"}, {"device": number, "tag_key": "site"}
    )


def refusal(status, text="no"):
    return BalenaRequestError(text, status)


def test_equal_updates_become_one_patch_for_each_200_rows():
    pine = Pine()
    outcome = apply(sdk(pine), Plan(tuple(update(number) for number in range(1, 451))))
    assert outcome.complete and len(outcome.done) == 450
    assert [len(call[3]) for call in pine.calls] == [200, 200, 50]


def test_different_values_are_different_patches_and_a_lone_row_goes_by_its_id():
    pine = Pine()
    apply(sdk(pine), Plan((update(1, "a"), update(2, "b"), update(3, "a"))))
    assert pine.calls == [("patch", "device_tag", {"value": "a"}, [1, 3]), ("patch", "device_tag", {"value": "b"}, 2)]


def test_different_patches_go_over_several_connections():
    pine, both_are_under_way = Pine(), Barrier(2, timeout=10)
    pine.refuse = lambda *call: both_are_under_way.wait() and None
    outcome = apply(sdk(pine, 2), Plan((update(1, "a"), update(2, "b"))))
    assert outcome.complete and len(pine.calls) == 2


def test_deletions_are_filtered_deletes():
    pine = Pine()
    apply(sdk(pine), Plan(tuple(Change("delete", "device_tag", (str(n), "k"), {}, None, {}, n) for n in range(1, 302))))
    assert [len(call[2]) for call in pine.calls] == [200, 101]


def test_a_child_gets_the_id_of_the_parent_that_was_just_created():
    pine = Pine()
    parent = Change("create", "application", ("acme/x",), None, {}, {"app_name": "x"})
    tag_of_it = {"application": NewId("application", ("acme/x",)), "tag_key": "k"}
    apply(
        sdk(pine), Plan((parent, Change("create", "application_tag", ("acme/x", "k"), None, {"value": "v"}, tag_of_it)))
    )
    assert pine.calls[1] == ("post", "application_tag", {"application": 101, "tag_key": "k", "value": "v"})


def test_a_column_may_refer_to_a_row_that_was_just_created():
    pine = Pine()
    home = NewId("application", ("acme/x",))
    parent = Change("create", "application", home.key, None, {}, {"app_name": "x"})
    device = Change("create", "device", ("f1",), None, {"belongs_to__application": home}, {"uuid": "f1"})
    assert report.diff([device])["after"] == {"device": {"f1": {"belongs_to__application": "acme/x"}}}
    apply(sdk(pine), Plan((parent, device)))
    assert pine.calls[1] == ("post", "device", {"uuid": "f1", "belongs_to__application": 101})


def moved(number, home):
    before = {"belongs_to__application": NamedId(1, "acme/old")}
    return Change("update", "device", (f"d{number}",), before, {"belongs_to__application": home}, {}, number)


def test_equal_updates_that_refer_to_a_new_row_are_one_patch():
    pine = Pine()
    home = NewId("application", ("acme/x",))
    parent = Change("create", "application", home.key, None, {}, {"app_name": "x"})
    outcome = apply(sdk(pine), Plan((parent, *(moved(number, home) for number in range(1, 4)))))
    assert pine.calls[1:] == [("patch", "device", {"belongs_to__application": 101}, [1, 2, 3])]
    assert report.diff(outcome.done)["after"]["device"]["d1"] == {"belongs_to__application": "acme/x"}


def test_updates_that_refer_to_a_row_that_was_not_created_fail_by_name():
    pine = Pine(refuse=lambda verb, resource, *rest: refusal(400) if resource == "application" else None)
    home = NewId("application", ("acme/x",))
    parent = Change("create", "application", home.key, None, {}, {"app_name": "x"})
    outcome = apply(sdk(pine), Plan((parent, moved(1, home), moved(2, 7))))
    assert [str(failure.error) for failure in outcome.failed][1:] == [
        "application acme/x was not created, so nothing can belong to it"
    ]
    assert pine.calls == [("patch", "device", {"belongs_to__application": 7}, 2)]


def test_what_was_just_created_can_be_updated_in_the_same_plan():
    pine = Pine()
    new = NewId("application", ("acme/x",))
    parent = Change("create", "application", new.key, None, {}, {"app_name": "x"})
    tracking = Change("update", "application", new.key, None, {"should_track_latest_release": False}, new=new)
    apply(sdk(pine), Plan((parent, tracking)))
    assert pine.calls[1] == ("patch", "application", {"should_track_latest_release": False}, 101)


def test_a_writer_gets_the_ids_of_rows_that_were_just_created():
    pine, seen = Pine(), []
    parent = Change("create", "application", ("acme/x",), None, {}, {"app_name": "x"})
    key = Change("create", "api_key", ("acme/x", "k"), None, {}, {"of": NewId("application", ("acme/x",))})
    writers: Writers = {("api_key", "create"): lambda balena, change, outcome: seen.append(change.identity)}
    apply(sdk(pine), Plan((parent, key)), writers)
    assert seen == [{"of": 101}]


def test_in_a_plan_whose_order_counts_nothing_follows_what_failed():
    pine = Pine(lambda verb, resource, body, *rest: refusal(400) if body.get("device") == 2 else None)
    pin = Change("update", "device", ("d1",), {"pin": None}, {"pin": 7}, {}, 1)
    outcome = apply(sdk(pine), Plan(in_order((create(1), create(2), create(3), pin))))
    assert [len(outcome.done), len(outcome.failed)] == [2, 1]
    assert [change.key for change in outcome.not_done] == [pin.key]
    assert apply(sdk(pine), Plan((create(2), pin))).done == [pin]


def test_order_is_kept_across_kinds_that_return():
    pine = Pine(lambda verb, resource, body, *rest: refusal(400) if body == {"note": "x"} else None)
    steps = [create(1), Change("update", "device", ("d1",), {"note": ""}, {"note": "x"}, {}, 1), create(2)]
    last = Change("update", "application", ("acme/x",), {"a": 1}, {"a": 2}, {}, 7)
    outcome = apply(sdk(pine), Plan(in_order([*steps, last])))
    assert [[change.key for change in steps] for steps in (outcome.done, outcome.not_done)] == [
        [("d1", "site")],
        [("d2", "site"), ("acme/x",)],
    ]


@pytest.mark.parametrize("otherwise", ["", "its successor is missing"])
def test_a_step_is_left_when_what_it_needs_was_not_made(otherwise):
    pine = Pine(lambda verb, resource, body, *rest: refusal(400) if verb == "post" and body["device"] == 1 else None)
    need = Need("device_tag", "create", ("d1", "site"), otherwise)
    old = Change("delete", "device_tag", ("d1", "old"), {"value": "x"}, None, {}, 1, needs=(need,))
    other = Change("delete", "device_tag", ("d2", "old"), {"value": "x"}, None, {}, 2)
    outcome = apply(sdk(pine), Plan((create(1), create(2), old, other)))
    assert [change.key for change in outcome.done] == [("d2", "site"), ("d2", "old")]
    reasons = {tuple(item["key"]): item["error"] for item in report.failed_items(outcome)}
    assert reasons["d1", "old"] == (otherwise or "not tried after the failures above")
    assert apply(sdk(Pine()), Plan((create(1), old))).complete


def test_acts_are_done_after_the_changes_and_shown_as_updates():
    told = []

    def tell(balena, act, outcome):
        told.append((act.key, act.arguments, list(outcome.made)))
        if act.key == ("d2",):
            raise BalenaError("asleep")
        return Made(secret="told once")

    acts = tuple(Act("device_action", (key,), {"action": "reboot"}, arguments={"force": True}) for key in ("d1", "d2"))
    outcome = apply(sdk(Pine()), Plan((create(1),), acts=acts), {("device_action", "act"): tell})
    tag = ("device_tag", ("d1", "site"))
    assert told == [
        (("d1",), {"force": True}, [tag]),
        (("d2",), {"force": True}, [tag, ("device_action", ("d1",))]),
    ]
    assert report.count(outcome.done) == {"create": 1, "update": 1, "delete": 0}
    assert report.diff(acts[:1]) == {
        "before": {"device_action": {"d1": {}}},
        "after": {"device_action": {"d1": {"action": "reboot"}}},
    }
    assert report.failed_items(outcome) == [
        {
            "resource": "device_action",
            "key": ["d2"],
            "action": "update",
            "title": "update device_action d2",
            "error": "asleep",
        }
    ]
    assert outcome.secret("device_action", ("d1",)) == "told once" and "told once" not in repr(outcome)


def test_a_diff_has_all_that_changes_of_a_thing_that_changes_twice():
    first = Change("update", "device", ("d1",), {"note": ""}, {"note": "x"}, {}, 1)
    second = Change("update", "device", ("d1",), {"pin": None}, {"pin": NamedId(7, "1.0.0")}, {}, 1)
    assert report.diff([first, second]) == {
        "before": {"device": {"d1": {"note": "", "pin": None}}},
        "after": {"device": {"d1": {"note": "x", "pin": "1.0.0"}}},
    }


def test_one_refused_row_does_not_keep_the_others_from_being_made():
    pine = Pine(lambda verb, resource, body: refusal(400, "bad value") if body["device"] == 2 else None)
    outcome = apply(sdk(pine), Plan(tuple(create(number) for number in range(1, 6))))
    assert len(outcome.done) == 4
    (item,) = report.failed_items(outcome)
    assert item["key"] == ["d2", "site"] and "bad value" in item["error"]
    assert "1 of 5 changes failed, 4 were made, 0 were not tried" in report.failure_message(outcome)


@pytest.mark.parametrize("status", [401, 500, 503])
def test_an_error_that_every_request_would_meet_ends_the_run(status):
    pine = Pine(lambda verb, *rest: refusal(status) if verb == "patch" else None)
    outcome = apply(sdk(pine), Plan((create(9), update(1), update(2, "b"), update(3, "c"))))
    assert [len(outcome.done), len(outcome.failed), len(outcome.not_done)] == [1, 1, 2]
    assert len(report.failed_items(outcome)) == 3


def test_a_row_that_somebody_else_made_gets_the_declared_value():
    pine = Pine(
        lambda verb, *rest: refusal(409, "must be unique") if verb == "post" else None, [{"id": 7, "value": "x"}]
    )
    outcome = apply(sdk(pine), Plan((create(1),)))
    assert outcome.complete
    assert pine.calls == [("patch", "device_tag", {"value": "v"}, 7)]


def test_a_row_that_somebody_else_made_alike_is_left_alone():
    pine = Pine(
        lambda verb, *rest: refusal(409, "must be unique") if verb == "post" else None, [{"id": 7, "value": "v"}]
    )
    assert apply(sdk(pine), Plan((create(1),))).complete
    assert pine.calls == []


def test_a_row_that_somebody_else_made_alike_may_name_other_rows():
    pine = Pine(
        lambda verb, *rest: refusal(409, "must be unique") if verb == "post" else None,
        [{"id": 7, "belongs_to__application": {"__id": 3}}],
    )
    change = Change(
        "create", "device", ("f1",), None, {"belongs_to__application": NamedId(3, "acme/x")}, {"uuid": "f1"}
    )
    assert apply(sdk(pine), Plan((change,))).complete
    assert pine.calls == []


def test_a_row_that_is_already_gone_counts_as_deleted():
    pine = Pine(lambda verb, *rest: refusal(404))
    assert apply(sdk(pine), Plan((Change("delete", "application", ("acme/x",), {}, None, {}, 7),))).complete


def test_a_change_that_is_no_plain_write_goes_to_its_writer():
    seen = []
    writers: Writers = {("device_tag", "create"): lambda balena, change, outcome: seen.append(change.key)}
    assert apply(sdk(Pine()), Plan((create(1),)), writers).complete
    assert seen == [("d1", "site")]


def test_a_diff_shows_deletions_and_hides_secrets():
    gone = Change("delete", "device_tag", ("d1", "k"), {"value": "old"}, None, {}, 1)
    hidden = Change("update", "v", ("d1", "PW"), {"value": "hunter2"}, {"value": "hunter3"}, {}, 2, secret=True)
    shown = report.diff([gone, hidden])
    assert shown["before"]["device_tag"] == {"d1 k": "old"} and "device_tag" not in shown["after"]
    assert "hunter" not in repr(shown)
    assert shown["before"]["v"]["d1 PW"] != shown["after"]["v"]["d1 PW"]


def test_an_error_that_repeats_a_secret_value_is_cleaned():
    change = Change("create", "v", ("d1", "PW"), None, {"value": "hunter2"}, {"device": 1, "name": "PW"}, secret=True)
    outcome = apply(sdk(Pine(lambda *call: refusal(400, "bad value hunter2"))), Plan((change,)))
    assert "hunter2" not in repr(report.failed_items(outcome)) + report.failure_message(outcome)


def test_steps_of_one_kind_that_need_each_other_are_made_one_after_another():
    pine = Pine()
    promoted = Change("update", "member", ("ana",), {"role": 2}, {"role": 1}, {}, 1)
    demoted = Change(
        "update", "member", ("ben",), {"role": 1}, {"role": 2}, {}, 2, needs=(Need("member", "update", ("ana",)),)
    )
    other = Change("update", "member", ("eve",), {"role": 1}, {"role": 2}, {}, 3)
    assert apply(sdk(pine), Plan((promoted, demoted, other))).complete
    assert [call[2] for call in pine.calls] == [{"role": 1}, {"role": 2}]
    failing = Pine(lambda verb, resource, body, *rest: refusal(400) if body == {"role": 1} else None)
    outcome = apply(sdk(failing), Plan((promoted, demoted)))
    assert [step.key for step in outcome.not_done] == [("ben",)]
