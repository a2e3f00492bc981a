# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide from the balena CLI to tasks: every command has its row, and what the rows name exists.

In a row, the first cell is a command. The second names a module, role or plugin, and behind it its options, some with a
value: `balena_device` with `devices`, `state: absent`. Without anything that does the same, it is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.ansible_runs import CHECKOUT, Ansible
from tests.support.modules import MODULES, SHELL_MODULES

pytestmark = pytest.mark.once

PAGE = (CHECKOUT / "docs" / "from-the-cli.md").read_text(encoding="utf-8")
ROLES = sorted(path.parents[1].name for path in CHECKOUT.glob("roles/*/meta/argument_specs.yml"))
PLUGINS = {"community.balena.host": "connection", "community.balena.container": "connection"}
#: The commands of the CLI's version 25.2.6, but for the hidden ones.
COMMANDS = """
api-key generate, api-key list, api-key revoke, app create, block create, build, config generate, config inject,
config read, config reconfigure, config write, deploy, device, device deactivate, device detect, device identify,
device init, device list, device local-mode, device logs, device move, device note, device os-update, device pin,
device public-url, device purge, device reboot, device register, device rename, device restart, device rm,
device shutdown, device ssh, device start-service, device stop-service, device track-fleet, device tunnel,
device-type list, env list, env rename, env rm, env set, fleet, fleet create, fleet list, fleet pin, fleet purge,
fleet rename, fleet restart, fleet rm, fleet track-latest, join, leave, local configure, local flash, login, logout,
organization create, organization list, organization rename, organization rm, os configure, os download,
os initialize, os versions, preload, push, release, release finalize, release invalidate, release list,
release validate, release-asset delete, release-asset download, release-asset list, release-asset upload, settings,
ssh-key, ssh-key add, ssh-key list, ssh-key rm, support, tag list, tag rm, tag set, util available-drives, whoami
"""
NONE = "none"


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield the command, the task and the remark of each row."""
    yield from re.findall(r"^\| `balena ([^`]+)` \| (.*?) \| (.*?) ?\|$", PAGE, re.MULTILINE)


ROWS = list(rows())


@pytest.fixture(scope="module")
def options(tmp_path_factory) -> dict[str, dict[str, Any]]:
    """The options of every module and connection, with what a host of a connection has as variables."""
    ansible = Ansible(tmp_path_factory.mktemp("ansible-doc"))
    names = [f"community.balena.{name}" for name in MODULES + SHELL_MODULES]
    said = ansible.doc("--json", *names).json
    found = {name.rpartition(".")[2]: entry["doc"]["options"] for name, entry in said.items()}
    for name, entry in ansible.doc("-t", "connection", "--json", *PLUGINS).json.items():
        found[name] = {host["name"]: {} for option in entry["doc"]["options"].values() for host in option["vars"]}
    # Those of the container reach its host OS too.
    found["community.balena.host"] |= found["community.balena.container"]
    return found


def mistakes(task: str, options: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield what a cell names and does not exist."""
    of: dict[str, Any] | None = None
    for word in re.findall(r"`([^`]+)`", task):
        name, _colon, value = word.partition(": ")
        if word in options:
            of = options[word]
        elif of is None or name not in of or (value and not fits(of[name], yaml.safe_load(value))):
            yield word


def fits(option: dict[str, Any], value: Any) -> bool:
    """Whether a value is one of an option."""
    if option.get("choices"):
        return value in option["choices"]
    return isinstance(value, bool) == (option.get("type") == "bool")


def test_every_command_has_one_row():
    commands = {" ".join(command.split()) for command in COMMANDS.split(",")}
    described = [command for command, _task, _remark in ROWS]
    assert sorted(described) == sorted(commands)


def test_modules_and_options_of_the_rows_exist(options):
    wrong = {command: found for command, task, _remark in ROWS if (found := list(mistakes(task, options)))}
    assert wrong == {}


def test_a_row_that_names_what_is_not_there_is_found(options):
    assert list(mistakes("`balena_device` with `device`, `state: gone`, `local_mode: 3`", options)) == [
        "device",
        "state: gone",
        "local_mode: 3",
    ]
    assert list(mistakes("`balena_devices` with `uuid`", options)) == ["balena_devices", "uuid"]


def test_a_row_says_what_to_do_instead_where_there_is_no_task():
    silent = [command for command, task, remark in ROWS if task == NONE and not remark.strip()]
    assert silent == []
    assert all(task == NONE or "`" in task for _command, task, _remark in ROWS)


def test_remarks_name_modules_that_exist():
    named = set(re.findall(r"`((?:balena|shell)_\w+)`", PAGE))
    variables = {"balena_uuid", "balena_service"}
    assert named - variables - {*MODULES, *SHELL_MODULES} == set()


def test_the_other_way_names_everything():
    table = PAGE.partition("## And the other way")[2]
    missing = [name for name in MODULES + SHELL_MODULES if f"`{name}`" not in table]
    missing += [role for role in ROLES if f"role `community.balena.{role}`" not in table]
    assert json.dumps(missing) == "[]", "docs/from-the-cli.md has a table of all modules and roles; add these to it"
