# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks in playbooks/, and which of them tests/e2e/test_playbooks.py runs."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.support.ansible_runs import CHECKOUT

PLAYBOOKS = CHECKOUT / "playbooks"


def is_playbook(path: Path) -> bool:
    """Tell a list of plays from inventories and variables."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return isinstance(content, list) and all("hosts" in play or "import_playbook" in play for play in content)


#: Those that change nothing at balena, or need another server: their own tests and the demo run them.
ELSEWHERE = {
    "demo/rollout.yml",
    "device/site.yml",
    "fleet/drift.yml",
    "fleet/export.yml",
    "os_update/os_update.yml",
    "policy/check.yml",
    "rollout/signage.yml",
}
NAMES = sorted({str(path.relative_to(PLAYBOOKS)) for path in PLAYBOOKS.rglob("*.yml") if is_playbook(path)} - ELSEWHERE)
