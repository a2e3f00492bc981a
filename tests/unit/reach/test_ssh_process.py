# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in their frame, with a real shell in the place of ssh: what was started, how it ended, and what it said."""

from __future__ import annotations

import io
import os
import shlex
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.plugin_utils.reach.framing import Frame
from ansible_collections.community.balena.plugins.plugin_utils.reach.ssh_process import Job, run

SHELLS = [["/bin/sh"], ["/bin/busybox", "sh"]] if os.access("/bin/busybox", os.X_OK) else [["/bin/sh"]]


def perform(command, source=None, shell=("/bin/sh",), before="", **limits):
    frame = Frame()
    text = before.replace("FRAME", frame.wrap(command)) if before else frame.wrap(command)
    argv = [word.encode("utf-8", "surrogateescape") for word in (*shell, "-c", text)]
    return run(Job(argv, dict(os.environ), frame, source, **limits))


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize("code", [0, 1, 3, 126, 127, 254, 255])
def test_the_exit_code_is_the_commands(shell, code):
    done = perform(f"echo out; printf err >&2; exit {code}", shell=shell)
    assert (done.rc, done.stdout, done.stderr) == (code, b"out\n", b"err")
    assert (done.started, done.ended) == (True, True)


@given(st.binary(max_size=300_000), st.sampled_from(SHELLS))
@settings(max_examples=25, deadline=None)
def test_any_bytes_pass_unchanged(data, shell):
    assert perform("cat", data, shell=shell).stdout == data
    assert perform("cat >&2", data, shell=shell).stderr == data


def test_a_command_reads_nothing_but_its_input():
    assert perform("cat").stdout == b""
    assert perform("read a; read b; echo $b-$a", b"1\n2\n").stdout == b"2-1\n"


def test_a_large_file_is_streamed(tmp_path):
    block = os.urandom(1 << 20)
    with (tmp_path / "large").open("wb") as file:
        for _block in range(40):
            file.write(block)
    with (tmp_path / "large").open("rb") as source, (tmp_path / "there").open("w+b") as sink:
        done = perform("cat", source, sink=sink)
    assert (done.rc, done.stdout) == (0, b"")
    assert (tmp_path / "there").read_bytes() == block * 40


def test_a_command_that_stops_reading_is_no_failure():
    done = perform("head -c 3; exit 4", b"x" * 1_000_000)
    assert (done.rc, done.stdout, done.ended) == (4, b"xxx", True)


def test_what_is_never_ready_is_called_off_and_never_starts(tmp_path):
    mark = tmp_path / "started"
    begin = time.monotonic()
    done = perform(f"touch {mark}", before="sleep 2; FRAME", start_within=0.3)
    assert time.monotonic() - begin < 1.9
    assert (done.started, done.late) == (False, True)
    late = perform(f"touch {mark}", before="(sleep 1; FRAME) & exit 7", start_within=5)
    assert (late.started, late.rc) == (False, 7)
    time.sleep(1.3)
    assert not mark.exists(), "the word to start was never given"


def test_a_failure_before_the_start_is_not_the_commands():
    done = perform("exit 0", before="echo 'No such container' >&2; exit 1")
    assert (done.started, done.ended, done.rc, done.stderr) == (False, False, 1, b"No such container\n")


def test_what_ends_without_saying_so_was_lost():
    done = perform("kill -9 $PPID; sleep 1")
    assert (done.started, done.ended) == (True, False)


def test_a_process_left_behind_that_keeps_the_streams_is_not_waited_for():
    begin = time.monotonic()
    done = perform("echo here", before="sleep 5 & FRAME")
    assert (done.rc, done.stdout) == (0, b"here\n")
    assert time.monotonic() - begin < 4


def test_a_line_like_a_mark_of_another_command_is_output():
    done = perform("echo balena-0123456789abcdef:end:0 >&2; exit 5")
    assert (done.rc, done.stderr) == (5, b"balena-0123456789abcdef:end:0\n")


def test_output_while_input_is_still_being_sent_does_not_block():
    done = perform(
        f"{shlex.quote(sys.executable)} -c 'import sys; sys.stdout.write(sys.stdin.read() * 2)'", b"y" * 500_000
    )
    assert len(done.stdout) == 1_000_000
    assert io.BytesIO(done.stdout).read(1) == b"y"
