# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever wrong value an option of an inventory file gets, the error says which option it is and what it takes."""

from __future__ import annotations

import os
import sys

import pytest

from emulator import Emulator
from tests.bad_inputs.calls import SEED
from tests.bad_inputs.judging import KIND, fault
from tests.support.ansible_runs import CHECKOUT, COLLECTIONS


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


def test_an_inventory_file_with_a_wrong_option(server, ansible, count_tried):
    program = (sys.executable, "-m", "tests.bad_inputs.inventory", str(ansible.folder), server.url, server.token)
    paths = os.pathsep.join([str(CHECKOUT), str(COLLECTIONS)])
    answers = ansible.run(*program, env={"PYTHONPATH": paths}).json
    faults = {
        f"{option}, {what}": wrong
        for option, what, says, answer in answers
        if (wrong := fault(answer or "was accepted", option, says))
    }
    assert faults == {}
    count_tried(KIND, "inventory plugin", "balena", len(answers))
