# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make one recorded call after the other and judge each."""

from __future__ import annotations

import dataclasses
import os
import re
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, errors, utils

from . import judge, recording, scenarios
from .arguments import Missing, WrongCall, resolve, snake_case
from .fake_server import READS, FakeServer
from .recording import Call
from .stage import NotReplayable, Stage
from .stopped_clock import StoppedClock


@dataclasses.dataclass
class Outcome:
    """How a call went: ``passed``, ``failed``, ``missing`` (no such method), ``not applicable`` or ``internal``."""

    kind: str
    detail: str = ""
    problems: tuple[str, ...] = ()


class LeftOut(Exception):
    """The recorded call lacks an argument, which Python refuses before anything of ours runs."""


class Runner:
    """Replays calls in a home directory of its own; use it in a ``with`` statement."""

    def __enter__(self) -> Runner:
        self._directory = tempfile.TemporaryDirectory()
        self._home = Path(self._directory.name)
        self._environment, self._working_directory = dict(os.environ), Path.cwd()
        for name in [name for name in os.environ if name.startswith(("BALENA", "RESINRC")) or "proxy" in name.lower()]:
            del os.environ[name]
        os.environ["HOME"] = str(self._home)
        return self

    def __exit__(self, *_exception: object) -> None:
        StoppedClock.uninstall()
        os.environ.clear()
        os.environ.update(self._environment)
        os.chdir(self._working_directory)
        self._directory.cleanup()

    def calls(self, path: Path) -> Iterator[Call]:
        """Yield the calls of a file."""
        path = self._working_directory / path
        os.chdir(self._home)  # where no settings file lies around
        return recording.load(path, str(self._home))

    def documented_methods_that_exist(self) -> list[str]:
        """Return which of the reference's methods have a Python twin."""
        balena = Balena(token="x", data_directory=False)
        found = []
        for method in recording.DOCUMENTED:
            try:
                twin(balena, method)
            except Missing:
                continue
            found.append(method)
        return found

    def replay(self, call: Call) -> Outcome:
        """Make one call and judge it."""
        if any(part.startswith("_") for part in call.method.split(".")):
            return Outcome("internal", "names that begin with _ are no part of the interface")
        reason = recording.js_only(call)
        if reason:
            return Outcome("not applicable", reason)
        server = FakeServer(call.requests)
        try:
            return self._played(call, server)
        except Missing as error:
            return Outcome("missing", str(error))
        except LeftOut as error:
            return Outcome("not applicable", str(error))
        except NotReplayable as error:
            return Outcome("not applicable", str(error))

    def _played(self, call: Call, server: FakeServer) -> Outcome:
        clock = StoppedClock()
        clock.install()
        result, error, trace = None, None, ""
        try:
            balena = _connect(call, server)
            call.args = local_files(call.args)
            result = scenarios.play(Stage(call, balena, clock, self._home))
            problem = self._judge_result(call, result)
        except (Missing, NotReplayable):
            raise
        except Exception as raised:
            if _leaves_out_an_argument(call, raised):
                raise LeftOut("an argument is left out that Python requires; JavaScript sees undefined") from None
            error, trace = raised, "".join(traceback.format_exception(raised)[-3:])
            problem = self._judge_error(call, error)
        problems = ([problem] if problem else []) + server.finish()
        if error is None or isinstance(error, (errors.BalenaError, WrongCall)):
            trace = ""
        detail = "\n      ".join([*problems, trace] if trace else problems)
        return Outcome("failed", detail, tuple(problems)) if problems else Outcome("passed")

    @staticmethod
    def _judge_result(call: Call, result: Any) -> str | None:
        if call.result["kind"] == "error":
            recorded = call.result["error"]
            return f"returned {result!r:.200}, recorded the error {recorded['name']}: {recorded['message']}"
        return judge.result_problem(call.result["value"], result)

    @staticmethod
    def _judge_error(call: Call, error: Exception) -> str | None:
        if call.result["kind"] == "error":
            return judge.error_problem(call.result["error"], error)
        return f"raised {type(error).__name__}: {error}, recorded the result {call.result['value']!r:.200}"


def _connect(call: Call, server: FakeServer) -> Balena:
    """Open a connection to the fake server with the recorded options; repetitions only as recorded."""
    given = {snake_case(name): _option(snake_case(name), value) for name, value in call.options.items()}
    for step in call.steps:
        if re.match(r"getSdk\(\{retryRateLimitedRequests: .*function", step):
            given["retry_rate_limited_requests"] = lambda _delay, answer="returning true" in step: answer
    usual: dict[str, Any] = {"data_directory": False, "max_retries": 0, "retry_rate_limited_requests": False}
    try:
        balena = Balena(**{**usual, **given})
    except TypeError as error:
        raise WrongCall(str(error)) from None
    if call.auth:
        balena.tokens._change(call.auth)  # also a token that is expired, which nobody can log in with
    session = balena.transport._opened_session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, server)
    return balena


def local_files(value: Any) -> Any:
    """Put a file of ours, or a path on this disk, where JavaScript has one of its own."""
    if isinstance(value, list):
        return [local_files(item) for item in value]
    if isinstance(value, dict):
        return {name: local_files(item) for name, item in value.items()}
    if not isinstance(value, recording.File):
        return value
    if value.on_disk:
        return _placed(value)
    return utils.BalenaWebResourceFile(value.content, value.about["name"], value.about.get("type"))


def _placed(file: recording.File) -> str:
    path = Path(file.about["path"])
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    if file.about.get("directory"):
        path.mkdir()
    elif not file.about.get("missing"):
        path.write_bytes(file.content)
    return str(path)


def _leaves_out_an_argument(call: Call, error: Exception) -> bool:
    """Whether Python refuses a call because an argument is ``undefined`` in JavaScript."""
    if not isinstance(error, WrongCall) or not re.search("missing a required .*argument", str(error)):
        return False
    about_undefined = "undefined" in str(call.result.get("error", {}).get("message"))
    only_reads = all(request["method"] in READS for request in call.requests)
    return recording.UNDEFINED in call.args or (about_undefined and only_reads)


def _option(name: str, value: Any) -> Any:
    if name == "request_limit_interval":
        return value / 1000
    return {snake_case(key): item for key, item in value.items()} if isinstance(value, dict) else value


def twin(balena: Balena, method: str) -> Callable[..., Any]:
    """Return the twin of a documented method.

    Raises:
        Missing: there is none.
    """
    from ansible_collections.community.balena.plugins.module_utils import sdk
    from ansible_collections.community.balena.plugins.module_utils.sdk import logs

    if method in ("getSdk", "setSharedOptions", "fromSharedOptions"):
        return resolve(sdk, method)
    if method.startswith("LogSubscription."):
        return resolve(logs.LogSubscription, method.partition(".")[2])
    if method == "listImagesFromTargetState":
        return resolve(balena.utils, method)
    return resolve(balena, method)
