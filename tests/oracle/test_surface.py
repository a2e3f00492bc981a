# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every method of both recorded versions has a Python twin with the same parameters."""

from __future__ import annotations

import pytest

from .recording import METHODS
from .surface import main


def test_every_method_is_there_with_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["method", "20.8.1", "23.2.15", "ours", "there"]
    assert printed[-1] == "278 of 278 methods are there with all their parameters"
    assert {line.rpartition(" ")[2] for line in printed[1:-1]} == {"yes"}


@pytest.mark.parametrize(
    ("method", "parameters", "lacks"),
    [
        ("models.device.fly", "uuidOrId", "fly"),
        ("models.device.get", "uuidOrId, height?, options?", "no: height"),
        ("models.device.reboot", "uuidOrId, options?{force?, softly?}", "no: softly"),
        ("models.team.create", "teamSlugOrId, name", "no: team_slug_or_id"),
    ],
)
def test_what_is_not_there_is_told(
    method: str, parameters: str, lacks: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(METHODS["23.2.15"], method, parameters)
    assert main(["--missing"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 3
    assert printed[1].startswith(method)
    assert lacks in printed[1]
