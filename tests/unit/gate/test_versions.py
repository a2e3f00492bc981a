# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One version everywhere, and one set of supported versions; and files name only what there is."""

from __future__ import annotations

import fnmatch
import re
import subprocess
from pathlib import Path

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, _version
from tests.support.ansible_runs import CHECKOUT
from tests.support.modules import MODULES
from tests.support.repository import load, read, tracked
from tests.support.roles import ROLES

GALAXY = load("galaxy.yml")
RELEASES = load("changelogs/changelog.yaml")["releases"]
FRAGMENTS = [load(name) for name in tracked() if fnmatch.fnmatch(name, "changelogs/fragments/*.yml")]
#: What git ignores or is of one's own machine need not be there to be left out of the tarball.
NOT_IN_THE_CHECKOUT = (
    ".*",
    "*.tar.gz",
    "*__pycache__",
    "*.egg-info",
    "changelogs/.plugin-cache.yaml",
    "docs/_build",
    "tests/output",
)


@pytest.fixture
def supported(load_script):
    """The supported versions, as .ci/supported.py has them."""
    return load_script("supported")


def test_the_api_is_told_the_version_of_the_collection():
    assert GALAXY["version"] == Balena.version
    assert f"{GALAXY['namespace']}.{GALAXY['name']}/{GALAXY['version']}" == _version.CLIENT
    assert f"{_version.CLIENT} (+{GALAXY['repository']})" == _version.USER_AGENT


def test_the_newest_release_of_the_changelog_is_this_version_or_one_before_it():
    def number(version: str) -> list[int]:
        return [int(part) for part in version.split(".")]

    releases = sorted(RELEASES, key=number)
    assert not releases or number(releases[-1]) <= number(GALAXY["version"])
    if releases and releases[-1] == GALAXY["version"]:
        assert f"## v{GALAXY['version']}" in read("CHANGELOG.md").replace("\\", "")
    else:
        assert FRAGMENTS, "nothing is said of the next version"


def test_the_changelog_says_of_every_module_and_role_when_it_came():
    if GALAXY["version"] not in RELEASES:
        return  # antsibull-changelog release finds the new ones
    modules = [module["name"] for release in RELEASES.values() for module in release.get("modules", [])]
    roles = [role["name"] for release in RELEASES.values() for role in release.get("objects", {}).get("role", [])]
    assert (sorted(modules), sorted(roles)) == (MODULES, ROLES)


def test_the_readme_names_no_other_version():
    named = re.findall(r"community-balena-(\d[\d.]+\d)|community\.balena:?[ =]+v?(\d+\.\d+\.\d+)", read("README.md"))
    assert {version for pair in named for version in pair if version} <= {GALAXY["version"]}


def test_the_oldest_ansible_core_is_the_same_everywhere(supported):
    assert load("meta/runtime.yml")["requires_ansible"] == f">={supported.OLDEST_CORE}.0"
    assert f"ansible-core {supported.OLDEST_CORE}" in read("README.md")
    major, minor = supported.NEWEST_CORE.split(".")
    assert f"ansible-core>={supported.OLDEST_CORE},<{major}.{int(minor) + 1}\n" in read("requirements/test.txt")


def test_the_pythons_are_the_same_everywhere(supported):
    first, last = supported.PYTHONS[0], supported.PYTHONS[-1]
    assert sorted({python for pythons in supported.CORES.values() for python in pythons}) == sorted(supported.PYTHONS)
    assert f"Python {first} to {last}" in read("README.md")
    assert f'target-version = "py{first.replace(".", "")}"' in read("pyproject.toml")
    assert f'python_version = "{first}"' in read("pyproject.toml")
    script = read(".ci/find_python.sh")
    assert f"({first.replace('.', ', ')}) <= sys.version_info[:2] <= ({last.replace('.', ', ')})" in script
    assert [python for python in re.findall(r"\bpython(3\.\d+)\b", script) if python not in supported.PYTHONS] == []
    assert set(supported.PYTHONS) == set(re.findall(r"versions/(3\.\d+)\*", script))
    assert f"sanity (Python {supported.SANITY_PYTHONS[0]} or newer)" in read("Makefile")


def test_galaxy_yml_names_files_that_there_are():
    for name in (GALAXY["readme"], GALAXY["license_file"]):
        assert name in tracked()
    for pattern in GALAXY["build_ignore"]:
        if not any(fnmatch.fnmatch(pattern, other) for other in NOT_IN_THE_CHECKOUT):
            inside = [name for name in tracked() if fnmatch.fnmatch(name, pattern) or name.startswith(f"{pattern}/")]
            assert inside, f"build_ignore names {pattern}, which is not there"


def test_users_get_the_emulator_and_none_of_the_tests():
    def left_out(name: str) -> bool:
        folders = [str(folder) for folder in (Path(name), *Path(name).parents)]
        return any(fnmatch.fnmatch(folder, pattern) for folder in folders for pattern in GALAXY["build_ignore"])

    kept = [name for name in tracked() if name.startswith("tests/") and not left_out(name)]
    # It says which Python the plugins are for.
    assert kept == ["tests/config.yml"]
    assert "emulator/__main__.py" in tracked() and not left_out("emulator/__main__.py")


def test_the_execution_environment_names_files_that_there_are():
    for name in load("meta/execution-environment.yml")["dependencies"].values():
        assert name in tracked()


def test_the_libraries_of_the_documentation_are_those_of_the_execution_environment():
    needed = dict(re.findall(r"^(\w+)>=([\d.]+)$", read("meta/ee-requirements.txt"), re.MULTILINE))
    for place in ("plugins/doc_fragments/api.py", "README.md"):
        for name, version in re.findall(r"\b(requests|semver|jmespath) ?>= ?([\d.]+\d)", read(place)):
            assert needed[name] == version, place


def test_the_licence_is_said_once():
    assert read("LICENSE") == read("LICENSES/GPL-3.0-or-later.txt")


def test_text_files_end_with_a_newline_and_lines_without_blanks():
    command = ["git", "grep", "-IlE", r"[[:space:]]$", "--", ":!LICENSE*", ":!tests/recordings"]
    assert subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout == ""
    binary = (".gz", ".png", ".woff2", ".ico")
    files = [CHECKOUT / name for name in tracked() if not name.endswith(binary)]
    assert [str(path) for path in files if path.stat().st_size and not path.read_bytes().endswith(b"\n")] == []
