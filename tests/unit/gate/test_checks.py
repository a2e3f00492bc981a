# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project's own checks turn red when something was not checked."""

from __future__ import annotations

import json
import subprocess
import sys
from types import ModuleType

import pytest

from tests.bench import __main__ as bench_main
from tests.bench.rows import Row, cells, table

CASE = '<testsuites><testsuite><testcase classname="sanity" name="{name}">{inner}</testcase></testsuite></testsuites>'


def test_a_skipped_sanity_check_is_a_failure(load_script, tmp_path):
    skipped = "<skipped>No tests applicable.</skipped>"
    for name, inner in {"shellcheck-python-3.11": skipped, "pslint-python-3.11": skipped, "pep8": ""}.items():
        (tmp_path / f"{name}.xml").write_text(CASE.format(name=name, inner=inner), encoding="utf-8")
    assert load_script("tests.sanity.run").skipped_checks(tmp_path) == ["shellcheck-python-3.11: No tests applicable."]


@pytest.mark.parametrize(
    ("found", "controller", "expected"),
    [
        (["3.10", "3.11", "3.12", "3.13", "3.14"], "3.14", ["3.10", "3.14"]),
        (["3.10", "3.11", "3.12", "3.13"], "3.11", ["3.10", "3.11", "3.13"]),
        (["3.12"], "3.12", ["3.12"]),
    ],
)
def test_files_are_imported_on_the_oldest_the_newest_and_the_own_python(load_script, found, controller, expected):
    assert load_script("tests.sanity.run").targets(found, controller) == expected


def test_the_mirror_follows_the_checkout(load_script, tmp_path):
    checkout, copy = tmp_path / "checkout", tmp_path / "copy"
    checkout.mkdir()
    subprocess.run(["git", "init", "-q", str(checkout)], check=True)
    (checkout / ".gitignore").write_text("ignored\n", encoding="utf-8")
    for name in ("kept", "removed", "ignored"):
        (checkout / name).write_text(name, encoding="utf-8")
    mirror = load_script("tests.sanity.mirror_checkout").mirror
    mirror(checkout, copy)
    (checkout / "removed").unlink()
    (checkout / "kept").write_text("changed", encoding="utf-8")
    mirror(checkout, copy)
    assert sorted(path.name for path in copy.iterdir()) == [".git", ".gitignore", "kept"]
    assert (copy / "kept").read_text(encoding="utf-8") == "changed"


def test_the_end_of_a_test_run_is_found(load_script):
    text = "x\n==== short test summary info ====\n=== 1 failed, 20 passed, 2 skipped in 61.20s (0:01:01) ===\n"
    assert load_script("pipeline").SUMMARY.findall(text) == ["1 failed, 20 passed, 2 skipped in 61.20s (0:01:01)"]


def test_a_missed_budget_is_shown_and_fails(monkeypatch, tmp_path, capsys):
    rows = [Row("fast", "s", 1.0, 2.0, peer=3.0, peer_name="other"), Row("slow", "requests", 3, 2)]
    subject = ModuleType("subject")
    subject.measure = lambda bench: rows  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests.bench.subjects.sdk_import", subject)
    monkeypatch.setattr(bench_main, "RESULTS", tmp_path / "bench.json")
    monkeypatch.setattr(bench_main, "versions", lambda: "other 1.0")
    assert bench_main.main(["sdk_import"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "1 of 2 budgets met"
    assert lines[1].endswith("3.00 s (other: 3.00 x)")
    assert lines[2].endswith("MISSED")
    written = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert [(row["work"], row["met"], row["ratios"]) for row in written] == [
        ("fast", True, {"other": 3.0}),
        ("slow", False, {}),
    ]


def test_several_peers_are_shown_and_those_that_are_missing_named():
    row = Row("w", "requests", 2, 2, others={"Python SDK": 3000, "JavaScript SDK": None})
    assert cells(row)[-1] == "3000 requests (Python SDK: 1500 x), JavaScript SDK not available"


def test_the_table_has_a_line_for_each_row():
    assert len(table([Row("a", "ms", 1, 2), Row("b", "ms", 1, 2)]).splitlines()) == 3


@pytest.mark.parametrize(
    ("current", "found", "command", "python"),
    [
        ("3.11", {"3.11": "/new"}, "make sanity", None),
        ("3.10", {"3.10": "/old", "3.12": "/new"}, "make sanity VENV=.cache/venvs/sanity", "/new"),
        ("3.10", {"3.10": "/old"}, "", None),
    ],
)
def test_sanity_tests_have_a_python_that_is_new_enough(load_script, current, found, command, python):
    step = load_script("steps").sanity("make", found, current)
    assert (step.command, step.environment.get("PYTHON")) == (command, python)
    assert bool(step.unable) == (not command)
