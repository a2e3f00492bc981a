# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The patterns for automation platforms: what the platform makes of them is sound, and their playbooks run."""

from __future__ import annotations

import json

import pytest
import yaml

from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT, Ansible
from tests.support.awx_jobs import extra_vars_file
from tests.support.awx_rules import check_survey

PATTERNS = sorted(path.parent.parent for path in (CHECKOUT / "extensions" / "patterns").glob("*/meta/pattern.json"))
ROLLOUT = CHECKOUT / "extensions" / "patterns" / "staged_rollout" / "playbooks" / "site.yml"
SEED = {
    "applications": [
        {
            "name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64", "services": ["main"],
            "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}], "pin": "1.0.0",
            "devices": [{"name": "kiosk-{n}", "count": 4}],
        }
    ]
}  # fmt: skip


@pytest.mark.parametrize("folder", PATTERNS, ids=lambda path: path.name)
def test_a_pattern_fits_its_playbook_and_its_survey_is_one_that_awx_takes(folder):
    pattern = json.loads((folder / "meta" / "pattern.json").read_text(encoding="utf-8"))
    resources = pattern["aap_resources"]
    assert pattern["name"] == folder.name
    assert len(pattern["title"]) <= 64
    assert (folder / "README.md").is_file()
    for template in resources["controller_job_templates"]:
        playbook = folder / "playbooks" / template["playbook"]
        assert template["execution_environment"] == resources["controller_execution_environment"]["name"]
        assert set(template["labels"]) <= set(resources["controller_labels"])
        check_survey(template["survey"])
        (spec,) = yaml.safe_load(playbook.with_suffix(".meta.yml").read_text(encoding="utf-8"))[
            "argument_specs"
        ].values()
        for question in template["survey"]["spec"]:
            option = spec["options"].pop(question["variable"])
            assert option.get("required", False) == question["required"]
            assert option.get("default") == question.get("default")
            assert option.get("choices") == question.get("choices")
        assert spec["options"] == {}


def test_the_rollout_needs_only_a_fleet_and_a_release(tmp_path):
    with Emulator(seed=SEED) as server:
        ansible = Ansible(tmp_path, {"BALENA_API_URL": server.url, "BALENA_TOKEN": server.token})

        def launch(**given):
            file = tmp_path / "extravars"
            file.write_text(extra_vars_file(given), encoding="utf-8")
            return ansible.playbook(ROLLOUT, "-e", f"@{file}", "--check", status=None)

        needed = {"staged_rollout_fleet": "acme/kiosk", "staged_rollout_release": "1.1.0"}
        foreseen = launch(**needed)
        assert foreseen.status == 0, foreseen.text
        assert "Release 1.1.0 for acme/kiosk" in foreseen.output
        lost = launch(**{**needed, "staged_rollout_release": "1.10"})
        assert lost.status != 0  # refused, or up to ansible-core 2.18 a version that is not there
        assert server.writes() == []
