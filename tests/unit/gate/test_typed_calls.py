# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Type checkers know every namespace and method of the SDK and every option of a module, and what is none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.ansible_runs import CHECKOUT

# Each line of what is wrong ends with what mypy must say about it, between "# E: " and the end of the line.
CALLS = """
from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, get_sdk

balena = Balena(token="x", api_url="https://api.example.com", timeout=3.0)
reveal_type(balena.models.device)  # N: sdk.models.device.DeviceModel"
reveal_type(balena.models.device.env_var)  # N: DeviceEnvVariables"
reveal_type(balena.models.os.get_all_os_versions)  # N: def (
reveal_type(balena.auth.two_factor)  # N: sdk.auth.TwoFactor"
reveal_type(balena.auth.is_logged_in())  # N: "bool"
reveal_type(balena.pine)  # N: sdk.pine.Pine"
reveal_type(balena.request.send(url="/x"))  # N: sdk.request.Response
reveal_type(balena.logs)  # N: sdk.logs.Logs"
reveal_type(balena.settings.get_all())  # N: dict[
reveal_type(balena.errors.BalenaDeviceNotFound(1))  # N: sdk._subject_errors.BalenaDeviceNotFound"
reveal_type(balena.utils.merge_pine_options(None, None))  # N: dict[
reveal_type(get_sdk().models.application.tags)  # N: ApplicationTags"
balena.models.device.get(1, {"$select": "id"})
balena.models.devices  # E: "Models" has no attribute "devices"
balena.models.device.fetch(1)  # E: "DeviceModel" has no attribute "fetch"
balena.models.device.env_vars  # E: has no attribute "env_vars"
balena.models.device.tags.delete(1, "a")  # E: "DeviceTags" has no attribute "delete"
balena.model  # E: "Balena" has no attribute "model"
balena.auth.log_in  # E: "Auth" has no attribute "log_in"
balena.logs.follow  # E: "Logs" has no attribute "follow"
balena.settings.set  # E: "Settings" has no attribute "set"
balena.pine.select  # E: "Pine" has no attribute "select"
balena.request.post  # E: "Request" has no attribute "post"
balena.errors.BalenaDeviceLost  # E: has no attribute "BalenaDeviceLost"
balena.utils.merge  # E: has no attribute "merge"
balena.models.device.get(uuid=1)  # E: Unexpected keyword argument "uuid"
Balena(tokn="x")  # E: Unexpected keyword argument "tokn"
Balena(timeout="long")  # E: incompatible type "str"
"""

LOOK_UPS = """
from ansible_collections.community.balena.plugins.module_utils.domain.access.teams import Want

def plan(want: Want) -> None:
    reveal_type(want["members"])  # N: "list[str] | None"
    want["nmae"]  # E: has no key "nmae"
    want["new_name"].strip()  # E: has no attribute "strip"
    want["name"].strip()
    (want["new_name"] or "").strip()
"""


@pytest.mark.parametrize("lines", [CALLS, LOOK_UPS], ids=["calls", "look-ups"])
def test_mypy_knows_what_there_is_and_what_is_not(tmp_path, lines):
    script = tmp_path / "calls.py"
    script.write_text(lines, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-error-summary", str(script)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    said: dict[int, str] = {}
    for line in done.stdout.splitlines():
        _path, number, text = line.split(":", 2)
        said[int(number)] = said.get(int(number), "") + text
    assert said, done.stderr
    wrong = {
        line: said.get(number, "")
        for number, line in enumerate(lines.splitlines(), start=1)
        if not as_expected(line, said.get(number, ""))
    }
    assert wrong == {}


def as_expected(line: str, said: str) -> bool:
    """Whether mypy says of a line what its comment expects."""
    _code, sign, expected = line.partition("  # ")
    if not sign:
        return not said
    kind, text = expected.split(": ", 1)
    return {"N": " note:", "E": " error:"}[kind] in said and text in said
