# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the script on a host has printed: read line by line, and believed only where it is as it has to be."""

from __future__ import annotations

import importlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tasks import COLLECTION

DIAGNOSIS = f"{COLLECTION}.module_utils.domain.diagnosis"
checks = importlib.import_module(f"{DIAGNOSIS}.checks")
host = importlib.import_module(f"{DIAGNOSIS}.host")
judging = importlib.import_module(f"{DIAGNOSIS}.judging")

#: 2026-06-01T00:00:00Z.
NOW = 1780272000
CHECKS = checks.declared({"checks": None, "thresholds": None}, checks.HOST)


def diagnosis(text: str, before: float = NOW, after: float = NOW) -> dict:
    return judging.diagnose(CHECKS, host.measures(text, before, after))["checks"]


def one(*lines: str) -> str:
    return "\n".join([f"now {NOW}", *lines, f"then {NOW}", "end", ""])


def container(name: str = "web", state: str = "running", restarts: int = 0, started: str = "2026-05-01T00:00:00.1Z",
              code: int = 0, policy: str = "always") -> str:  # fmt: skip
    return f"container /{name} {state} {restarts} {started} {code} {policy}"


@pytest.mark.parametrize(
    ("lines", "check", "result", "sentence"),
    [
        (["storage_used 95000", "storage_free 5000"], "storage", "bad", "95 % of the storage is used (5 MB are free)"),
        (["storage_used 0", "storage_free 0"], "storage", "unknown", "not measured"),
        (["storage_used 95"], "storage", "unknown", "not measured"),
        (["storage_used 95", "storage_used 1", "storage_free 5"], "storage", "unknown", "not measured"),
        (["inodes_used 9", "inodes_free 1"], "inodes", "bad", "90 % of the inodes are used"),
        (["filesystem ro"], "filesystem", "bad", "the data partition is read-only"),
        (["filesystem rw"], "filesystem", "good", "the data partition is writable"),
        (["filesystem rx"], "filesystem", "unknown", "not measured"),
        (["memory_total 1048576", "memory_available 52428"], "memory", "bad",
         "95 % of the memory is used (51 of 1024 MB are free)"),
        (["temperature 45000", "temperature 71500", "temperature -274000"], "temperature", "warn", "71.5 °C"),
        (["temperature -274000"], "temperature", "unknown", "not measured"),
        (["load 9.5", "processors 4"], "load", "warn", "a load of 2.4 for each processor"),
        (["load 9.5", "processors 0"], "load", "unknown", "not measured"),
        (["undervoltage 0"], "undervoltage", "good", "no under-voltage was noticed"),
        (["undervoltage 3"], "undervoltage", "warn", "under-voltage was noticed"),
        (["undervoltage 0", "throttled 50000"], "undervoltage", "warn", "under-voltage was noticed"),
        (["throttled 0x0"], "undervoltage", "good", "no under-voltage was noticed"),
        (["throttled 80000"], "undervoltage", "good", "no under-voltage was noticed"),
        (["api 200"], "api", "good", "reaches the API"),
        (["api 000"], "api", "bad", "does not reach the API (no answer)"),
        (["api 503"], "api", "bad", "does not reach the API (status 503)"),
        (["api "], "api", "unknown", "not measured"),
        (["dns no"], "dns", "bad", "the API's name cannot be resolved"),
        (["supervisor 200"], "supervisor", "good", "the supervisor is healthy"),
        (["supervisor 500"], "supervisor", "bad", "the supervisor is not healthy (status 500)"),
        (["supervisor 000"], "supervisor", "bad", "the supervisor is not healthy (no answer)"),
        (["engine no"], "engine", "bad", "the container engine does not answer"),
        (["engine no"], "services", "unknown", "not measured"),
        (["engine yes"], "services", "good", "all run"),
        (["engine yes", container(), container("db", "exited", code=1)], "services", "warn",
         "1 not running (db: exited)"),
        (["engine yes", container("job", "exited", policy="no")], "services", "good", "all run"),
        (["engine yes", container("job", "exited", code=1, policy="no")], "services", "warn",
         "1 not running (job: exited)"),
        (["engine yes", container(restarts=500)], "restarts", "good",
         "restarts of a container that keeps ending: 0"),
        (["engine yes", container(restarts=500, started="2026-05-31T23:59:00.1Z")], "restarts", "bad",
         "restarts of a container that keeps ending: 500 (web)"),
        (["engine yes", container("a", "restarting", 4)], "restarts", "warn",
         "restarts of a container that keeps ending: 4 (a)"),
        (["certificate Jun  9 00:00:00 2026 GMT"], "certificate", "warn",
         "days until the certificate of the API runs out: 8"),
        (["certificate Jan  1 00:00:00 2026 GMT"], "certificate", "bad",
         "days until the certificate of the API runs out: -151"),
        (["certificate Foo 99 00:00:00 2026 GMT"], "certificate", "unknown", "not measured"),
        (["certificate Feb 31 00:00:00 2026 GMT"], "certificate", "unknown", "not measured"),
        (["unclean 1", "kernel_start 0"], "shutdowns", "warn", "not shut down cleanly before it started"),
        (["unclean 0", "kernel_start 1"], "shutdowns", "good", "no sign of an unclean shutdown"),
        (["unclean 0", "kernel_start 0"], "shutdowns", "unknown", "the kernel's log is not whole"),
        (["wifi -83"], "wifi", "bad", "a Wi-Fi signal of -83 dBm"),
        (["wifi 60"], "wifi", "unknown", "a figure that makes no sense: 60"),
        (["modem 30"], "modem", "warn", "a signal of 30 % at the modem"),
        (["time_sync no"], "time_sync", "warn", "the clock is not synchronized"),
        (["time_sync "], "time_sync", "unknown", "not measured"),
    ],
)  # fmt: skip
def test_what_is_said(lines, check, result, sentence):
    found = diagnosis(one(*lines))[check]
    assert (found["result"], found["sentence"]) == (result, sentence)


@pytest.mark.parametrize(
    ("now", "then", "before", "after", "off"),
    [
        (NOW, NOW, NOW, NOW, 0),
        (NOW, NOW + 60, NOW, NOW + 60, 0),
        # It took a minute to get there, so nobody knows when in that minute the clock was read.
        (NOW + 30, NOW + 30, NOW, NOW + 60, 0),
        (NOW + 3600, NOW + 3600, NOW, NOW, 3599),
        (NOW - 3600, NOW - 3540, NOW, NOW + 60, 3599),
        (0, 0, NOW, NOW, NOW - 1),
        (NOW, 0, NOW, NOW, 0),
    ],
)
def test_the_clock_is_judged_by_when_it_can_have_been_read(now, then, before, after, off):
    found = diagnosis(f"now {now}\nthen {then}\nend", before, after)["clock"]
    expected = {0: "good"}.get(off, "bad")
    assert (found["figure"], found["result"]) == ((off, expected) if off <= 10**9 else (None, "unknown"))


def test_a_script_that_was_cut_short_leaves_the_rest_unknown():
    found = diagnosis("now 1\nstorage_used 1\nstorage_free 9\nmemory_tot")
    assert found["storage"]["result"] == "good"
    assert (found["memory"]["result"], found["memory"]["sentence"]) == (
        "unknown", "the script did not come to its end",
    )  # fmt: skip


NAMES = st.sampled_from([*host._MEASURES, "now", "then", "container", "storage_used", "storage_free", "memory_total",
                         "memory_available", "processors", "throttled", "unclean", "kernel_start"])  # fmt: skip
VALUES = st.one_of(
    st.text(), st.integers().map(str), st.floats().map(str), st.just("yes"), st.just("{{ lookup('pipe', 'id') }}"),
    st.from_regex(host._CONTAINER, fullmatch=True),
    st.from_regex(host._CERTIFICATE, fullmatch=True),
)  # fmt: skip


@given(st.lists(st.tuples(NAMES, VALUES), max_size=12), st.text())
def test_whatever_a_host_says_is_judged_and_never_repeated(lines, rest):
    text = "\n".join([*(f"{name} {value}" for name, value in lines), rest])
    found = diagnosis(text)
    assert list(found) == [check.name for check in CHECKS]
    shown = json.dumps(found, allow_nan=False, ensure_ascii=False)
    assert "{{" not in shown
    assert re.fullmatch(r"[\w\s°%{}\[\]\",:.;()'+-]*", shown), shown


def test_an_endless_answer_is_read_to_its_limit():
    assert diagnosis("now 1\n" * 200_000 + "storage_used 1")["storage"]["result"] == "unknown"
    assert diagnosis("storage_used " + "9" * 10_000_000)["storage"]["result"] == "unknown"
