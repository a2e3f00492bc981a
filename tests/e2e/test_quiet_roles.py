# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles show is what matters: few lines for a whole run."""

from __future__ import annotations

from tests.support.rollouts import observed, reset, roll_out, served

shops, fleet = served(20), observed
emulator = reset


def lines_of(text: str) -> list[str]:
    """The lines that somebody reads: all but empty ones, and the recap that every playbook ends with."""
    before_recap = text.split("PLAY RECAP", 1)[0]
    return [line for line in before_recap.splitlines() if line.strip()]


def test_a_rollout_of_two_waves(shops, fleet, ansible):
    run = roll_out(ansible, "1.2.0", waves=[5, "100%"])
    print(run.output)
    assert len(lines_of(run.output)) <= 25
