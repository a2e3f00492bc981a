# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one ssh process: say when to start, pass data on in both directions, and keep to limits of time."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from .escalating import Escalation
from .framing import Frame

BLOCK = 65536


@dataclass
class Outcome:
    """What became of a command.

    :param rc: of the command, if it has ended, else of ssh.
    :param started: it was given the word to start.
    :param ended: it has ended, and said how.
    :param said: what the other side said beside its output.
    :param late: it was given up, because it had not started in time.
    """

    rc: int
    stdout: bytes
    stderr: bytes
    started: bool
    ended: bool
    said: Mapping[str, list[str]] = field(default_factory=dict)
    late: bool = False


@dataclass
class Job:
    """A command to run.

    :param argv: of the ssh process.
    :param source: its standard input: bytes, or a file that is read while it is sent.
    :param sink: where its standard output goes; kept in memory if there is none.
    :param start_within: seconds until the other side has to be ready.
    :param answer_within: seconds until su or sudo has to say something.
    """

    argv: Sequence[bytes]
    environment: Mapping[str, str]
    frame: Frame
    source: bytes | IO[bytes] | None = None
    sink: IO[bytes] | None = None
    escalation: Escalation = field(default_factory=lambda: Escalation(None))
    start_within: float = 60.0
    answer_within: float = 12.0


class EscalationTimeout(Exception):
    """su or sudo neither asked nor went on."""


def run(job: Job) -> Outcome:
    """Run a command to its end.

    :raises OSError: there is no ssh.
    :raises AnsibleError: su or sudo refused.
    :raises EscalationTimeout: su or sudo said nothing.
    """
    pipe = subprocess.PIPE
    process = subprocess.Popen(job.argv, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(job.environment), bufsize=0)  # noqa: S603 - ssh
    conversation = _Conversation(job, process)
    try:
        conversation.hold()
        conversation.wait()
    finally:
        conversation.end()
    return conversation.outcome()


class _Conversation:
    """One process and the bytes to and from it."""

    def __init__(self, job: Job, process: subprocess.Popen[bytes]) -> None:
        self._job, self._process = job, process
        self._selector = selectors.DefaultSelector()
        self._output = {"stdout": bytearray(), "stderr": bytearray()}
        self._outgoing = b""
        self._data: Iterator[bytes] = iter(())
        self._started = self._has_all = self._late = False
        self._heard = time.monotonic()
        self._begun = self._heard
        for name in self._output:
            stream: Any = getattr(process, name)
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ, name)
        os.set_blocking(self._stdin.fileno(), False)

    @property
    def _stdin(self) -> Any:
        return self._process.stdin

    def hold(self) -> None:
        """Read and write until the process has exited and all its output is there."""
        while self._selector.get_map():
            exited = self._process.poll() is not None
            events = self._selector.select(0 if exited else self._patience())
            # A master that ssh left behind may keep the streams open.
            if exited and not any(key.data in self._output for key, _mask in events):
                return
            for key, _mask in events:
                if key.data in self._output:
                    self._receive(key)
                else:
                    self._send()
            if self._is_late():
                return

    def wait(self) -> None:
        """Wait for the process, which has no more to say."""
        if not self._late:
            self._process.wait()

    def _patience(self) -> float:
        return 1.0 if self._started and self._job.escalation.is_over else 0.2

    def _is_late(self) -> bool:
        now = time.monotonic()
        if not self._started:
            self._late = now - self._begun > self._job.start_within
        elif not self._job.escalation.is_over and now - self._heard > self._job.answer_within:
            raise EscalationTimeout
        return self._late

    def _receive(self, key: selectors.SelectorKey) -> None:
        name = key.data
        block = os.read(key.fd, BLOCK)
        self._heard = time.monotonic()
        if not block:
            self._selector.unregister(key.fileobj)
        elif self._started and not self._job.escalation.is_over:
            block, answer = self._job.escalation.hear(name, block)
            self._queue(answer)
            self._feed()
            self._keep(name, block)
            return
        self._keep(name, self._job.escalation.rest(name) + block)
        if not self._started and name == "stderr":
            self._start_if_ready()

    def _keep(self, name: str, block: bytes) -> None:
        if name == "stdout" and self._job.sink is not None:
            self._job.sink.write(block)
        else:
            self._output[name] += block

    def _start_if_ready(self) -> None:
        if f"{self._job.frame.mark}:ready\n".encode() not in self._output["stderr"]:
            return
        self._started = True
        self._queue(self._job.frame.word)
        self._feed()

    def _feed(self) -> None:
        """Let the command's input follow, once nobody else could take it."""
        if self._job.escalation.is_over and not self._has_all:
            self._has_all = True
            self._data = _blocks(self._job.source)
            self._queue(b"")
            self._want_to_write()

    def _queue(self, data: bytes) -> None:
        if data:
            self._outgoing += data
            self._want_to_write()

    def _want_to_write(self) -> None:
        if not self._stdin.closed and self._stdin not in [key.fileobj for key in self._selector.get_map().values()]:
            self._selector.register(self._stdin, selectors.EVENT_WRITE, "stdin")

    def _send(self) -> None:
        self._outgoing = self._outgoing or next(self._data, b"")
        try:
            if self._outgoing:
                sent = os.write(self._stdin.fileno(), self._outgoing)
                self._outgoing = self._outgoing[sent:]
                return
        except BlockingIOError:
            return
        except OSError:  # the command reads no further, or the connection is gone: its end will tell
            self._outgoing, self._has_all, self._data = b"", True, iter(())
        self._selector.unregister(self._stdin)
        if self._has_all:
            self._close_stdin()

    def _close_stdin(self) -> None:
        try:
            self._stdin.close()
        except OSError:
            return

    def end(self) -> None:
        """Leave no process and no open stream behind."""
        self._selector.close()
        if self._process.poll() is None:
            self._stop()
        self._close_stdin()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def outcome(self) -> Outcome:
        """What became of it, after the end."""
        said, errors = self._job.frame.read(bytes(self._output["stderr"]))
        ended = said.get("end", [""])[-1]
        rc = int(ended) if ended.isdigit() else self._process.returncode
        return Outcome(rc, bytes(self._output["stdout"]), errors, self._started, ended.isdigit(), said, late=self._late)


def _blocks(source: bytes | IO[bytes] | None) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield from (source[start : start + BLOCK] for start in range(0, len(source), BLOCK))
    elif source is not None:
        while block := source.read(BLOCK):
            yield block
