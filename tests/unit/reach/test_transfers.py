# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts that take and give files, in real shells: whole and verified, or the target stays as it was."""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.plugin_utils.reach import transfers
from ansible_collections.community.balena.plugins.plugin_utils.reach.framing import Frame

SHELLS = [["/bin/sh"], ["/bin/busybox", "sh"]] if os.access("/bin/busybox", os.X_OK) else [["/bin/sh"]]
# Any name that a file may have.
NAMES = st.binary(min_size=1, max_size=255).filter(lambda name: b"/" not in name and b"\0" not in name)


def put(target, data, sent=None, shell=("/bin/sh",)):
    script = transfers.put_script(str(target), *transfers.digest(io.BytesIO(data)))
    command = [os.fsencode(word) for word in (*shell, "-c", script)]
    return subprocess.run(command, input=data if sent is None else sent, capture_output=True, check=False)


@given(NAMES.filter(lambda name: name not in (b".", b"..")), st.binary(max_size=2000), st.sampled_from(SHELLS))
@settings(max_examples=60, deadline=None)
def test_any_name_and_any_bytes(name, data, shell):
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / os.fsdecode(name)
        done = put(target, data, shell=shell)
        assert (done.returncode, done.stderr) == (0, b"")
        assert list(Path(folder).iterdir()) == [target]
        assert target.read_bytes() == data
        frame = Frame()
        script = os.fsencode(transfers.fetch_script(str(target), frame))
        got = subprocess.run([*shell, "-c", script], capture_output=True, check=True)
        assert got.stdout == data
        assert frame.read(got.stderr)[0]["sum"] == [transfers.digest(io.BytesIO(data))[0]]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_half_a_file_is_not_written(tmp_path, shell):
    target = tmp_path / "x"
    assert put(target, b"whole", sent=b"wh", shell=shell).returncode == transfers.DAMAGED
    assert list(tmp_path.iterdir()) == []
    target.write_text("old")
    assert put(target, b"whole", sent=b"whale", shell=shell).returncode == transfers.DAMAGED
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x", "old")]


def test_mode_and_links_stay(tmp_path):
    target = tmp_path / "x"
    target.write_text("old")
    target.chmod(0o751)
    (tmp_path / "link").symlink_to("x")
    assert put(tmp_path / "link", b"new").returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"new", 0o751)


def test_what_is_not_a_file(tmp_path):
    assert put(tmp_path, b"x").returncode == transfers.IS_FOLDER
    assert put("/dev/null", b"x").returncode == 0
    assert put(tmp_path / "none" / "x", b"x").returncode == 1
    for path, code in ((tmp_path, transfers.IS_FOLDER), (tmp_path / "none", transfers.MISSING)):
        script = transfers.fetch_script(str(path), Frame())
        assert subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=False).returncode == code
