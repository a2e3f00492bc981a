# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling devices to do something: what one device answers says nothing about the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.devices import actions as device_actions
from ansible_collections.community.balena.plugins.module_utils.engine.apply import apply
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError
from ansible_collections.community.balena.plugins.module_utils.engine.report import count
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaRequestError,
    BalenaUnknownOutcomeError,
)
from tests.support.modules import complete


def install(image, service, date):
    return {
        "install_date": date,
        "image": [{"id": image, "is_a_build_of__service": [{"service_name": service}]}],
    }


def device(number, online=True, installs=()):
    return {
        "id": number,
        "uuid": f"{number:032x}",
        "device_name": f"d{number}",
        "belongs_to__application": [{"id": 7, "slug": "acme/kiosk"}],
        "is_online": online,
        "image_install": list(installs),
    }


def plan(devices, **want):
    pine = SimpleNamespace(
        get=lambda resource, options: [{"id": 7, "slug": "acme/kiosk"}], get_all=lambda *args, **kw: list(devices)
    )
    balena: Any = SimpleNamespace(pine=pine)
    return device_actions.plan(balena, complete("balena_device_action", **{"application": "acme/kiosk", **want}))


def run(planned, monkeypatch, answer):
    """Make a plan's changes with a stand-in for the SDK; returns the results of the devices."""
    monkeypatch.setattr(device_actions, "DeviceModel", lambda balena: answer)
    balena: Any = SimpleNamespace(options=SimpleNamespace(max_connections=1))
    return planned.result(apply(balena, planned.plan, planned.writers))


def outcomes(result):
    return [(row["name"], row["outcome"]) for row in result["devices"]]


def test_each_device_is_one_change_and_check_mode_expects_it_to_work():
    planned = plan([device(1), device(2)], action="reboot").plan
    assert count(planned.steps)["update"] == 2
    assert outcomes(planned.result) == [("d1", "done"), ("d2", "done")]


def test_a_device_that_is_offline_stops_everything_or_is_left_out():
    with pytest.raises(DeclarationError, match=r"1 device is offline: d2 \(0{7}\). Nothing was done; offline: skip"):
        plan([device(1), device(2, online=False)], action="reboot")
    planned = plan([device(1), device(2, online=False)], action="reboot", offline="skip").plan
    assert len(planned.steps) == 1
    assert outcomes(planned.result) == [("d1", "done"), ("d2", "skipped")]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (BalenaRequestError("gateway", 504), "504"),
        (BalenaRequestError("", 500), "500"),
        (BalenaRequestError("no", 404), "cannot be reached"),
        (BalenaRequestError("", 423), "hold the update lock; force: true overrides it"),
        (BalenaUnknownOutcomeError("the answer was lost"), "the answer was lost"),
    ],
)
def test_one_device_that_fails_does_not_keep_the_others(monkeypatch, error, message):
    def reboot(id_, force):
        if id_ == 1:
            raise error

    result = run(plan([device(1), device(2)], action="reboot"), monkeypatch, SimpleNamespace(reboot=reboot))
    assert outcomes(result) == [("d1", "failed"), ("d2", "done")]
    assert message in result["devices"][0]["message"]
    assert "1 of 2 devices failed" in result["msg"]


def test_a_refused_token_ends_the_run(monkeypatch):
    def reboot(id_, force):
        raise BalenaRequestError("", 401)

    result = run(plan([device(1), device(2)], action="reboot"), monkeypatch, SimpleNamespace(reboot=reboot))
    assert outcomes(result) == [("d1", "failed"), ("d2", "not_tried")]


def test_a_service_is_named_and_its_newest_image_is_meant(monkeypatch):
    told = []
    installs = [install(10, "web", "2024-01-01"), install(11, "web", "2024-02-01"), install(12, "db", "2024-03-01")]
    planned = plan([device(1, installs=installs)], action="restart_service", service="web")
    answer = SimpleNamespace(restart_service=lambda id_, image: told.append((id_, image)))
    assert outcomes(run(planned, monkeypatch, answer)) == [("d1", "done")]
    assert told == [(1, 11)]


def test_a_service_that_a_device_lacks():
    with pytest.raises(DeclarationError, match=r"'db' is not installed on 1 of the devices.*\(the devices have: web\)"):
        plan([device(1, installs=[install(10, "web", None)])], action="stop_service", service="db")


@pytest.mark.parametrize(
    ("want", "why"),
    [
        ({"action": "stop_service"}, "service is needed with action 'stop_service'"),
        ({"action": "reboot", "service": "web"}, "service cannot be used with action 'reboot'"),
        ({"action": "purge", "force": True}, "force cannot be used with action 'purge', only with reboot"),
    ],
)
def test_options_that_do_not_fit(want, why):
    with pytest.raises(DeclarationError, match=why):
        plan([device(1)], **want)


@pytest.mark.parametrize("action", ["ping", "blink"])
def test_what_leaves_the_device_as_it_was_is_no_change(action):
    (act,) = plan([device(1)], action=action).plan.acts
    assert act.leaves_no_trace


def test_force_is_passed_on(monkeypatch):
    told = []
    answer = SimpleNamespace(shutdown=lambda id_, force: told.append((id_, force)))
    run(plan([device(1)], action="shutdown", force=True), monkeypatch, answer)
    assert told == [(1, True)]
