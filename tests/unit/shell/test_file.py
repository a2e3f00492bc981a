# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""shell_file declares folders, files and links; check mode foresees it; a second run changes nothing."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.plugin_utils.shell.attributes import listed, resulting_mode
from tests.support.shell_hosts import run_shell_task
from tests.unit.shell.texts import any_name

ROOT = os.getuid() == 0


def run(host, **options):
    done = run_shell_task(host, "shell_file", **options)
    assert not done.get("failed"), done["msg"]
    return done


def converges(host, folder, **options):
    """The three runs: foreseen, for real, again."""
    before = snapshot(folder)
    foreseen = run(host, check_mode=True, **options)
    assert snapshot(folder) == before
    done = run(host, **options)
    again = run(host, **options)
    assert (foreseen["changed"], foreseen["diff"], foreseen["state"]) == (done["changed"], done["diff"], done["state"])
    assert not again["changed"]
    assert {**again["diff"]["before"]} == {**again["diff"]["after"]}
    return done


def snapshot(folder):
    """All that is in a folder, with what can be changed of it."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        info = path.lstat()
        found[os.fsencode(path)] = info.st_mode, info.st_uid, info.st_gid, info.st_mtime_ns, info.st_size
    return found


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_folder_and_those_above_it(host, place):
    done = converges(host, place, path=f"{place}/a/b c/d", state="directory", mode="0750")
    assert done["changed"]
    assert [mode(place / it) for it in ("a", "a/b c", "a/b c/d")] == [0o750] * 3
    assert mode(place) != 0o750


@pytest.mark.parametrize("state", ["directory", "touch", None])
def test_attributes_of_what_is_there(host, place, state):
    target = place / "it"
    target.mkdir() if state == "directory" else target.touch()
    target.chmod(0o700)
    more = {"modification_time": "preserve"} if state == "touch" else {}
    more |= {"state": state} if state else {}
    done = converges(host, place, path=str(target), mode="u=rw,g=r,o=", **more)
    assert mode(target) == 0o640
    assert done["diff"]["before"]["mode"] == "0700"
    assert done["diff"]["after"]["mode"] == "0640"


@pytest.mark.skipif(not ROOT, reason="only root gives files away")
@pytest.mark.parametrize(("owner", "group"), [("daemon", "daemon"), ("1", "1"), ("4711", "4712")])
def test_owner_and_group(host, place, owner, group):
    if host.name == "busybox":
        owner, group = (it.replace("daemon", "1") for it in (owner, group))
    converges(host, place, path=f"{place}/new", state="directory", owner=owner, group=group, mode="2755")
    found = (place / "new").stat()
    assert (found.st_uid, found.st_gid) in ((1, 1), (4711, 4712))
    assert mode(place / "new") == 0o2755


def test_touch(host, place):
    converges(host, place, path=f"{place}/new", state="touch", modification_time="preserve", mode="0600")
    os.utime(place / "new", (1, 1))
    assert run(host, path=f"{place}/new", state="touch", check_mode=True)["changed"]
    assert (place / "new").stat().st_mtime == 1
    assert run(host, path=f"{place}/new", state="touch")["changed"]
    assert (place / "new").stat().st_mtime > 1


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling"])
def test_absent(host, place, kind):
    kept = place / "kept"
    kept.mkdir()
    (kept / "file").touch()
    target = place / "-rf"
    if kind == "folder":
        (target / "deep").mkdir(parents=True)
        (target / "deep" / "file").touch()
    elif kind == "file":
        target.touch()
    else:
        target.symlink_to(kept if kind == "link" else "nowhere")
    assert converges(host, place, path=f"{target}/" if kind == "link" else str(target), state="absent")["changed"]
    assert sorted(it.name for it in place.rglob("*")) == ["file", "kept"]
    assert not run(host, path=str(target), state="absent")["changed"]


@pytest.mark.parametrize(
    "path", ["", "/", "//", ".", "./", "..", "../..", "/..", "/.", "/a/..", "~", "~/", "~root", "a/.."]
)
def test_what_would_remove_everything_is_refused(busybox, path):
    for check_mode in (True, False):
        done = run_shell_task(busybox, "shell_file", path=path, state="absent", check_mode=check_mode)
        assert done["failed"]
        assert "refused" in done["msg"] or "empty" in done["msg"]


def test_a_link(host, place):
    (place / "folder").mkdir()
    for src in ("nowhere", "folder", "../place/folder", "-x", "it's $HOME"):
        done = converges(host, place, path=f"{place}/link", state="link", src=src)
        assert done["changed"]
        assert str((place / "link").readlink()) == src
    assert list((place / "folder").iterdir()) == []


@pytest.mark.parametrize("symbolic", ["0644", "u=rwX,go=rX", "a-w,o="])
def test_all_that_is_in_a_folder(host, place, symbolic):
    (place / "top" / "in").mkdir(parents=True)
    (place / "top" / "a\n-rwxr-xr-x 1 0 0 0").touch()
    (place / "top" / "in" / "script").touch()
    (place / "top" / "in" / "script").chmod(0o777)
    (place / "top" / "out").symlink_to("../outside")
    (place / "outside").touch()
    (place / "outside").chmod(0o600)
    if symbolic == "0644" and not ROOT:
        pytest.skip("nobody but root enters such folders")
    assert converges(host, place, path=f"{place}/top", state="directory", recurse=True, mode=symbolic)["changed"]
    expected = {"0644": 0o644, "u=rwX,go=rX": 0o755, "a-w,o=": 0o550}
    assert mode(place / "top" / "in" / "script") == expected[symbolic]
    assert mode(place / "outside") == 0o600


@settings(max_examples=15)
@given(name=any_name(), src=any_name())
def test_names_are_any_bytes(host, name, src):
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/{name}"
        for options in ({"state": "touch", "mode": "0600"}, {"state": "absent"}, {"state": "directory"},
                        {"state": "absent"}, {"state": "link", "src": src}):  # fmt: skip
            run(host, path=path, **options)
            there = os.listdir(os.fsencode(folder))  # noqa: PTH208 - of bytes
            assert there == ([] if options["state"] == "absent" else [os.fsencode(name)])
        assert str(Path(path).readlink()) == src
        assert not run(host, path=path, state="link", src=src)["changed"]


@settings(max_examples=200)
@given(
    before=st.integers(0, 0o7777),
    folder=st.booleans(),
    clauses=st.lists(
        st.tuples(
            st.text("ugoa", min_size=1, max_size=2),
            st.sampled_from("+-="),
            st.one_of(st.text("rwxXst", max_size=3), st.sampled_from("ugo")),
        ),
        min_size=1,
        max_size=2,
    ),
)
def test_symbolic_modes_are_those_of_chmod(clauses, before, folder):
    text = ",".join(map("".join, clauses))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "it")
        path.mkdir() if folder else path.touch()
        path.chmod(before)
        if mode(path) != before or os.spawnlp(os.P_WAIT, "chmod", "chmod", text, str(path)):
            return  # who is not root may not set every bit
        assert f"{resulting_mode(text, before, folder=folder):o}" == f"{mode(path):o}", text


@pytest.mark.parametrize("bits", [0, 0o644, 0o755, 0o1777, 0o4755, 0o6711, 0o7000, 0o2640, 0o1666])
def test_modes_are_read_as_ls_writes_them(bits):
    line = f"{stat.filemode(stat.S_IFREG | bits)} 0 0 12".encode()
    assert listed(line) == (bits, "0", "0", "12")
    assert listed(line.replace(b" ", b"+ ", 1)) == (bits, "0", "0", "12")


@pytest.mark.parametrize("line", [b"", b"   ", b"hello", b"-rw-r--r-- 0 0", b"\xff\xff 1 2 3", b"drwx 0 0 1"])
def test_other_lines_are_none(line):
    assert listed(line) is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": "x", "mode": 420}, "mode must be text, not a whole number"),
        ({"path": "x", "mode": "rw"}, "mode: 'rw' is neither octal"),
        ({"path": "x", "mode": "+x"}, "mode: '+x' is neither octal"),
        ({"path": "x", "mode": "99"}, "mode: '99' is neither octal"),
        ({"path": "x", "owner": "-R"}, "owner: '-R' cannot be"),
        ({"path": "x", "group": "a b"}, "group: 'a b' cannot be"),
        ({"path": "x", "state": "link"}, "src says where"),
        ({"path": "x", "state": "link", "src": ""}, "src is empty"),
        ({"path": "x", "src": "y"}, "src says where"),
        ({"path": "x", "state": "link", "src": "y", "mode": "0644"}, "mode: a link has none"),
        ({"path": "x", "recurse": True}, "recurse works with"),
        ({"path": "x", "state": "folder"}, "got: folder"),
        ({"path": "/no/such", "state": "file"}, "'/no/such' does not exist on the host"),
        ({"path": "/dev/null", "state": "directory"}, "is there, but not a directory"),
        ({"path": "/dev/null", "state": "link", "src": "x"}, "which a link does not replace"),
        ({"path": "/dev/null/x", "state": "directory"}, "cannot be changed on the host: "),
    ],
)
def test_mistakes_are_named(busybox, options, words):
    done = run_shell_task(busybox, "shell_file", **options)
    assert done["failed"]
    assert words in done["msg"]
