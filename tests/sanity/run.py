# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run "ansible-test sanity" so that what was not checked counts as a failure.

ansible-test passes when it found no files, when a tool is missing and when a Python is missing. Its JUnit files
tell what it skipped; only checks for kinds of files that the collection does not have may be.
Usage: PYTHONPATH=.ci python -m tests.sanity.run [ARGUMENT...]     (as make sanity does)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from ansible.release import __version__ as ansible_version
from ansible_test._util.target.common.constants import CONTROLLER_PYTHON_VERSIONS, REMOTE_ONLY_PYTHON_VERSIONS
from pythons import find
from supported import SANITY_CORES, SANITY_PYTHONS

from tests.sanity.mirror_checkout import CHECKOUT, mirror

CACHE = CHECKOUT / ".cache"
COLLECTION = CACHE / "sanity" / "ansible_collections" / "community" / "balena"
# PowerShell, empty package markers, ignore files, integration test groups: the collection needs none of them.
NOTHING_TO_CHECK = {"pslint", "empty-init", "ignores", "integration-aliases"}
# Core 2.20 and newer, 2.18-2.19, 2.16-2.17 look for the script under these names.
GET_PIP_NAMES = ("get_pip_25_2.py", "get_pip_24_2.py", "get_pip_23_1_2.py")


def place_get_pip() -> None:
    """Put the stand-in where ansible-test keeps its get-pip script, unless it has the real one."""
    folder = Path.home() / ".ansible" / "test" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    stand_in = (CHECKOUT / "tests" / "sanity" / "get_pip_shim.py").read_text(encoding="utf-8")
    for path in (folder / name for name in GET_PIP_NAMES):
        if not path.exists() or "Stand in for the get-pip script" in path.read_text(encoding="utf-8"):
            path.write_text(stand_in, encoding="utf-8")


def link(folder: Path) -> dict[str, str]:
    """Make folder hold a link pythonX.Y to each interpreter found, and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    found = find()
    for old in folder.iterdir():
        old.unlink()
    for version, path in found.items():
        (folder / f"python{version}").symlink_to(path)
    return found


def targets(versions: list[str], controller: str) -> list[str]:
    """Return the Pythons that files are compiled and imported on: the oldest, the newest, and that of the controller.

    What works on these works on those between. The workflow has each of them as controller.
    """
    return [version for version in versions if version in (versions[0], controller, versions[-1])]


def command(controller: str, versions: list[str], more: list[str]) -> list[str]:
    """Return the ansible-test command that runs all checks, those of imports and syntax on all versions."""
    ansible_test = str(Path(sys.executable).parent / "ansible-test")
    pythons = [argument for version in versions for argument in ("--target-python", version)]
    base = [sys.executable, ansible_test, "sanity", "--junit", "--requirements"]
    return [*base, "--controller", f"origin:python=venv/{controller}", *pythons, *more]


def skipped_checks(results: Path) -> list[str]:
    """Return the checks that ansible-test skipped though there is something to check."""
    skipped = []
    for path in sorted(results.glob("*.xml")):
        for case in ET.parse(path).iter("testcase"):
            reason = case.find("skipped")
            name = case.get("name", "").split("-python-")[0]
            if reason is not None and name not in NOTHING_TO_CHECK:
                skipped.append(f"{case.get('name')}: {reason.text}")
    return skipped


def ignore_entries() -> list[str]:
    """Return the files below tests/sanity that tell ansible-test to look away."""
    return [str(path) for path in (CHECKOUT / "tests" / "sanity").glob("ignore*") if path.stat().st_size]


def main() -> int:
    """Run the checks and return 1 if one failed or was skipped."""
    if not shutil.which("git") or not (CHECKOUT / ".git").exists():
        sys.exit("error: make sanity needs git and a git checkout; an unpacked archive is not one")
    if ".".join(ansible_version.split(".")[:2]) not in SANITY_CORES:
        sys.exit(
            f"error: make sanity needs ansible-core {SANITY_CORES[0]} or newer, and so Python {SANITY_PYTHONS[0]} or "
            f"newer, not {ansible_version}: make sanity VENV=.cache/venvs/sanity PYTHON=python{SANITY_PYTHONS[-1]}"
        )
    mirror(CHECKOUT, COLLECTION)
    place_get_pip()
    known = (*REMOTE_ONLY_PYTHON_VERSIONS, *CONTROLLER_PYTHON_VERSIONS)
    controller = f"{sys.version_info.major}.{sys.version_info.minor}"
    versions = targets([version for version in link(CACHE / "pythons") if version in known], controller)
    results = COLLECTION / "tests" / "output" / "junit"
    shutil.rmtree(results, ignore_errors=True)
    path = os.pathsep.join([str(CACHE / "pythons"), str(Path(sys.executable).parent), os.environ["PATH"]])
    failed = subprocess.call(
        command(controller, versions, sys.argv[1:]), cwd=COLLECTION, env={**os.environ, "PATH": path, "PYTHONPATH": ""}
    )
    problems = [f"skipped: {check}" for check in skipped_checks(results)]
    problems += [f"ignore entries: {name}" for name in ignore_entries()]
    ran = len(list(results.glob("*.xml")))
    for problem in problems:
        sys.stderr.write(f"error: {problem}\n")
    bad = bool(failed or problems or not ran)
    sys.stdout.write(f"sanity: {ran} checks on Python {', '.join(versions)}: {'failed' if bad else 'ok'}\n")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
