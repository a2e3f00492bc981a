# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release puts its documentation beside that of other versions, on the branch that the pages are served from."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.support.ansible_runs import CHECKOUT


@pytest.fixture
def built(tmp_path):
    """Make a site with some text in it."""

    def site(text, place=tmp_path / "built"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "index.html").write_text(text, encoding="utf-8")
        (place / "llms.txt").write_text("- [A guide](guide.md): it guides\n", encoding="utf-8")
        return place

    return site


@pytest.fixture
def pages(tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder


def read(path):
    return path.read_text(encoding="utf-8")


def test_the_newest_version_is_the_latest_whatever_comes_last(load_script, built, pages):
    put = load_script("site_versions").put
    for version in ("2.9.0", "2.10.0", "2.9.1"):
        put(built(f"site of {version}"), pages, version)
    assert read(pages / "latest" / "index.html") == "site of 2.10.0"
    assert read(pages / "2.9.1" / "index.html") == "site of 2.9.1"
    listed = read(pages / "versions.html")
    assert listed.index("2.10.0/index.html") < listed.index("2.9.1/index.html") < listed.index("2.9.0/index.html")
    assert "latest/index.html" in read(pages / "index.html")
    assert "](latest/guide.md)" in read(pages / "llms.txt")
    assert (pages / ".nojekyll").exists()


def test_a_version_that_is_published_again_has_nothing_left_of_before(load_script, built, pages):
    put = load_script("site_versions").put
    put(built("one"), pages, "2.0.0")
    (pages / "2.0.0" / "old.html").touch()
    put(built("two"), pages, "2.0.0")
    assert not (pages / "2.0.0" / "old.html").exists()


def test_mistakes_are_told(load_script, built, pages):
    put = load_script("site_versions").put
    with pytest.raises(SystemExit, match="main is not a version"):
        put(built("one"), pages, "main")
    with pytest.raises(SystemExit, match="no site in it"):
        put(pages, pages, "2.0.0")


def git(folder, *arguments):
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_it_is_pushed_beside_what_is_there(built, tmp_path):
    server, clone = tmp_path / "server", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--bare", "-b", "main", str(server))
    git(tmp_path, "clone", "--quiet", str(server), str(clone))
    (clone / "docs" / "tools").mkdir(parents=True)
    for name in ("site_versions.py", "publish_site.sh"):
        shutil.copy(CHECKOUT / "docs" / "tools" / name, clone / "docs" / "tools" / name)
    (clone / ".gitignore").write_text("docs/_build\n.cache\n", encoding="utf-8")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "-m", "A commit")
    git(clone, "push", "--quiet", "origin", "HEAD:main")
    for version in ("2.0.0", "2.1.0", "2.1.0"):
        built(f"site of {version}", clone / "docs" / "_build" / "html")
        subprocess.run(["docs/tools/publish_site.sh", version], cwd=clone, check=True)
    names = git(server, "ls-tree", "--name-only", "gh-pages").split()
    assert {"2.0.0", "2.1.0", "latest", "index.html", "versions.html", ".nojekyll"} <= set(names)
    assert "README.md" not in names and "docs" not in names
    assert git(server, "show", "gh-pages:latest/index.html") == "site of 2.1.0"
    assert len(git(server, "log", "--format=%h", "gh-pages").split()) == 2, "the same again is not a commit"
