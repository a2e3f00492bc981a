# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands, Python, workflows and pipelines of the guides and the roles' READMEs are run, as they stand there.

They find the files that their page shows, and site.yml, a playbook of the reader's own. What is not the test's to do is
done already: the collection and its libraries are installed. A comment before a block says so if it needs an account
(`<!-- test: account, REASON -->`); those blocks are counted and named. Commands of the README and of the tour are
run by tests/support/readme.py, blocks of CONTRIBUTING.md by tests/integration/test_contributing.py, and
recipes by test_recipes.py.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
import yaml

from emulator import Emulator
from tests.e2e.test_guides import NAMED_FILE, QUICK, RATE, SECRET, SEED
from tests.support.ansible_runs import CHECKOUT, Ansible, Run
from tests.support.documents import Block, blocks_of, documents

pytestmark = pytest.mark.once

#: Pages whose blocks other tests run.
ELSEWHERE = ("README.md", "CONTRIBUTING.md", "docs/recipes.md", "docs/tour.md")
ALL = [block for path in documents() if str(path.relative_to(CHECKOUT)) not in ELSEWHERE for block in blocks_of(path)]
COMMANDS = [block for block in ALL if block.language in ("shell", "console") and block.mark not in ("tunnel", "device")]
ACCOUNT = [block for block in ALL if block.mark.startswith("account, ")]
#: A playbook as readers have: it makes one variable and changes another.
SITE = """
- hosts: localhost
  gather_facts: false
  tasks:
    - community.balena.balena_env_var:
        {scope: application, application: acme/kiosk, variables: {LOG_LEVEL: debug, NEW: "1"}}
"""
PRELUDE = """
set -e
trap 'kill "${BALENA_EMULATOR_PID:-}" 2>/dev/null || true' EXIT
# What waits for devices waits shorter.
ansible-playbook() { command ansible-playbook "$@" -e "$QUICK"; }
# It is installed: see the link below HOME.
ansible-galaxy() { :; }
"""


@pytest.fixture(scope="module")
def world() -> Iterator[Emulator]:
    """The server that the guides are written for."""
    with Emulator(seed=SEED, flavor="cloud", rate=RATE) as running:
        yield running


@pytest.fixture
def emulator(world: Emulator) -> Emulator:
    world.reset()
    return world


@pytest.fixture
def page(ansible: Ansible):
    """Put down what a page shows, and run its blocks."""
    home = ansible.folder / ".ansible" / "collections" / "ansible_collections" / "community"
    home.mkdir(parents=True)
    (home / "balena").symlink_to(CHECKOUT, target_is_directory=True)
    (ansible.folder / "site.yml").write_text(SITE, encoding="utf-8")
    ansible.environment |= {
        "QUICK": json.dumps(QUICK), "PYTHONPATH": str(CHECKOUT), "API_KEY": SECRET, "ANSIBLE_INVENTORY": "hosts.yml",
        "ANSIBLE_LOCALHOST_WARNING": "0",
    }  # fmt: skip

    def put(path: Path) -> Ansible:
        for block in blocks_of(path):
            if named := NAMED_FILE.match(block.text):
                file = ansible.folder / named[1].rstrip(":")
                file.parent.mkdir(exist_ok=True)
                file.write_text(block.text.replace("vaulted_api_key", f"'{SECRET}'"), encoding="utf-8")
        return ansible

    return put


def bash(ansible: Ansible, text: str, status: int | None = 0, given: str = "") -> Run:
    """Run commands; a prompt before them is taken away, with what is shown of their output."""
    if "\n$ " in f"\n{text}":
        text = "\n".join(line[2:] for line in text.splitlines() if line.startswith("$ "))
    done = subprocess.run(
        ["bash", "-c", PRELUDE + text], cwd=ansible.folder, env=ansible.environment, input=given, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    run = Run(["bash"], done.returncode, done.stdout, done.stderr)
    assert status is None or run.status == status, f"{text}\nexited with {run.status}:\n{run.text}"
    return run


@pytest.mark.parametrize("block", [block for block in COMMANDS if not block.mark], ids=str)
def test_commands_do_what_they_say(block, page, emulator):
    ansible = page(block.path)
    if block.path.parent.name == "emulator":
        ansible.folder = CHECKOUT
        ansible.environment.pop("ANSIBLE_INVENTORY")
    done = bash(ansible, block.text, given=f"{emulator.token}\n")
    assert "no hosts matched" not in done.text


@pytest.mark.parametrize("block", [block for block in COMMANDS if block.mark == "server"], ids=str)
def test_servers_start(block, page):
    ansible = page(block.path)
    command = " ".join(bash_lines(block.text))
    told = re.compile(r"balena emulator at http://127\.0\.0\.1:\d+ token \w+")
    with subprocess.Popen(
        ["bash", "-c", f"exec {command}"], cwd=ansible.folder, env=ansible.environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as server:  # fmt: skip
        late = threading.Timer(120, server.kill)
        late.start()
        assert server.stdout
        said = ""
        for line in server.stdout:
            said += line
            if told.search(line):
                server.send_signal(signal.SIGINT)
        late.cancel()
    assert told.search(said), said


def bash_lines(text: str) -> list[str]:
    """The lines of a command, without its prompt and without what it prints."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ") or "$ " not in text]


@pytest.mark.parametrize("block", [block for block in COMMANDS if block.mark.startswith("fails, ")], ids=str)
def test_commands_that_have_to_fail_do(block, page, emulator):
    ansible = page(block.path)
    playbook = next(other.text for other in blocks_of(block.path) if other.language == "yaml")
    page(CHECKOUT / "docs" / "fleet-as-code.md")
    (ansible.folder / "drift.yml").write_text(playbook.replace("vaulted_api_key", f"'{SECRET}'"), encoding="utf-8")
    done = bash(ansible, block.text, status=2)
    assert re.search(r"\d+ findings:", done.text), done.text
    assert (ansible.folder / "report" / "drift.md").is_file()
    assert emulator.writes() == []


@pytest.mark.parametrize("block", [block for block in COMMANDS if block.mark == "terminal"], ids=str)
def test_commands_that_ask_for_a_password_work(block, page, emulator):
    ansible = page(block.path)
    (ansible.folder / "written").write_text(f"db_password: {SECRET}\n", encoding="utf-8")
    # The "editor" puts that text into the file that it is given.
    environment = {**ansible.environment, "EDITOR": f"cp {ansible.folder}/written"}
    for line in block.text.splitlines():
        child = pexpect.spawn(
            "bash", ["-c", line], cwd=str(ansible.folder), env=environment, encoding="utf-8", timeout=60
        )
        said = ""
        while child.expect([r"[Pp]assword[^\n]*: ", pexpect.EOF]) == 0:
            said += child.before
            child.sendline("open sesame")
        said += child.before
        child.close()
        assert child.exitstatus == 0, said
        assert SECRET not in said
    assert [row["value"] for row in emulator.store.query("service_environment_variable", name="DB_PASSWORD")] == [
        SECRET
    ]


@pytest.mark.parametrize("block", [block for block in ALL if block.language == "python"], ids=str)
def test_python_runs(block, page, monkeypatch, emulator):
    ansible = page(block.path)
    monkeypatch.setenv("BALENA_API_URL", emulator.url)
    monkeypatch.setenv("BALENA_TOKEN", emulator.token)
    monkeypatch.chdir(ansible.folder)
    (ansible.folder / "my_fleet.yml").write_text(SEED.read_text(encoding="utf-8"), encoding="utf-8")

    def run_playbook(name: str, **environment: str) -> None:
        ansible.run("ansible-playbook", name, env=environment)

    def run_my_playbook(**environment: str) -> None:
        ansible.run("ansible-playbook", "--check", "site.yml", env=environment)

    code = {"run_playbook": run_playbook, "run_my_playbook": run_my_playbook}
    exec(compile(block.text, str(block), "exec"), code)


WORKFLOWS = [block for block in ALL if block.mark == "workflow"]


@pytest.mark.parametrize("block", WORKFLOWS, ids=str)
def test_workflows_are_of_the_form_that_github_takes(block, tmp_path):
    workflow = yaml.load(block.text, yaml.BaseLoader)
    assert {"name", "on", "jobs"} <= set(workflow)
    for job in workflow["jobs"].values():
        assert job["runs-on"] and all(("uses" in step) != ("run" in step) for step in job["steps"])
    checker = Path(sys.executable).with_name("check-jsonschema")
    if checker.exists():  # one of the linters, which "make lint" installs
        (tmp_path / "workflow.yml").write_text(block.text, encoding="utf-8")
        command = [str(checker), "--builtin-schema", "vendor.github-workflows", str(tmp_path / "workflow.yml")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", WORKFLOWS, ids=str)
def test_the_steps_of_workflows_run(block, page, emulator):
    """All `run` steps in order; once one has failed, only those that always run."""
    ansible = page(block.path)
    secrets = {"BALENA_TOKEN": emulator.token, "API_KEY": SECRET}
    summary = ansible.folder / "summary.md"
    ansible.environment |= {"CI": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    said, failed = "", False
    for job in yaml.load(block.text, yaml.BaseLoader)["jobs"].values():
        for name, value in job.get("env", {}).items():
            ansible.environment[name] = re.sub(r"\$\{\{ secrets\.(\w+) \}\}", lambda found: secrets[found[1]], value)
        for step in job["steps"]:
            if "run" in step and (not failed or step.get("if") == "always()"):
                done = bash(ansible, step["run"], status=None)
                said, failed = said + done.text, failed or done.status != 0
    assert SECRET not in said
    if "drift" in block.text:
        # There is drift, and it fails the job, with the report in its summary.
        assert failed and re.search(r"\d+ findings: ", said), said
        assert "acme/kiosk" in summary.read_text(encoding="utf-8")
    else:
        assert not failed, said


PIPELINES = [block for block in ALL if block.mark == "pipeline"]


@pytest.mark.parametrize("block", PIPELINES, ids=str)
def test_pipelines_are_of_the_form_that_gitlab_takes(block, tmp_path):
    (job,) = yaml.safe_load(block.text).values()
    assert {"image", "rules", "script", "artifacts"} == set(job)
    checker = Path(sys.executable).with_name("check-jsonschema")
    if checker.exists():  # one of the linters, which "make lint" installs
        (tmp_path / ".gitlab-ci.yml").write_text(block.text, encoding="utf-8")
        command = [str(checker), "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
        done = subprocess.run([*command, str(tmp_path / ".gitlab-ci.yml")], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", PIPELINES, ids=str)
def test_the_script_of_a_pipeline_runs(block, page, emulator):
    """Drift fails the job, whose artifacts are there nevertheless, and nothing shows what is masked."""
    ansible = page(block.path)
    ansible.environment |= {"CI": "true", "BALENA_TOKEN": emulator.token, "API_KEY": SECRET}
    (job,) = yaml.safe_load(block.text).values()
    *before, last = job["script"]
    said = "".join(bash(ansible, line, status=0).text for line in before)
    done = bash(ansible, last, status=None)
    assert done.status != 0 and re.search(r"\d+ findings: ", done.text), done.text
    assert SECRET not in said + done.text and emulator.token not in said + done.text
    reports = [path for folder in job["artifacts"]["paths"] for path in (ansible.folder / folder).iterdir()]
    assert "drift.html" in [path.name for path in reports]
    assert not [path for path in reports if SECRET in path.read_text(encoding="utf-8")]
    assert job["artifacts"]["when"] == "always"


def test_what_needs_an_account_is_named(tell):
    tell(f"blocks of the guides that need an account, not run: {len(ACCOUNT)}: {', '.join(map(str, ACCOUNT))}")
    assert {str(block.path.relative_to(CHECKOUT)) for block in ACCOUNT} <= {"docs/awx.md", "docs/reaching-devices.md"}
    assert [block for block in COMMANDS if block.mark and not known(block)] == []


def known(block: Block) -> bool:
    """Whether a test takes blocks with this mark."""
    return block.mark in ("server", "terminal") or block.mark.startswith(("fails, ", "account, "))
