# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Config variables are checked against what the API says of the device type."""

from __future__ import annotations

import json

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.variables.config_schema import (
    name_problem,
    value_problem,
)
from tests.support.ansible_runs import CHECKOUT

RECORDED = json.loads((CHECKOUT / "emulator" / "data" / "config_vars.json").read_text(encoding="utf-8"))
SCHEMA = RECORDED["all"]
SCHEMA["configVarSchema"]["properties"].update(RECORDED["raspberrypi"])


@pytest.mark.parametrize(
    "name",
    [
        "RESIN_SUPERVISOR_POLL_INTERVAL",
        "BALENA_SUPERVISOR_POLL_INTERVAL",
        "BALENA_HOST_CONFIG_gpu_mem",
        "RESIN_HOST_CONFIG_hdmi_mode",
        "BALENA_APP_RESTART_POLICY",
        "BALENA_HOST_CONFIG_anything:pi4",
    ],
)
def test_known_names(name):
    assert name_problem(SCHEMA, name) is None


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("BALENA_SUPERVISOR_POL_INTERVAL", "did you mean 'BALENA_SUPERVISOR_POLL_INTERVAL'"),
        ("BALENA_SOMETHING_ELSE_ENTIRELY", "the API does not know it"),
        ("BALENA_DEVICE_RESTART", "reserved for balena's own use"),
    ],
)
def test_unknown_names(name, problem):
    assert problem in (name_problem(SCHEMA, name) or "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BALENA_SUPERVISOR_POLL_INTERVAL", "900000"),
        ("RESIN_OVERRIDE_LOCK", "1"),
        ("BALENA_SUPERVISOR_VPN_CONTROL", "true"),
        ("BALENA_HOST_SPLASH_IMAGE", "data:image/png;base64,AAAA"),
        ("BALENA_HOST_CONFIG_other", "whatever"),
        ("BALENA_HOST_CONFIG_dtparam", '"i2c_arm=on"'),
    ],
)
def test_values_that_fit(name, value):
    assert value_problem(SCHEMA, name, value) is None


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        (
            "BALENA_SUPERVISOR_POLL_INTERVAL",
            "5",
            "its value must be a whole number at least 600000 and at most 86400000, not '5'",
        ),
        ("BALENA_HOST_CONFIG_gpu_mem", "1.5", "its value must be a whole number, not '1.5'"),
        ("BALENA_SUPERVISOR_VPN_CONTROL", "True", "its value must be one of false, true, not 'True'"),
        ("BALENA_OVERRIDE_LOCK", "2", "its value must be one of 0, 1, not '2'"),
        ("BALENA_HOST_SPLASH_IMAGE", "x", "its value must be text like ^data:image/png"),
        ("BALENA_HOST_SPLASH_IMAGE", "x" * 13401, "its value must be at most 13400 characters long"),
    ],
)
def test_values_that_do_not_fit(name, value, problem):
    assert (value_problem(SCHEMA, name, value) or "").startswith(problem)


def test_a_secret_value_is_not_repeated():
    problem = value_problem(SCHEMA, "BALENA_HOST_CONFIG_gpu_mem", "correct-horse", secret=True)
    assert problem == "its value must be a whole number"


def test_numbers_with_their_bounds():
    schema = {"configVarSchema": {"properties": {"BALENA_X": {"type": "number", "maximum": 1.5}}}}
    assert value_problem(schema, "BALENA_X", "1.2") is None
    assert value_problem(schema, "BALENA_X", "2") == "its value must be a number at most 1.5, not '2'"
    assert value_problem(schema, "BALENA_X", "two") == "its value must be a number at most 1.5, not 'two'"


def test_a_pattern_of_another_language_is_not_held_against_a_value():
    schema = {"configVarSchema": {"properties": {"BALENA_X": {"type": "string", "pattern": "(?<a"}}}}
    assert value_problem(schema, "BALENA_X", "anything") is None
