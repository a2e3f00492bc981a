# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""shell_copy brings content to a host whole or not at all; shell_fetch brings it back."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.plugin_utils.shell import checksums
from tests.support.shell_hosts import run_shell_task, shell_host
from tests.unit.shell.test_file import snapshot
from tests.unit.shell.texts import any_name

ROOT = os.getuid() == 0


def run(host, module="shell_copy", **options):
    done = run_shell_task(host, module, **options)
    assert not done.get("failed"), done["msg"]
    return done


def converges(host, folder, **options):
    """The three runs: foreseen, for real, again; the result of the second."""
    before = snapshot(folder)
    foreseen = run(host, check_mode=True, diff=True, **options)
    assert snapshot(folder) == before
    done = run(host, diff=True, **options)
    known = ("changed", "diff", "dest", "checksum", "size")
    assert {name: foreseen[name] for name in known} == {name: done[name] for name in known}
    after = snapshot(folder)
    again = run(host, diff=True, **options)
    assert (again["changed"], again["diff"]) == (False, [])
    assert snapshot(folder) == after
    return done


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def local(tmp_path):
    """The folder of a playbook."""
    for folder in ("files", "templates"):
        (tmp_path / "play" / folder).mkdir(parents=True)
    return tmp_path / "play"


AWKWARD = [b"", b"\n", b"\0", b"a\n\n", b"-n", b"\r\n", b"BECOME-SUCCESS-x\n"]


@settings(max_examples=30)
@given(data=st.one_of(st.binary(max_size=300), st.sampled_from(AWKWARD)), name=any_name())
def test_content_and_names_are_any_bytes(host, data, name):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        done = run(host, content=os.fsdecode(data), dest=str(path), mode="0600")
        assert (done["changed"], path.read_bytes(), mode(path)) == (True, data, 0o600)
        assert [it.name for it in Path(folder).iterdir()] == [name]
        assert not run(host, content=os.fsdecode(data), dest=str(path), mode="0600")["changed"]
        here = Path(folder, "here")
        fetched = run(host, "shell_fetch", src=str(path), dest=str(here), flat=True)
        assert (fetched["changed"], here.read_bytes()) == (name != "here", data)


def test_large_binary_content(host, place, local):
    data = os.urandom(3_000_000)
    (local / "files" / "blob").write_bytes(data)
    converges(host, place, src="blob", dest=f"{place}/blob", basedir=local)
    assert (place / "blob").read_bytes() == data
    run(host, "shell_fetch", src=f"{place}/blob", dest=f"{local}/", flat=True)
    assert (local / "blob").read_bytes() == data


@pytest.mark.parametrize("existing", [None, b"old\n", b"new\n"])
@pytest.mark.parametrize("options", [{}, {"mode": "0751"}, {"mode": "u=rw,go="}, {"force": False}])
def test_runs_converge(host, place, existing, options):
    if existing is not None:
        (place / "it").write_bytes(existing)
        (place / "it").chmod(0o4750)
    done = converges(host, place, content="new\n", dest=f"{place}/it", **options)
    kept = existing == b"old\n" and not options.get("force", True)
    assert (place / "it").read_bytes() == (b"old\n" if kept else b"new\n")
    if existing is None or options.get("force", True):
        wanted = {"0751": 0o751, "u=rw,go=": 0o600}.get(options.get("mode", ""))
        usual = 0o666 & ~current_umask() if existing is None else 0o4750
        assert mode(place / "it") == (usual if wanted is None else wanted)
    assert done["changed"] == (not kept and (existing != b"new\n" or "mode" in options))


def current_umask():
    found = os.umask(0)
    os.umask(found)
    return found


@pytest.mark.skipif(not ROOT, reason="only root gives files away")
def test_owner_stays_or_is_set(host, place):
    (place / "it").write_text("old")
    os.chown(place / "it", 4711, 4712)
    (place / "it").chmod(0o4755)
    converges(host, place, content="new", dest=f"{place}/it")
    found = (place / "it").stat()
    assert (found.st_uid, found.st_gid, mode(place / "it")) == (4711, 4712, 0o4755)
    converges(host, place, content="newer", dest=f"{place}/it", owner="4713", group="0")
    found = (place / "it").stat()
    assert (found.st_uid, found.st_gid, mode(place / "it")) == (4713, 0, 0o4755)


def test_where_it_goes(host, place, local):
    (local / "files" / "a b.conf").write_text("x")
    (place / "there").mkdir()
    options = {"src": "a b.conf", "basedir": local}
    assert converges(host, place, dest=f"{place}/there", **options)["dest"] == f"{place}/there/a b.conf"
    assert converges(host, place, dest=f"{place}/made/deep/", **options)["dest"] == f"{place}/made/deep/a b.conf"
    made = converges(host, place, dest=f"{place}/p/q/r", parents=True, directory_mode="0700", **options)["dest"]
    assert made == f"{place}/p/q/r"
    assert mode(place / "p") == mode(place / "p" / "q") == 0o700


def test_a_template(host, place, local):
    text = "{{ greeting }} {{ inventory_hostname }}\n{% if true %}\nyes\n{% endif %}\n{% include 'more.j2' %}\n"
    (local / "templates" / "it.j2").write_text(text)
    (local / "templates" / "more.j2").write_text("{{ template_path | basename }} ü")
    converges(host, place, src="it.j2", template=True, dest=f"{place}/it", basedir=local)
    assert (place / "it").read_text() == "hello box\nyes\nit.j2 ü\n"


@pytest.mark.parametrize("content", [{"a": [1, "b"]}, ["x"], 5, True, "{{ not a template }}"])
def test_other_content(busybox, place, content):
    expected = {"{'a': [1, 'b']}": '{"a": [1, "b"]}', "['x']": '["x"]'}.get(str(content), str(content))
    run(busybox, content=content, dest=f"{place}/it")
    assert (place / "it").read_text() == expected


@pytest.mark.parametrize("follow", [True, False])
def test_a_link(host, place, follow):
    (place / "real").write_text("old")
    (place / "real").chmod(0o640)
    (place / "link").symlink_to("real")
    converges(host, place, content="new", dest=f"{place}/link", follow=follow)
    assert (place / "link").is_symlink() == follow
    assert (place / "real").read_text() == ("new" if follow else "old")
    assert mode(place / "real") == 0o640


def test_a_backup(host, place):
    (place / "it").write_text("old")
    (place / "it").chmod(0o600)
    done = run(host, content="new", dest=f"{place}/it", backup=True)
    copied = Path(done["backup_file"])
    assert (copied.parent, copied.read_text(), mode(copied)) == (place, "old", 0o600)
    assert "backup_file" not in run(host, content="new", dest=f"{place}/it", backup=True, mode="0640")
    assert len(list(place.iterdir())) == 2


def test_what_is_not_valid_changes_nothing(host, place):
    (place / "it").write_text("old")
    before = snapshot(place)
    done = run_shell_task(host, "shell_copy", content="if", dest=f"{place}/it", validate=f"{host.program} -n %s")
    assert done["failed"]
    assert "syntax" in done["msg"].lower()
    assert snapshot(place) == before
    run(host, content="true", dest=f"{place}/it", validate=f"{host.program} -n %s")
    assert (place / "it").read_text() == "true"


def test_what_arrives_damaged_is_thrown_away(host, place, monkeypatch):
    (place / "it").write_text("old")
    before = snapshot(place)
    shell = type(host)(host.name, host.program, host.path)
    from ansible.plugins.connection.local import Connection

    whole = Connection.exec_command

    def cut(self, cmd, in_data=None, sudoable=True):
        return whole(self, cmd, in_data=in_data[: len(in_data) // 2], sudoable=sudoable)

    monkeypatch.setattr(Connection, "exec_command", cut)
    done = run_shell_task(shell, "shell_copy", content="x" * 100_000, dest=f"{place}/it")
    assert done["failed"]
    assert "what arrived is not what was sent" in done["msg"]
    assert snapshot(place) == before


def test_diffs(busybox, place):
    path = f"{place}/it"
    shown = run(busybox, content="new\n", dest=path, diff=True)["diff"]
    assert shown == [{"before": "", "after": "new\n", "before_header": path, "after_header": path}]
    shown = run(busybox, content="newer\n", dest=path, diff=True, mode="0600")["diff"]
    assert (shown[0]["before"], shown[0]["after"], shown[1]["after"]["mode"]) == ("new\n", "newer\n", "0600")
    shown = run(busybox, content="a\0b", dest=path, diff=True)["diff"][0]
    assert (shown["before"], shown["src_binary"], shown.get("after")) == ("newer\n", 1, None)
    shown = run(busybox, content="x" * 200_000, dest=path, diff=True)["diff"][0]
    assert (shown["dst_binary"], shown["src_larger"]) == (1, 104448)
    assert run(busybox, content="x", dest=path)["diff"] == []


def test_a_secret_shows_up_nowhere(busybox, place):
    (place / "it").write_text("hunter1")
    done = run(busybox, content="hunter2", dest=f"{place}/it", diff=True, no_log=True)
    assert "hunter" not in str(done)
    assert "hidden because" in done["diff"][0]["after"]
    assert "hunter3" not in str(run(busybox, content="hunter3", dest=f"{place}/it"))


TOOLS = ["sha256sum", "sha1sum", "md5sum"]


@pytest.mark.parametrize("missing", range(1, 4))
def test_hosts_with_fewer_tools(tmp_path, place, missing):
    host = shell_host("busybox", tmp_path / "bin", without=("stat", "mktemp", *TOOLS[:missing]))
    if host is None:
        pytest.skip("needs busybox")
    if missing == 3:
        # Debian's busybox has no cksum; its own is the one of POSIX.
        (tmp_path / "bin" / "cksum").symlink_to("/usr/bin/cksum")
    converges(host, place, content="new\n", dest=f"{place}/it", mode="0600")
    run(host, "shell_fetch", src=f"{place}/it", dest=f"{tmp_path}/here", flat=True)
    assert (tmp_path / "here").read_text() == "new\n"


@given(data=st.binary(max_size=600))
def test_cksum_is_that_of_posix(data):
    host = shell_host("dash", Path())
    if host is None:
        pytest.skip("needs dash")
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        assert host.run(f"cksum < {file.name}").split()[0].decode() == checksums.checksum(data, "cksum")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dest": "/x"}, "one of the following is required: src, content"),
        ({"dest": "/x", "src": "a", "content": "b"}, "mutually exclusive: src|content"),
        ({"dest": "", "content": "b"}, "dest is empty"),
        ({"dest": "/x", "src": ""}, "src is empty"),
        ({"dest": "/x", "src": "no-such-file"}, "no-such-file"),
        ({"dest": "/x", "src": "/tmp"}, "src: '/tmp' is a folder"),
        ({"dest": "/tmp", "content": "b"}, "content has no name"),
        ({"dest": "/tmp/none/", "content": "b"}, "content has no name"),
        ({"dest": "/no/such/x", "content": "b"}, "parents=true creates it"),
        ({"dest": "/dev/null", "content": "b"}, "is there, but not a file"),
        ({"dest": "/x", "content": "b", "mode": 420}, "mode must be text"),
        ({"dest": "/x", "content": "b", "mode": "preserve"}, "mode: 'preserve'"),
        ({"dest": "/x", "content": "b", "directory_mode": "x"}, "directory_mode: 'x'"),
        ({"dest": "/x", "content": "b", "validate": "true"}, "validate must contain %s"),
        ({"dest": "/x", "content": "\ud800"}, "content has half of a surrogate pair"),
        ({"dest": "/x", "content": None}, "are null"),
        ({"dest": "/proc/x", "content": "b"}, "cannot be written on the host: "),
    ],
)
def test_mistakes_are_named(busybox, options, words):
    done = run_shell_task(busybox, "shell_copy", **options)
    assert done["failed"]
    assert words in done["msg"]
    assert not Path("/x").exists()


def fetch(host, **options):
    return run(host, "shell_fetch", **options)


def test_fetched_files_have_the_name_of_their_host(host, place, local):
    (place / "a b").write_text("x")
    dest = local / "fetched" / "box" / str(place).lstrip("/") / "a b"
    options = {"src": f"{place}/a b", "dest": "fetched", "basedir": local}
    foreseen = fetch(host, check_mode=True, **options)
    assert (foreseen["changed"], foreseen["dest"], dest.exists()) == (True, str(dest), False)
    done = fetch(host, **options)
    assert (done["changed"], dest.read_text(), done["checksum"]) == (True, "x", checksums.sha256(b"x"))
    assert not fetch(host, **options)["changed"]
    assert not fetch(host, check_mode=True, **options)["changed"]
    (place / "a b").write_text("y")
    assert fetch(host, **options)["changed"]
    assert dest.read_text() == "y"
    assert [it.name for it in dest.parent.iterdir()] == ["a b"]


@pytest.mark.parametrize("src", ["../../../etc/hosts", "/a/../../../etc/hosts", "..//../etc/hosts"])
def test_a_fetched_file_stays_in_its_folder(busybox, local, src):
    done = run_shell_task(
        busybox, "shell_fetch", src=src, dest=str(local / "in"), check_mode=True, fail_on_missing=False
    )
    assert done.get("failed") or Path(done["dest"]).is_relative_to(local / "in" / "box")


def test_a_file_that_is_missing(busybox, place, local):
    options = {"src": f"{place}/none", "dest": str(local)}
    assert "does not exist" in fetch(busybox, fail_on_missing=False, **options)["msg"]
    done = run_shell_task(busybox, "shell_fetch", **options)
    assert done["failed"]
    assert f"'{place}/none' does not exist on the host" in done["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"src": "", "dest": "x"}, "src is empty"),
        ({"src": "/etc/hosts", "dest": ""}, "dest is empty"),
        ({"src": "/", "dest": "x"}, "is not the path of a file"),
        ({"src": "/etc", "dest": "x"}, "is a directory, not a file"),
        ({"src": "/etc/hostname", "dest": "/tmp", "flat": True}, "End it with a slash"),
        ({"src": "/etc/hostname", "dest": "/proc/x", "flat": True}, "cannot be written here"),
        ({"dest": "x"}, "missing required arguments: src"),
    ],
)
def test_mistakes_of_fetching_are_named(busybox, options, words):
    done = run_shell_task(busybox, "shell_fetch", **options)
    assert done["failed"]
    assert words in done["msg"]
