# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection is for: each ansible-core, and the Pythons that it runs on in the controller.

The one place that says so. The gate and the workflows take it from here; where it has to be said again (the README,
meta/runtime.yml, the settings of tools), a test compares. Run as a script, it prints a matrix for a workflow.
"""

from __future__ import annotations

import json
import sys

# As the packages of ansible-core say by their classifiers; the collection itself is for Python 3.10 to 3.14.
CORES = {
    "2.16": ("3.10", "3.11", "3.12"),
    "2.17": ("3.10", "3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.12", "3.13", "3.14"),
}
OLDEST_CORE, NEWEST_CORE = next(iter(CORES)), next(reversed(CORES))
# Up to 2.17, the sanity tests want __init__.py in module_utils empty (empty-init); the SDK's has its public names.
SANITY_CORES = tuple(CORES)[2:]
SANITY_PYTHONS = CORES[SANITY_CORES[0]]
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")


def combinations() -> list[dict[str, str | bool]]:
    """Return every ansible-core with every Python, and whether sanity tests are for it, as a workflow's matrix."""
    return [
        {"core": core, "python": python, "sanity": core in SANITY_CORES}
        for core, pythons in CORES.items()
        for python in pythons
    ]


if __name__ == "__main__":
    sys.stdout.write(f"matrix={json.dumps({'include': combinations()})}\n")
