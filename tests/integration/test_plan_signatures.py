# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan files that are signed, by the real ssh-keygen: what was signed is made, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

KEYGEN = shutil.which("ssh-keygen")
pytestmark = pytest.mark.skipif(KEYGEN is None, reason="needs ssh-keygen")
SEED = {
    "random_seed": 6,
    "applications": [{"name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64", "env": {"A": "1"}}],
}
TASK = {"scope": "application", "application": "acme/kiosk", "name": "A"}
NAMESPACE = "plan@community.balena"


@pytest.fixture(scope="module")
def running():
    with Emulator(seed=SEED) as emulator:
        yield emulator


@pytest.fixture
def server(running):
    running.reset()
    return running


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> Path:
    """A folder with the keys alice, bob, and one with a passphrase, and files of allowed signers."""
    folder = tmp_path_factory.mktemp("keys")
    for name, passphrase in (("alice", ""), ("bob", ""), ("locked", "secret")):
        make_key(folder / name, passphrase)
    public = {name: (folder / f"{name}.pub").read_text().strip() for name in ("alice", "bob", "locked")}
    lines = {
        "both": [f"alice@acme.example {public['alice']}", f"bob@acme.example,robert {public['bob']}"],
        "alice_only": [f"*@acme.example {public['alice']}"],
        "locked_only": [f"carol {public['locked']}"],
        "other_use": [f'alice@acme.example namespaces="git" {public["alice"]}'],
        "expired": [f'alice@acme.example valid-before="20200101" {public["alice"]}'],
        "nobody": ["# nobody"],
    }
    for name, found in lines.items():
        (folder / name).write_text("\n".join(found) + "\n")
    return folder


def make_key(path: Path, passphrase: str) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(path)]
    subprocess.run(command, check=True)


@pytest.fixture
def plan(server, keys, tmp_path) -> Path:
    """A plan, signed by alice."""
    path = tmp_path / "plan.json"
    write(server, path, keys / "alice")
    return path


def write(server: Emulator, path: Path, key: Path | None, **more: Any) -> dict[str, Any]:
    signed = {"plan_sign_key": str(key)} if key else {}
    return run_task(server, "balena_env_var", **TASK, value="2", plan_to=str(path), **signed, **more, check_mode=True)


def make(server: Emulator, path: Path, **options: Any) -> dict[str, Any]:
    """Make the plan; checks that nothing was written if it is refused."""
    server.clear_requests()
    done = run_task(server, "balena_env_var", **TASK, value="2", plan_from=str(path), **options)
    assert done.get("failed") or done["changed"]
    if done.get("failed"):
        assert server.writes() == []
        assert "Traceback" not in done["msg"]
    return done


@pytest.mark.parametrize(
    ("signers", "signer"),
    [
        ("both", None),
        ("both", "alice@acme.example"),
        ("alice_only", None),
        ("alice_only", "alice@acme.example"),
    ],
)
def test_a_signed_plan_is_made(server, keys, plan, signers, signer):
    done = make(server, plan, plan_signers=str(keys / signers), plan_signer=signer)
    assert not done.get("failed"), done["msg"]
    assert plan.with_name("plan.json.sig").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("signers", "signer", "says"),
    [
        ("both", "bob@acme.example", "is not one of bob@acme.example for"),
        ("both", "mallory", "is not one of mallory for"),
        ("both", "-x", "is not one of -x for"),
        ("nobody", None, "is not signed with a key of"),
        ("nobody", "alice@acme.example", "is not one of alice@acme.example for"),
        ("locked_only", None, "is not signed with a key of"),
        ("other_use", None, "alice@acme.example"),
        ("expired", "alice@acme.example", "is not one of alice@acme.example for"),
        ("missing", None, "/missing does not exist or is not a file"),
    ],
)
def test_a_signature_that_does_not_count_is_refused(server, keys, plan, signers, signer, says):
    done = make(server, plan, plan_signers=str(keys / signers), plan_signer=signer)
    assert done["failed"]
    assert says in done["msg"]


def tampered(path: Path) -> None:
    path.write_text(path.read_text().replace('"2"', '"3"'))


def unsigned(path: Path) -> None:
    path.with_name("plan.json.sig").unlink()


def empty(path: Path) -> None:
    path.with_name("plan.json.sig").write_text("")


def of_another_use(path: Path) -> None:
    """Signed with the same key, but for something else."""
    path.with_name("plan.json.sig").unlink()
    key = path.with_name("key")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "file", str(path)], check=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (tampered, "is not one of alice@acme.example for"),
        (unsigned, "plan.json.sig is missing. plan_sign_key signs a plan"),
        (empty, "is not signed with a key of"),
        (of_another_use, "alice@acme.example"),
    ],
)
def test_what_is_not_what_was_signed_is_refused(server, keys, plan, change, says):
    shutil.copy(keys / "alice", plan.with_name("key"))
    change(plan)
    done = make(server, plan, plan_signers=str(keys / "both"))
    assert done["failed"]
    assert says in done["msg"]
    assert "plan_from" in done["msg"]


def test_what_is_verified_is_what_is_read(server, keys, plan, tmp_path, monkeypatch):
    """Whoever may write the file puts another plan there as soon as it is verified."""
    evil = tmp_path / "evil.json"
    other = run_task(server, "balena_env_var", **TASK, value="evil", plan_to=str(evil), check_mode=True)
    assert other["changed"]
    program = tmp_path / "bin" / "ssh-keygen"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n"{KEYGEN}" "$@"; status=$?; cp "{evil}" "{plan}"; exit $status\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    given = {"plan_from": str(plan), "plan_signers": str(keys / "both")}
    refused = run_task(server, "balena_env_var", **TASK, value="evil", **given)
    assert refused["failed"]
    assert plan.read_bytes() == evil.read_bytes()


def test_without_ssh_keygen_it_is_said(server, keys, plan, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "signatures need ssh-keygen" in make(server, plan, plan_signers=str(keys / "both"))["msg"]
    assert "plan_sign_key: signatures need ssh-keygen" in write(server, plan, keys / "alice")["msg"]


@pytest.mark.parametrize("key", ["locked", "missing", "nobody"])
def test_a_plan_that_cannot_be_signed_is_not_written(server, keys, tmp_path, key, monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    done = write(server, tmp_path / "plan.json", keys / key)
    assert done["failed"]
    assert done["msg"].startswith("plan_sign_key: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["locked", "locked.pub"])
def test_an_agent_signs_with_a_key_that_has_a_passphrase(server, keys, tmp_path, monkeypatch, name):
    if shutil.which("ssh-agent") is None or shutil.which("ssh-add") is None:
        pytest.skip("needs ssh-agent")
    answer = tmp_path / "answer"
    answer.write_text("#!/bin/sh\necho secret\n")
    answer.chmod(0o755)
    started = subprocess.run(["ssh-agent", "-c"], capture_output=True, text=True, check=True).stdout.split()
    socket, agent = started[2].rstrip(";"), int(started[started.index("SSH_AGENT_PID") + 1].rstrip(";"))
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", socket)
        asked = {**os.environ, "SSH_ASKPASS": str(answer), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
        subprocess.run(
            ["ssh-add", "-q", str(keys / "locked")], env=asked, check=True, start_new_session=True, timeout=60
        )
        path = tmp_path / "plan.json"
        assert not write(server, path, keys / name).get("failed")
    finally:
        os.kill(agent, 15)
    assert not make(server, path, plan_signers=str(keys / "locked_only"), plan_signer="carol").get("failed")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"plan_sign_key": "id"}, "plan_sign_key says nothing without plan_to"),
        ({"plan_signers": "signers"}, "plan_signers says nothing without plan_from"),
        ({"plan_signer": "alice"}, "plan_signer says nothing without plan_signers"),
    ],
)
def test_options_that_say_nothing_are_refused(server, options, says):
    server.clear_requests()
    done = run_task(server, "balena_env_var", **TASK, value="2", **options)
    assert says in done["msg"]
    assert server.writes() == []
