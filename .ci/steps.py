# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of `.ci/run`: what each runs and which must be done before."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from pythons import find
from supported import CORES, OLDEST_CORE, PYTHONS, SANITY_PYTHONS

CHECKOUT = Path(__file__).resolve().parent.parent
# On the oldest ansible-core, every module also runs as a process of its own; elsewhere some do, to save time.
ALL_PROCESSES = {"ALL_PROCESSES": "1"}
# What the version of ansible-core, or of Python, can change: every target of a module (also as processes), the roles,
# each on every path that it takes, the inventory, connections, what templates make of values and what is shown. The
# rest runs once, in the step "test"; so do tests in these folders that are marked so, and most examples of properties:
# those are about what servers, devices, AWX or the checkout do, and others show that this core runs the same code.
OF_CORE = (
    "tests/e2e tests/unit tests/integration/test_bad_input.py tests/integration/test_bad_inputs.py "
    "-m 'not once' --hypothesis-profile few"
)
# The project's own checks are the same everywhere.
OF_PROJECT = "tests/unit/gate"
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
TESTS_NEED = ("install", "install system packages")
# The Pythons that may run the newest ansible-core that there is for them, best first.
PYTHONS_FOR_NEWEST = tuple(reversed(PYTHONS))


@dataclass(frozen=True)
class Step:
    """A shell command with a name, the steps that must have passed before, and environment variables.

    unable: why this machine cannot run the step; it is then shown, not run.
    """

    name: str
    command: str = ""
    after: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    unable: str = ""


def core_steps(label: str, python: str, pin: str) -> list[Step]:
    """Return the steps that run on one ansible-core what depends on it."""
    venv = f".cache/venvs/core-{label}"
    install = f".ci/install.sh {venv} {venv}/.ready requirements/test.txt"
    tests = (
        f"{venv}/bin/ansible --version | sed -n '1p;/python version/p' && "
        f"{venv}/bin/python -m pytest -n 2 --dist worksteal --durations 25 -o cache_dir=.cache/pytest-{label} "
        f"{OF_CORE} --ignore {OF_PROJECT}"
    )
    return [
        Step(f"install core {label}", install, environment={"PYTHON": python, "PIP_MORE": pin}),
        Step(f"tests on core {label}", tests, (f"install core {label}", "install system packages"), ALL_PROCESSES),
    ]


def matrix(found: dict[str, str], main: str) -> list[Step]:
    """Return the steps for the oldest and the newest ansible-core, as far as this machine has Pythons for them.

    main: the Python of the step "test".
    """
    steps = []
    oldest = next((found[version] for version in CORES[OLDEST_CORE] if version in found), None)
    if oldest:
        steps += core_steps("oldest", oldest, f"ansible-core=={OLDEST_CORE}.*")
        smoke = ".cache/venvs/core-oldest/bin/python tests/packaging/tarball.py smoke"
        steps.append(Step("use the tarball on core oldest", smoke, ("build", "install core oldest")))
    else:
        pythons = " or ".join(CORES[OLDEST_CORE])
        steps.append(Step("tests on core oldest", unable=f"ansible-core {OLDEST_CORE} needs Python {pythons}"))
    newest = newest_of(found)
    if main == newest:
        steps.append(Step("tests on core newest", unable="it is the one that the step test runs"))
    else:
        steps += core_steps("newest", found[newest], "")
    return steps


def main_python(found: dict[str, str]) -> str:
    """Return the version of the Python of the step "test": of .venv if it is there, else the newest.

    With the newest, that step is the one on the newest ansible-core, and none is needed besides.
    """
    python = CHECKOUT / ".venv" / "bin" / "python"
    if not python.exists():
        return newest_of(found)
    asked = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 else newest_of(found)


def newest_of(found: dict[str, str]) -> str:
    """Return the Python that runs the newest ansible-core."""
    return next(version for version in PYTHONS_FOR_NEWEST if version in found)


def sanity(make: str, found: dict[str, str], main: str) -> Step:
    """Return the step for the sanity tests, with a Python of their own if that of the other steps is too old."""
    if main in SANITY_PYTHONS:
        return Step("sanity", f"{make} sanity", after=("install",))
    newer = [found[version] for version in reversed(SANITY_PYTHONS) if version in found]
    if not newer:
        return Step("sanity", unable=f"it needs Python {' or '.join(SANITY_PYTHONS)}")
    return Step("sanity", f"{make} sanity VENV=.cache/venvs/sanity", ("install",), {"PYTHON": newer[0]})


def steps() -> list[Step]:
    """Return all steps; the long ones come first, so that they start first."""
    found = find()
    main = main_python(found)
    make = os.environ.get("MAKE", "make")
    python = ".venv/bin/python"
    return [
        Step("install system packages", ".ci/system_packages.sh"),
        Step("install", f"{make} venv .venv/.lint-ready", environment={"PYTHON": found[main]}),
        Step("test", f"{make} test", TESTS_NEED),
        sanity(make, found, main),
        *matrix(found, main),
        Step("lint", f"{make} lint", after=("install",)),
        Step("docs", f"{make} docs-check", after=("install",)),
        Step("readme", f"{make} readme ARGS=--clone", after=("install",)),
        Step("build", f"{python} tests/packaging/tarball.py build", after=("install",)),
        Step("build the wheels", f"{make} sdk-dist", after=("install",)),
        Step("use the wheels", f"{python} packages/wheels.py smoke", after=("build the wheels",)),
        Step("use the tarball", f"{python} tests/packaging/tarball.py smoke", after=("build",)),
        Step(
            "install galaxy-importer",
            ".ci/install.sh .cache/venvs/importer .cache/venvs/importer/.ready requirements/importer.txt",
            environment={"PYTHON": sys.executable},
        ),
        Step(
            "galaxy-importer",
            f"{python} tests/packaging/tarball.py importer",
            after=("build", "install galaxy-importer"),
        ),
    ]
