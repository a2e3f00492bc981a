# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public CI and the hooks run what there is: the same make targets, steps, linters and versions as here."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys

import pytest

from tests.support.ansible_runs import CHECKOUT
from tests.support.repository import load, read

WORKFLOWS = sorted(path.name for path in (CHECKOUT / ".github" / "workflows").iterdir())
AS_ROOT = 'sudo --preserve-env env "PATH=$PATH" '
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE))
CHANGELOG = '<a id="v1-1-0"></a>\n## v1\\.1\\.0\n\nNew\\.\n\n<a id="v1-0-0"></a>\n## v1\\.0\\.0\n\nFirst\\.\n'


def jobs(workflow: str) -> dict[str, dict]:
    return load(f".github/workflows/{workflow}")["jobs"]


def commands(workflow: str) -> list[list[str]]:
    """The words of every command of a workflow, with the values of its matrix put in, whoever runs it."""
    found = []
    for job in jobs(workflow).values():
        matrix = job.get("strategy", {}).get("matrix", {})
        targets = matrix.get("target", []) if isinstance(matrix, dict) else []
        for step in job["steps"]:
            for line in step.get("run", "").splitlines():
                command = line.removeprefix(AS_ROOT)
                found += [shlex.split(command.replace("$TARGET", target)) for target in targets or [""]]
    return found


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_make_targets_and_steps_of_the_gate_exist(workflow, load_script):
    steps = {step.name for step in load_script("steps").steps()}
    ours = [words for words in commands(workflow) if words[0] in ("make", ".ci/run") or "/" in words[0]]
    assert ours
    for program, *names in ours:
        if program == "make":
            assert set(names) <= TARGETS
        elif program == ".ci/run":
            assert set(names) <= steps
        else:
            assert (CHECKOUT / program).is_file()


def test_the_public_ci_runs_all_that_the_gate_runs():
    made = {name for words in commands("ci.yml") if words[0] == "make" for name in words[1:]}
    assert {"test", "sanity", "lint", "docs-check", "readme", "demo"} <= made
    assert [".ci/run", "use the tarball", "galaxy-importer"] in commands("ci.yml")


def test_the_matrix_is_that_of_the_supported_versions(load_script):
    script = [sys.executable, ".ci/supported.py"]
    printed = subprocess.run(script, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    matrix = json.loads(printed.removeprefix("matrix="))["include"]
    assert {row["core"] for row in matrix} == set(load_script("supported").CORES)
    assert {row["python"] for row in matrix} == set(load_script("supported").PYTHONS)
    job = jobs("ci.yml")["test"]
    assert job["strategy"]["matrix"] == "${{ fromJSON(needs.versions.outputs.matrix) }}"
    assert job["env"] == {"PIP_MORE": "ansible-core==${{ matrix.core }}.*"}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_other_jobs_use_the_newest_python(workflow, load_script):
    used = re.findall(r'python-version: "(.*)"', read(f".github/workflows/{workflow}"))
    assert set(used) == {load_script("supported").PYTHONS[-1]}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_actions_are_pinned_and_may_do_nothing_by_default(workflow):
    assert load(f".github/workflows/{workflow}")["permissions"] == {}
    for action in re.findall(r"uses: *(.*)", read(f".github/workflows/{workflow}")):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", action)
    for name, job in jobs(workflow).items():
        writing = [scope for scope, access in job.get("permissions", {}).items() if access != "read"]
        signing = ["id-token", "attestations"] if workflow == "release.yml" and name == "build" else []
        assert writing == (["contents"] if name in ("announce", "site") else signing)
        assert job["timeout-minutes"] <= 60


def test_every_job_has_to_pass():
    needed = jobs("ci.yml")["all"]["needs"]
    assert sorted([*needed, "all"]) == sorted(jobs("ci.yml"))


def test_the_secret_is_for_one_command_of_one_job():
    text = read(".github/workflows/release.yml")
    assert text.count("secrets.") == 1
    publish = jobs("release.yml")["publish"]
    assert publish["environment"] == "galaxy" and publish["needs"] == "build"
    assert "checkout" not in json.dumps(publish)


def test_a_tag_publishes_the_version_of_the_collection_alone(load_script):
    notes = load_script("release_notes").notes
    assert notes("1.1.0", "version: 1.1.0\n", CHANGELOG) == "New\\.\n"
    assert notes("1.0.0", "version: 1.0.0\n", CHANGELOG) == "First\\.\n"
    with pytest.raises(SystemExit, match=r"galaxy\.yml has the version 1\.1\.0"):
        notes("1.2.0", "version: 1.1.0\n", CHANGELOG)
    with pytest.raises(SystemExit, match=r"CHANGELOG\.md has nothing of 1\.2\.0"):
        notes("1.2.0", "version: 1.2.0\n", CHANGELOG)


def test_the_hooks_run_every_linter_as_make_lint_does(load_script):
    (repo,) = load(".pre-commit-config.yaml")["repos"]
    assert repo["repo"] == "local"
    words = []
    for hook in repo["hooks"]:
        assert hook["entry"].startswith("make -s lint ARGS=") and not hook["pass_filenames"]
        words.append(hook["entry"].rpartition("=")[2])
    linters = load_script("lint").LINTERS
    assert [name for name in linters if not any(word in name for word in words)] == []
    assert [word for word in words if not any(word in name for name in linters)] == []


def test_the_schema_is_checked_of_every_workflow(load_script):
    assert sorted(load_script("lint").WORKFLOWS) == [f".github/workflows/{name}" for name in WORKFLOWS]
