# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An export keeps secrets to itself, by their names and by what their values look like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.domain.fleet.likely_secrets import is_likely_secret
from emulator import Emulator
from tests.support.tasks import run_task

WORDS = (
    "PW PWD PASS PASSWD PASSWORD PASSPHRASE SECRET TOKEN KEY APIKEY CREDENTIAL CREDENTIALS AUTH PRIVATE CERT PSK WIFI "
    "DSN JWT COOKIE PIN"
).split()
PLAIN_NAMES = ("LOG_LEVEL", "BYPASS", "AUTHOR", "COMPASS", "SPRING", "PINK", "PORT", "REGION", "HOSTNAME", "CERTAIN")
SECRET_VALUES = (
    "postgres://app:hunter2@db/main",
    "redis://:hunter2@cache:6379/0",
    "-----BEGIN PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
    "Server=db;User=a;Password=hunter2;",
    "Bearer abcdefgh12345678",
    "ghp_abcdefgh12345678",
    "0123456789abcdef0123456789abcdef",
    "aB3dE5gH7jK9mN1pQ3sT5vW7",
)
PLAIN_VALUES = (
    "", "1", "info", "eu-west-1", "https://example.com/a?b=c", "a@b.example", "10.0.0.1", "2024-01-01T00:00:00Z",
    "balenalib/raspberrypi4-64-debian:bookworm", "vc4-kms-v3d,cma-384", "http://proxy:3128", "The quick brown fox",
    "registry2.balena-cloud.com/v2/abc", "/var/lib/data/some-very-long-folder-name/file",
)  # fmt: skip


@given(
    word=st.sampled_from(WORDS),
    before=st.sampled_from(["", "A_", "DB_", "my_", "X__", "A1_"]),
    after=st.sampled_from(["", "_A", "_2", "2", "_FILE"]),
    style=st.sampled_from([str.upper, str.lower, str.title]),
)
def test_words_of_names(word, before, after, style):
    assert is_likely_secret(style(before + word + after))


@pytest.mark.parametrize("name", ["dbPassword", "DBPASSWORD", "apiKey", "wifiPsk", "A_PW", "tokens", "userPass"])
def test_other_spellings(name):
    assert is_likely_secret(name, "x")


@pytest.mark.parametrize("name", PLAIN_NAMES)
@pytest.mark.parametrize("value", PLAIN_VALUES)
def test_what_is_plain_stays_readable(name, value):
    assert not is_likely_secret(name, value)


@pytest.mark.parametrize("value", SECRET_VALUES)
def test_values(value):
    assert is_likely_secret("PLAIN", value)


@pytest.fixture(scope="module")
def emulator():
    env = {f"{word}_X": f"named-secret-{word}" for word in WORDS}
    env |= {f"PLAIN_{number}": value for number, value in enumerate(SECRET_VALUES)} | {"LOG_LEVEL": "info"}
    fleet = {"name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64", "env": env}
    with Emulator(
        seed={"applications": [{**fleet, "devices": [{"name": "d", "env": {"A_PW": "named-secret"}}]}]}
    ) as one:
        yield one


def test_an_export(emulator):
    result = run_task(emulator, "balena_fleet_info", application="acme/kiosk")
    assert "named-secret" not in str(result) and "hunter2" not in str(result)
    assert not [value for value in SECRET_VALUES if value in str(result)]
    assert result["document"]["variables"]["env"]["LOG_LEVEL"] == "info"
    applied = run_task(emulator, "balena_fleet", document=result["document"])
    assert not applied.get("failed") and not applied["changed"]


def test_all_values_can_be_secret(emulator):
    result = run_task(emulator, "balena_fleet_info", application="acme/kiosk", secrets="all")
    assert result["document"]["variables"]["env"]["LOG_LEVEL"] == {"secret": "log_level"}
    assert not run_task(emulator, "balena_fleet", document=result["document"])["changed"]


def test_names_can_be_given(emulator):
    result = run_task(emulator, "balena_fleet_info", application="acme/kiosk", secret_names=["LOG_*"])
    assert result["secrets"] == ["log_level"]


def test_drift_does_not_show_them(emulator):
    document = {"fleet": "acme/kiosk", "variables": {"env": {"PLAIN_0": "changed"}}}
    result = run_task(emulator, "balena_fleet", document=document, check_mode=True)
    assert "hunter2" not in str(result["drift"])
