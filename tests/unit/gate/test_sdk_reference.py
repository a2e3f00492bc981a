# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages in docs/sdk/ say what the docstrings say."""

from __future__ import annotations

import subprocess
import sys

from tests.ansible_runs import CHECKOUT


def test_the_pages_are_up_to_date():
    command = [sys.executable, "docs/tools/sdk_reference.py", "--check"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
