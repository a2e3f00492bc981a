# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""shell_command runs commands as ansible.builtin.command and shell do, on hosts of busybox, dash or bash alone."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.shell_hosts import run_shell_task
from tests.unit.shell.texts import any_text


def run(host, **options):
    return run_shell_task(host, "shell_command", **options)


def test_the_result_is_that_of_a_command(host):
    done = run(host, cmd="echo one; echo two; echo oops >&2")
    assert (done["rc"], done["changed"], done["stdout"], done["stdout_lines"]) == (0, True, "one\ntwo", ["one", "two"])
    assert (done["stderr"], done["cmd"]) == ("oops", "echo one; echo two; echo oops >&2")
    assert not done.get("failed")
    assert done["start"] < done["end"]
    assert done["delta"].startswith("0:00:0")


@pytest.mark.parametrize("status", [1, 2, 126, 127, 254, 255])
def test_any_exit_status_comes_back(host, status):
    done = run(host, cmd=f"echo before; exit {status}")
    assert (done["rc"], done["failed"], done["changed"], done["stdout"]) == (status, True, True, "before")
    assert done["msg"] == "non-zero return code"


@pytest.mark.parametrize("cmd", ["if", "echo 'open", "exec no-such-program", "set -e; false; echo no", "kill -9 $$"])
def test_a_command_that_breaks_its_shell_only_fails_itself(host, cmd):
    done = run(host, cmd=cmd)
    assert done["failed"]
    assert done["rc"] != 0
    assert done["stdout"] == ""


@settings(max_examples=25)
@given(arguments=st.lists(any_text(), max_size=4))
def test_arguments_and_output_are_any_bytes(host, arguments):
    done = run(host, argv=["printf", "%s|", *(arguments or [""])], strip_empty_ends=False)
    assert os.fsencode(done["stdout"]) == os.fsencode("|".join([*(arguments or [""]), ""]))


@settings(max_examples=25)
@given(text=any_text(without=b"\0{"))  # ansible-core before 2.19 renders the values of the keyword here, as it should
def test_standard_input_and_environment_are_any_bytes(host, text):
    done = run(
        host, cmd='cat; printf "%s" "$VALUE"', stdin=text, stdin_add_newline=False, strip_empty_ends=False,
        environment={"VALUE": text},
    )  # fmt: skip
    assert os.fsencode(done["stdout"]) == os.fsencode(text * 2)


def test_a_line_feed_ends_standard_input(host):
    assert run(host, cmd="cat", stdin="a", strip_empty_ends=False)["stdout"] == "a\n"


def test_standard_input_is_empty_otherwise(host):
    assert run(host, cmd="cat; echo end")["stdout"] == "end"


def test_what_is_not_read_of_standard_input_is_no_trouble(host):
    assert run(host, cmd="echo ok", stdin="x" * 1_000_000)["stdout"] == "ok"


def test_much_output(host):
    done = run(
        host, cmd="i=0; while [ $i -lt 2000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done"
    )
    assert len(done["stdout_lines"]) == 2000


def test_the_folder(host, place):
    (place / " -a b ").mkdir()
    assert run(host, cmd="pwd", chdir=f"{place}/ -a b ", strip_empty_ends=False)["stdout"] == f"{place}/ -a b \n"


def test_a_folder_that_is_not_there_is_named(host, place):
    done = run(host, cmd="touch made", chdir=f"{place}/none")
    assert done["failed"]
    assert done["msg"].startswith(f"chdir: cannot change to the folder '{place}/none' on the host")


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ({"creates": "there"}, False),
        ({"creates": "th*"}, False),
        ({"creates": "dangling"}, False),
        ({"creates": "none"}, True),
        ({"removes": "there"}, True),
        ({"removes": "n*e"}, False),
        ({"removes": "there", "creates": "there"}, False),
        ({"removes": "th??e", "creates": "none*"}, True),
    ],
)
def test_creates_and_removes(host, place, options, runs, check_mode):
    (place / "there").touch()
    (place / "dangling").symlink_to("nowhere")
    done = run(host, cmd="touch ran", chdir=str(place), check_mode=check_mode, **options)
    assert done["changed"] == runs
    assert not done.get("failed")
    assert not done.get("skipped")
    assert (place / "ran").exists() == (runs and not check_mode)
    assert runs or done["msg"].startswith("Would not run command since" if check_mode else "Did not run command since")


def test_check_mode_runs_nothing(host, place):
    done = run(host, cmd="touch ran", chdir=str(place), check_mode=True)
    assert (done["skipped"], done["changed"]) == (True, False)
    assert list(place.iterdir()) == []


def test_another_shell_interprets(host, place):
    (place / "my shell").write_text('#!/bin/sh\necho "mine: $2"\n', encoding="utf-8")
    (place / "my shell").chmod(0o755)
    assert run(host, cmd="x", executable=f"{place}/my shell")["stdout"] == "mine: x"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of the following is required: cmd, argv"),
        ({"cmd": "a", "argv": ["a"]}, "mutually exclusive: cmd|argv"),
        ({"cmd": "  "}, "cmd is empty"),
        ({"argv": []}, "argv is empty"),
        ({"argv": ["-x"]}, "looks like an option"),
        ({"cmd": "a", "chdir": ""}, "chdir is empty"),
        ({"cmd": {"a": 1}}, "cmd must be text, not a mapping"),
        ({"argv": ["a", {"b": 1}]}, "argv[1] must be text, not a mapping"),
        ({"cmd": "a\0b"}, "cmd has a character that no shell can take"),
        ({"argv": ["a", "\ud800"]}, "argv[1] has a character that no shell can take"),
        ({"cmd": "a", "creats": "b"}, "did you mean 'creates'?"),
        ({"cmd": "a", "environment": {"A-B": "x"}}, "environment: 'A-B' cannot be the name of a variable"),
        ({"cmd": "x" * 100_000}, "takes at most"),
    ],
)
def test_wrong_options_are_named(busybox, options, words):
    done = run(busybox, **options)
    assert done["failed"]
    assert not done["changed"]
    assert words in done["msg"]


def test_a_host_without_such_a_shell_is_told(busybox):
    done = run(type(busybox)("none", "/no/such/shell", busybox.path), cmd="echo")
    assert done["failed"]
    assert "no POSIX shell answered on the host (exit status 127)" in done["msg"]


def test_what_a_host_says_before_is_not_of_the_command(tmp_path, busybox):
    greeting = tmp_path / "sh"
    greeting.write_text(f'#!/bin/sh\necho welcome; echo warning >&2\nexec {busybox.program} "$@"\n')
    greeting.chmod(0o755)
    host = type(busybox)("greets", str(greeting), busybox.path)
    done = run(host, cmd="echo out; echo err >&2; exit 3", executable=busybox.program)
    assert (done["rc"], done["stdout"], done["stderr"]) == (3, "out", "err")
