# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long OS versions are remembered, and what importing a model costs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, _clock

SDK = "ansible_collections.community.balena.plugins.module_utils.sdk"
MODELS = "api_key billing config credit_bundle device_type image key organization os release service team".split()


class CountingPine:
    """Answers every request with one host application, and counts them."""

    def __init__(self) -> None:
        self.requests = 0
        self.fail = False

    def get(self, resource: str, id: Any = None, options: Any = None) -> list[dict[str, Any]]:
        self.requests += 1
        if self.fail:
            raise ConnectionError("no network")
        release = {"id": 1, "raw_version": "5.1.20", "variant": "", "phase": None, "known_issue_list": None}
        return [
            {
                "is_for__device_type": [{"slug": "raspberrypi3"}],
                "application_tag": [],
                "owns__release": [{**release, "release_tag": []}],
            }
        ]


@pytest.fixture
def balena() -> Balena:
    return Balena(token="first", data_directory=False)


@pytest.fixture
def pine(balena: Balena) -> CountingPine:
    pine = CountingPine()
    vars(balena)["pine"] = pine
    return pine


def test_versions_are_asked_for_once_in_ten_minutes(
    balena: Balena, pine: CountingPine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(_clock, "monotonic", lambda: now)
    versions = balena.models.os.get_available_os_versions("raspberrypi3")
    now += 599
    assert balena.models.os.get_available_os_versions("raspberrypi3") is versions
    assert pine.requests == 1
    now += 2
    balena.models.os.get_available_os_versions("raspberrypi3")
    assert pine.requests == 2


def test_another_token_sees_its_own_versions(balena: Balena, pine: CountingPine) -> None:
    balena.models.os.get_available_os_versions("raspberrypi3")
    balena.tokens.set("second")
    balena.models.os.get_available_os_versions("raspberrypi3")
    assert pine.requests == 2


def test_kinds_of_versions_are_remembered_apart(balena: Balena, pine: CountingPine) -> None:
    balena.models.os.get_available_os_versions("raspberrypi3")
    balena.models.os.get_available_os_versions("raspberrypi3", include_draft=True)
    balena.models.os.get_all_os_versions("raspberrypi3")
    assert pine.requests == 3
    balena.models.os.get_all_os_versions(["raspberrypi3", "intel-nuc"])
    balena.models.os.get_all_os_versions(["intel-nuc", "raspberrypi3"])
    assert pine.requests == 4


def test_a_failure_is_not_remembered(balena: Balena, pine: CountingPine) -> None:
    pine.fail = True
    with pytest.raises(ConnectionError):
        balena.models.os.get_available_os_versions("raspberrypi3")
    pine.fail = False
    assert len(balena.models.os.get_available_os_versions("raspberrypi3")) == 1


@pytest.mark.parametrize("model", MODELS)
def test_a_model_does_not_import_the_others(model: str) -> None:
    code = f"import sys, {SDK}.models.{model}; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    loaded = {name.rpartition(".")[2] for name in run.stdout.split() if name.startswith(f"{SDK}.models.")}
    assert {name for name in loaded if not name.startswith("_")} == {model}
