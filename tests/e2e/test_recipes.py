# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each recipe of docs/recipes.md does what its heading says, in a fleet of its own (recipes_seed.yml).

All blocks below a heading are run in their order, and then the function for that heading looks at the server. Blocks
that need an account say so; they are checked as far as that goes, counted and named.
"""

from __future__ import annotations

import datetime
import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from emulator import Emulator
from tests.e2e.test_guides import NAMED_FILE, QUICK, RATE, SECRET, as_playbook, kind_of
from tests.support.ansible_runs import CHECKOUT, Ansible, Run
from tests.support.documents import Block, blocks_of

pytestmark = pytest.mark.once

SEED = Path(__file__).with_name("recipes_seed.yml")
PAGE = CHECKOUT / "docs" / "recipes.md"
EXTRA = {**QUICK, "poll_interval": 0.2, "db_password": SECRET}


def sections() -> dict[str, list[Block]]:
    """The blocks below each heading."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    starts = [(number, line[3:]) for number, line in enumerate(lines, 1) if line.startswith("## ")]
    found: dict[str, list[Block]] = {heading: [] for _number, heading in starts}
    for block in blocks_of(PAGE):
        heading = next(heading for number, heading in reversed(starts) if number < block.line)
        found[heading].append(block)
    return found


SECTIONS = sections()
ACCOUNT = [block for blocks in SECTIONS.values() for block in blocks if block.mark.startswith("account, ")]


@dataclass
class Kitchen:
    """Where recipes are tried: a server, and a folder with Ansible."""

    emulator: Emulator
    ansible: Ansible
    said: str = ""

    def rows(self, resource: str, **equals: Any) -> list[dict[str, Any]]:
        """Rows of the server."""
        return self.emulator.store.query(resource, **equals)

    def fleet(self, name: str) -> int:
        """The id of a fleet."""
        return int(self.rows("application", app_name=name)[0]["id"])

    def variables(self, fleet: str) -> dict[str, str]:
        """The variables of a fleet."""
        found = self.rows("application_environment_variable", application=self.fleet(fleet))
        return {row["name"]: row["value"] for row in found}

    def device(self, name: str) -> dict[str, Any]:
        """A device of the server."""
        (row,) = self.rows("device", device_name=name)
        return row

    def tagged(self, key: str) -> set[str]:
        """The names of the devices that have a tag."""
        names = {row["id"]: row["device_name"] for row in self.rows("device")}
        return {names[row["device"]] for row in self.rows("device_tag", tag_key=key)}

    def file(self, name: str) -> Path:
        """A file beside the playbooks."""
        return self.ansible.folder / name

    def release(self, version: str) -> int:
        """The id of a release of the kiosks."""
        (row,) = [
            row
            for row in self.rows("release", belongs_to__application=self.fleet("kiosk"))
            if ".".join(str(row[f"semver_{part}"]) for part in ("major", "minor", "patch")) == version
        ]
        return int(row["id"])

    def log_in(self) -> None:
        """Use a session, as `balena login` begins one, in the place of an API key."""
        who = {"username": "admin", "password": "Admin-Passw0rd"}
        answer = requests.post(f"{self.emulator.url}/login_", json=who, timeout=10)
        self.ansible.environment["BALENA_TOKEN"] = answer.text

    def cook(self, heading: str) -> Run:
        """Run all playbooks below a heading; the files that it shows are put down first."""
        hosts = ["-i", str(self.ansible.hosts)]
        names = []
        for block in SECTIONS[heading]:
            content = yaml.safe_load(block.text) if block.language == "yaml" else None
            named = re.fullmatch(r"file (\S+)", block.mark) or NAMED_FILE.match(block.text)
            name = named[1] if named else f"block-{block.line}.yml"
            if block.mark.startswith(("account, ", "workflow", "device")):
                continue
            self.file(name).write_text(block.text, encoding="utf-8")
            if block.language == "yaml" and kind_of(content) == "inventory":
                hosts += ["-i", name]
            elif block.language == "yaml":
                self.file(name).write_text(yaml.safe_dump(as_playbook(content), sort_keys=False), encoding="utf-8")
                names.append(name)
        done = self.ansible.run("ansible-playbook", *hosts, "-e", json.dumps(EXTRA), *names)
        assert SECRET not in done.text
        assert "no hosts matched" not in done.text, done.text
        self.said += done.text
        return done


@pytest.fixture(scope="module")
def world() -> Iterator[Emulator]:
    with Emulator(seed=SEED, flavor="cloud", rate=RATE) as running:
        yield running


@pytest.fixture
def emulator(world: Emulator) -> Emulator:
    world.reset()
    return world


@pytest.fixture
def kitchen(emulator: Emulator, ansible: Ansible) -> Kitchen:
    return Kitchen(emulator, ansible)


Check = Callable[[Kitchen], None]
CHECKS: dict[str, Check] = {}


def recipe(heading: str) -> Callable[[Check], Check]:
    """Mark a function as the test of what is below a heading."""

    def remember(check: Check) -> Check:
        CHECKS[heading] = check
        return check

    return remember


@recipe("Copy the variables of a fleet to another one")
def copied(kitchen: Kitchen) -> None:
    kitchen.cook("Copy the variables of a fleet to another one")
    assert kitchen.variables("lobby") == {"LOG_LEVEL": "warning", "TZ": "Europe/Berlin", "ONLY_HERE": "1"}
    assert "Europe/Berlin" not in kitchen.said


@recipe("Remove an override from all devices that have it")
def override(kitchen: Kitchen) -> None:
    assert len(kitchen.rows("device_environment_variable", name="DEBUG")) == 74
    kitchen.cook("Remove an override from all devices that have it")
    assert kitchen.rows("device_environment_variable", name="DEBUG") == []


@recipe("Pin the devices of a ring")
def pinned(kitchen: Kitchen) -> None:
    kitchen.cook("Pin the devices of a ring")
    pins = {row["device_name"] for row in kitchen.rows("device", is_pinned_on__release=kitchen.release("1.4.0"))}
    assert pins == {f"porto-{number}" for number in range(1, 7)}


@recipe("See who runs what")
def who_runs_what(kitchen: Kitchen) -> None:
    said = kitchen.cook("See who runs what").output
    assert "1.2.0: 82 devices, 80 online" in said
    assert kitchen.emulator.writes() == []


@recipe("Rotate a key, with an overlap")
def rotated(kitchen: Kitchen) -> None:
    heading = "Rotate a key, with an overlap"
    kitchen.log_in()
    kitchen.cook(heading)
    first = kitchen.file("ci.key").read_text(encoding="utf-8")
    assert first and first not in kitchen.said
    # It is young enough, so that nothing happens.
    kitchen.cook(heading)
    assert kitchen.file("ci.key").read_text(encoding="utf-8") == first
    (row,) = kitchen.rows("api_key", name="ci")
    kitchen.emulator.store.update("api_key", row["id"], created_at="2020-01-01T00:00:00.000Z")
    kitchen.cook(heading)
    assert kitchen.file("ci.key").read_text(encoding="utf-8") != first
    assert len(kitchen.rows("api_key", name="ci")) == 2, "the former key is valid for another day"


@recipe("Update only in maintenance windows")
def in_windows(kitchen: Kitchen) -> None:
    kitchen.cook("Update only in maintenance windows")
    assert kitchen.rows("application", app_name="kiosk")[0]["should_be_running__release"]
    assert "Release 1.4.0 for acme/kiosk: finished" in kitchen.said
    closed = {**EXTRA, "rollout_release": "1.0.0", "rollout_windows": [never()]}
    kitchen.emulator.clear_requests()
    done = kitchen.ansible.run(
        "ansible-playbook", "-i", str(kitchen.ansible.hosts), "night.yml", "-e", json.dumps(closed)
    )
    assert done.recap()["failed"] == 0, "with `end`, a run outside of the window is not a failure"
    assert kitchen.emulator.writes() == []


def never() -> dict[str, Any]:
    """A window that is closed now: it opens in three days."""
    day = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)
    name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]
    return {"days": [name], "start": "10:00", "end": "11:00", "timezone": "UTC"}


@recipe("Register devices from a CSV file")
def registered(kitchen: Kitchen) -> None:
    heading = "Register devices from a CSV file"
    kitchen.cook(heading)
    configs = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in kitchen.file("delivery").iterdir()}
    assert set(configs) == {"A-1001", "A-1002"}
    device = kitchen.device("entrance-2")
    assert configs["A-1002"]["uuid"] == device["uuid"]
    assert [row["value"] for row in kitchen.rows("device_tag", device=device["id"], tag_key="site")] == ["lyon"]
    assert kitchen.cook(heading).recap()["changed"] == 0


@recipe("Move devices to another fleet")
def moved(kitchen: Kitchen) -> None:
    heading = "Move devices to another fleet"
    kitchen.cook(heading)
    names = {row["device_name"] for row in kitchen.rows("device", belongs_to__application=kitchen.fleet("lobby"))}
    assert names == {"lobby-1", *(f"porto-{number}" for number in range(1, 7))}
    assert kitchen.cook(heading).recap()["changed"] == 0


@recipe("Tag what has been silent for a week")
def silent(kitchen: Kitchen) -> None:
    heading = "Tag what has been silent for a week"
    long_ago = {"is_online": False, "last_connectivity_event": "2020-01-01T00:00:00.000Z"}
    kitchen.emulator.store.update("device", kitchen.device("cellar")["id"], **long_ago)
    kitchen.cook(heading)
    assert kitchen.tagged("silent") == {"cellar"}
    kitchen.emulator.store.update("device", kitchen.device("cellar")["id"], is_online=True)
    kitchen.cook(heading)
    assert kitchen.tagged("silent") == set()


@recipe("Update the OS in waves")
def os_updated(kitchen: Kitchen) -> None:
    kitchen.cook("Update the OS in waves")
    versions = {
        row["os_version"] for row in kitchen.rows("device", is_online=True) if "lobby" not in row["device_name"]
    }
    assert len(versions) == 1 and versions != {"balenaOS 5.3.27"}


@recipe("Compare two fleets")
def compared(kitchen: Kitchen) -> None:
    said = kitchen.cook("Compare two fleets").output
    lines = {line.strip(' ,"') for line in said.splitlines()}
    assert any("LOG_LEVEL" in line and "warning" in line and line.startswith("+") for line in lines), said
    assert any("ONLY_HERE" in line and line.startswith("-") for line in lines), said
    assert kitchen.emulator.writes() == []


@recipe("Export an organization")
def exported(kitchen: Kitchen) -> None:
    kitchen.cook("Export an organization")
    documents = {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in kitchen.file("fleets").iterdir()
    }
    assert {"kiosk", "lobby"} <= set(documents)
    assert documents["kiosk"]["fleet"] == "acme/kiosk"
    assert len(documents["kiosk"].get("devices", ())) < len(kitchen.emulator.store.query("device"))
    assert kitchen.emulator.writes() == []


@recipe("Restart in waves")
def restarted(kitchen: Kitchen) -> None:
    said = kitchen.cook("Restart in waves").output
    assert len([request for request in kitchen.emulator.requests() if "restart" in request.path]) == 37
    assert said.count("PLAY [The kiosks in Berlin]") == 3, "one device, a quarter, all"


@recipe("Collect logs")
def logs(kitchen: Kitchen) -> None:
    kitchen.cook("Collect logs")
    assert {path.stem for path in kitchen.ansible.folder.glob("*.log")} == {f"porto-{number}" for number in range(1, 7)}
    assert kitchen.emulator.writes() == []


@recipe("Give somebody access")
def access(kitchen: Kitchen) -> None:
    heading = "Give somebody access"
    kitchen.cook(heading)
    assert kitchen.cook(heading).recap()["changed"] == 0
    assert [row for row in kitchen.rows("invitee") if row["email"] == "installer@example.com"]


@recipe("Take a value from where secrets are kept")
def secret(kitchen: Kitchen) -> None:
    kitchen.cook("Take a value from where secrets are kept")
    assert [row["value"] for row in kitchen.rows("service_environment_variable", name="DB_PASSWORD")] == [SECRET]


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server that takes any mail."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Postman)
        self.mails: list[str] = []


class Postman(socketserver.StreamRequestHandler):
    """One conversation in SMTP."""

    def handle(self) -> None:
        self.say("220 mail.example.com")
        for line in self.rfile:
            word = line.decode().strip().upper()
            if word == "DATA":
                self.say("354 go on")
                lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
                self.server.mails.append("\n".join(lines))  # type: ignore[attr-defined]
            elif word == "QUIT":
                self.say("221 bye")
                return
            self.say("250 fine")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


DRIFT = "Look for drift every night, and send a mail"


def night(kitchen: Kitchen, mailbox: Mailbox) -> bool:
    """Run the steps of the workflow as its runner does; whether they all succeeded."""
    (block,) = [block for block in SECTIONS[DRIFT] if block.mark == "workflow"]
    failed = False
    environment = {
        "SMTP_URL": f"smtp://127.0.0.1:{mailbox.server_address[1]}",
        "ANSIBLE_INVENTORY": str(kitchen.ansible.hosts),
    }
    for step in yaml.load(block.text, yaml.BaseLoader)["jobs"]["drift"]["steps"]:
        command = step.get("run", "")
        # The collection and its libraries are there.
        if command.startswith(("pip ", "ansible-galaxy ")) or failed != (step.get("if") == "failure()"):
            continue
        done = kitchen.ansible.run("bash", "-ec", command, status=None, env=environment)
        kitchen.said += done.text
        failed = failed or done.status != 0
    return not failed


def test_drift_is_sent_by_mail(kitchen, mailbox):
    kitchen.cook("Export an organization")
    for block in SECTIONS[DRIFT]:
        if named := NAMED_FILE.match(block.text):
            kitchen.file(named[1]).write_text(block.text, encoding="utf-8")
    assert night(kitchen, mailbox), kitchen.said
    assert mailbox.mails == []
    (row,) = kitchen.rows("application_environment_variable", application=kitchen.fleet("kiosk"), name="LOG_LEVEL")
    kitchen.emulator.store.update("application_environment_variable", row["id"], value="debug")
    assert not night(kitchen, mailbox)
    (mail,) = mailbox.mails
    assert "To: fleets@example.com" in mail
    assert "<html" in mail and "LOG_LEVEL" in mail


#: Recipes that tests of their own run.
ELSEWHERE = {DRIFT, "Run a command on hosts and in containers"}


def test_every_recipe_has_a_test():
    assert set(SECTIONS) == set(CHECKS) | ELSEWHERE


@pytest.mark.parametrize("heading", CHECKS)
def test_the_recipe_does_it(heading, kitchen):
    CHECKS[heading](kitchen)


@pytest.mark.parametrize("block", ACCOUNT, ids=str)
def test_what_needs_an_account_gives_the_value_that_the_task_takes(block):
    assert set(yaml.safe_load(block.text)) == {"db_password"}


def test_what_needs_an_account_is_named(tell):
    tell(f"recipes that need an account, not run: {len(ACCOUNT)}: {', '.join(map(str, ACCOUNT))}")
    assert {SECTIONS["Take a value from where secrets are kept"].index(block) for block in ACCOUNT} == {1, 2, 3}
