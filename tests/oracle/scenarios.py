# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each recorded call is made: most are one method call, some are a small script or show more than a result."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.community.balena.plugins.module_utils import sdk
from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, errors, os_version, utils

from .arguments import Missing, invoke, resolve, snake_case
from .judge import never_kept
from .option_scenarios import by_its_requests, option
from .recording import TOKENS
from .stage import NotReplayable, Stage, counted


def play(stage: Stage) -> Any:
    """Make the recorded call and return its result in the form in which it is recorded."""
    call = stage.call
    if call.method in _SCRIPTS:
        return _SCRIPTS[call.method](stage)
    if call.method.startswith("options."):
        return option(stage)
    if call.steps:
        return _steps(stage)
    arguments = stage.with_callbacks(call.args)
    return _shown(stage, lambda: invoke(_twin(stage, call.method), arguments))


def _twin(stage: Stage, method: str) -> Callable[..., Any]:
    if method.startswith("balena-semver."):
        return resolve(os_version, method.partition(".")[2])
    if method == "listImagesFromTargetState":
        return resolve(utils, method)
    return resolve(stage.balena, method)


def _shown(stage: Stage, action: Callable[[], Any]) -> Any:
    """Run one call; some recordings also show the token that is kept after it."""
    recorded = stage.call.result.get("value")
    if stage.callbacks:
        returned = action()
        seen = stage.callbacks[0].seen
        return {"returned": returned, "progress": _in_recorded_order(recorded, seen)} if seen else returned
    if not isinstance(recorded, dict) or "tokenAfter" not in recorded:
        return action()
    shown: dict[str, Any] = {}
    returned = _error_or_result(action)
    if isinstance(returned, Exception) and "error" not in recorded:
        raise returned
    shown["error" if isinstance(returned, Exception) else "returned"] = returned
    shown["tokenAfter"] = _error_or_result(stage.balena.auth.get_token)
    return {name: value for name, value in shown.items() if name in recorded}


def _in_recorded_order(recorded: Any, seen: list[Any]) -> list[Any]:
    """Parts of a file are sent side by side, so it is chance which of them is done first."""
    told = recorded.get("progress") or [] if isinstance(recorded, dict) else []
    same = _steps_of(told) is not None and _steps_of(told) == _steps_of(seen)
    return list(told) if same else seen


def _steps_of(progress: list[Any]) -> list[int] | None:
    """By how much each call went on, the smallest first."""
    try:
        done = [0, *(step["uploaded"] for step in progress)]
    except (KeyError, TypeError):
        return None
    return sorted(later - earlier for earlier, later in itertools.pairwise(done))


def _error_or_result(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except errors.BalenaError as error:
        return error


# -- steps: small scripts in words -------------------------------------------------------------------------------------

_CALL = re.compile(r"([\w.]+)(?:\((.*)\))?")


def _steps(stage: Stage) -> Any:
    with contextlib.ExitStack() as cleanup:
        compared = stage.call.steps[-1] == "compare"
        steps = stage.call.steps[:-1] if compared else stage.call.steps
        results = [result for step in steps for result in _step(stage, step, cleanup)]
        if compared:
            return results[0] != results[1]
        if stage.call.method.startswith("settings."):
            results.append(invoke(_twin(stage, stage.call.method), stage.call.args))
    return _as_recorded(stage.call.result.get("value"), results, failed=stage.call.result["kind"] == "error")


def _step(stage: Stage, step: str, cleanup: contextlib.ExitStack) -> list[Any]:
    if step.startswith("environment "):
        name, _equals, value = step.partition(" ")[2].partition("=")
        cleanup.enter_context(_environment(name, value))
    elif re.match(r"(user )?(~/|\./)?\.?balenarc", step):
        cleanup.enter_context(_settings_file(stage.home, step))
    elif step == "twice":
        return [
            _error_or_result(lambda: invoke(_twin(stage, stage.call.method), stage.call.args)) for _turn in range(2)
        ]
    elif step.startswith("Promise.all of two "):
        stage.balena.map_parallel(lambda name: invoke(_named(stage, name), []), [step.rpartition(" ")[2]] * 2)
        return [stage.balena.auth.get_token()]
    elif step.startswith("getSdk({retryRateLimitedRequests: "):
        pass  # the connection was opened with it
    elif step == "login with a token valid for one more day":
        stage.balena.auth.login_with_token(TOKENS["OLD_JWT"])
    elif clock := re.fullmatch(r"clock \+(\d+) days?", step):
        stage.clock.advance(int(clock[1]) * 86400)
    elif wait := re.fullmatch(r"wait(?: (\d+) ms)?", step):
        stage.clock.advance(int(wait[1] or 0) / 1000)
    else:
        return _called(stage, step)
    return []


def _called(stage: Stage, step: str) -> list[Any]:
    parts = _CALL.fullmatch(step)
    if not parts:
        raise NotReplayable(f"step {step!r}")
    function = _named(stage, parts[1])
    arguments = stage.call.args if parts[2] in (None, "args") else _js_arguments(stage, parts[2])
    result = _error_or_result(lambda: invoke(function, arguments))
    if isinstance(result, errors.BalenaError) and stage.call.result["kind"] == "error":
        raise result
    return [] if parts[1].endswith(("loginWithToken", "logout")) else [result]


def _named(stage: Stage, name: str) -> Callable[..., Any]:
    """Find what a step calls: beside the method, or below balena, its models or auth."""
    beside = stage.call.method.rpartition(".")[0]
    for place in (f"{beside}.", "", "models.", "auth."):
        with contextlib.suppress(Missing):
            return resolve(stage.balena, place + name)
    raise Missing(name)


def _js_arguments(stage: Stage, text: str) -> list[Any]:
    """Read JavaScript literals: ``'intel-nuc', {includeDraft:true}``."""
    for name, value in _named_by_requests(stage).items():
        text = re.sub(rf"\b{name}\b(?!')", f"'{value}'", text)
    text = re.sub(r"([{,]\s*)(\w+):", r'\1"\2":', text).replace("'", '"')
    try:
        values = json.loads(f"[{text}]")
    except ValueError:
        values = [text]  # a token without quotes
    return list(values)


def _named_by_requests(stage: Stage) -> dict[str, str]:
    """What stands for the words of a step is in the requests that it sent."""
    named = {"uuid": "7cf02a687b74206f92cb455969cf8e98"}
    for request in stage.call.requests:
        if update := re.fullmatch(r"/v\d/([0-9a-f]+)/resinhup", request.get("path") or ""):
            named["uuid"] = update[1]
            named["version"] = ((request.get("body") or {}).get("parameters") or {}).get("target_version", "")
    return named


def _as_recorded(recorded: Any, results: list[Any], failed: bool) -> Any:
    last = results[-1] if results else None
    if isinstance(recorded, dict) and "tokenAfter" in recorded and len(results) == 2:
        shown = "error" if isinstance(results[0], Exception) else "returned"
        return {shown: results[0], "tokenAfter": results[1]}
    if isinstance(recorded, dict) and recorded.keys() & {"first", "second"}:
        names = zip(("first", "second", "third"), results, strict=False)
        found = {name: counted(recorded[name], result) for name, result in names if name in recorded}
        return {**found, **({"sameObject": results[0] == results[1]} if "sameObject" in recorded else {})}
    if isinstance(recorded, list) and len(results) > 1 and len(recorded) == len(results):
        return results
    if isinstance(last, Exception) and (failed or recorded is None):
        raise last
    return recorded if recorded == "ok" else counted(recorded, last)


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name) if before is None else os.environ.update({name: before})


@contextlib.contextmanager
def _settings_file(home: Path, step: str) -> Iterator[None]:
    where, _space, content = step.removeprefix("user ").partition(" ")
    where = where.removesuffix(":")
    path = home / where[2:] if where.startswith("~/") else Path(where)
    content = re.sub(r", (?=\w+: )", "\n", content)
    path.write_text(content.replace("\\n", "\n") + "\n", encoding="utf-8")
    try:
        yield
    finally:
        path.unlink()


def _token_refresh(stage: Stage) -> Any:
    if "refreshToken called directly" in stage.call.variant:
        return _shown(stage, stage.balena.request.refresh_token)
    if re.search("refreshToken:? false", stage.call.variant):
        url, api = stage.call.requests[-1]["path"], stage.balena.options.api_root
        return counted(
            stage.call.result.get("value"), stage.balena.request.send(url=url, base_url=api, refresh_token=False).body
        )
    if stage.call.steps:
        return _steps(stage)
    result = by_its_requests(stage)
    recorded = stage.call.result.get("value")
    return recorded if recorded == "ok" else counted(recorded, result)


# -- namespaces whose recordings show more than a result ---------------------------------------------------------------


def _subscription(stage: Stage) -> Any:
    lines: list[Any] = []
    arguments = stage.call.args
    if stage.call.method == "LogSubscription.unsubscribe":
        subscription = invoke(stage.balena.logs.subscribe, arguments)
        for _step in [step for step in stage.call.steps if step == "unsubscribe()"] or [""]:
            subscription.unsubscribe()
        lines = [["line", line] for line in subscription]
        return "ok" if stage.call.result.get("value") == "ok" and not lines else lines
    try:
        subscription = invoke(stage.balena.logs.subscribe, arguments)
        while True:
            try:
                lines.append(["line", next(subscription)])
            except errors.BalenaInvalidResponseError as error:
                lines.append(["error", error])
            except StopIteration:
                break
    except errors.BalenaRequestError as error:
        if stage.call.result["kind"] == "error":
            raise
        lines.append(["error", error])
    recorded = stage.call.result.get("value") or {}
    return {**recorded, "events": lines}


def _request_send(stage: Stage) -> Any:
    answer = invoke(stage.balena.request.send, stage.call.args)
    recorded = stage.call.result.get("value") or {}
    if "ctor" in recorded:
        kind = "Blob" if isinstance(answer.body, bytes) else type(answer.body).__name__
        return {"ctor": kind, "size": len(answer.body)}
    known = {"body": answer.body, "statusCode": answer.status_code, "headers": dict(answer.headers)}
    return {name: known.get(name) for name in recorded}


def _pine(stage: Stage) -> Any:
    call = dict(stage.call.args[0])
    call.update(call.pop("passthrough", {}))
    return invoke(_twin(stage, stage.call.method), [], call)


def _target_state_images(stage: Stage) -> Any:
    """The recordings keep the keys of dicts in alphabetical order, so the order of the images is not known."""
    images = invoke(_twin(stage, stage.call.method), stage.call.args)
    recorded = stage.call.result.get("value")
    return recorded if isinstance(recorded, list) and sorted(recorded) == sorted(images) else images


def _merge(stage: Stage) -> Any:
    return utils.merge_pine_options(*stage.call.args)


def _about(balena: Balena) -> dict[str, Any]:
    """Describe a connection as the recordings of getSdk do."""
    names = ["auth", "models", "logs", "settings", "utils", "request", "pine", "errors", "version"]
    application = balena.models.application
    return {
        "API_URL": balena.options.api_url,
        "API_VERSION": balena.options.api_version,
        "apiPrefix": balena.options.api_prefix,
        "dashboard": application.get_dashboard_url(1),
        "interceptors": len(balena.interceptors),
        "keys": [name for name in names if hasattr(balena, name)],
        "version": balena.reference_version,
    }


def _python_options(options: dict[str, Any]) -> dict[str, Any]:
    return {snake_case(name): value for name, value in options.items()}


def _get_sdk(stage: Stage) -> Any:
    options = _python_options(stage.call.args[0]) if stage.call.args else {}
    if "isolates" in stage.call.variant:
        first, second = sdk.get_sdk(**options), sdk.get_sdk(**options)
        first.auth.login_with_token(TOKENS["API_KEY"])
        return {"first": first.auth.get_token(), "second": _error_or_result(second.auth.get_token)}
    if isinstance(options.get("data_directory"), str):
        return _kept_token(stage, options)
    return _about(sdk.get_sdk(**options))


def _kept_token(stage: Stage, options: dict[str, Any]) -> Any:
    """Log in, and look with another connection for the token that is kept in a directory of its own."""
    first, second = sdk.get_sdk(**options), sdk.get_sdk(**options)
    first.auth.login_with_token("1234567890" if "all-digit" in stage.call.variant else TOKENS["API_KEY"])
    before = first.auth.get_token()
    if "logout" in stage.call.variant:
        first.auth.logout()
    found = _error_or_result(second.auth.get_token)
    recorded = stage.call.result.get("value")
    if not isinstance(recorded, dict):
        return found
    directory = Path(options["data_directory"])
    files = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    kinds: dict[type, Any] = {bool: "token" in files, list: files, int: len(files)}
    names = {"before": before, "first": _error_or_result(first.auth.get_token)}
    return {name: names.get(name, kinds.get(type(value), found)) for name, value in recorded.items()}


def _shared_options(stage: Stage) -> Any:
    sdk.set_shared_options()
    for options in stage.call.args:
        sdk.set_shared_options(**_python_options(options))
    if stage.call.result.get("value") == "ok":
        return "ok"
    connections = [sdk.from_shared_options(), sdk.from_shared_options()]
    about = _about(connections[0])
    if "sameObject" in (stage.call.result.get("value") or {}):
        return {"sdk": about, "sameObject": connections[0] is connections[1]}
    return {"sdk": about} if stage.call.method == "setSharedOptions" else about


def _errors(stage: Stage) -> Any:
    if "date" in stage.call.variant:
        return str(errors.BalenaTooManyRequests("2025-01-01"))
    special = {
        "BalenaInvalidParameterError": ("paramName", "badValue"),
        "BalenaRequestError": ("body text", 404, {"url": "/x"}),
        "OSImageNotFound": ("raspberrypi3", "2.50.1"),
        "ReleaseAssetAlreadyExists": (5001, "manual.txt"),
    }
    recorded = stage.call.result["value"]
    if isinstance(recorded, list):
        return [name for name in recorded if hasattr(errors, name)]
    if not isinstance(recorded, dict) or not all(isinstance(about, dict) for about in recorded.values()):
        raise NotReplayable("which error was made is not in the recording")
    return {name: _error_shape(name, special.get(name, ("SAMPLE",)), recorded[name]) for name in recorded}


def _error_shape(name: str, arguments: tuple[Any, ...], recorded: dict[str, Any]) -> dict[str, Any]:
    kind = getattr(errors, name)
    error = _error_or_result(lambda: kind(*arguments)) if kind.__init__ is not errors._FixedMessage.__init__ else kind()
    fields = {field: getattr(error, snake_case(field), None) for field in recorded["fields"] if field != "name"}
    kept = {field: value for field, value in fields.items() if not never_kept(field, value)}
    chain = [one.__name__ for one in kind.__mro__ if one.__name__ in recorded["chain"]]
    return {
        "chain": [*chain, "TypedError"],
        "code": error.code,
        "exitCode": error.exit_code,
        "fields": {**recorded["fields"], "name": type(error).__name__, **kept},
        "message": str(error),
        "name": type(error).__name__,
    }


def _web_file(stage: Stage) -> Any:
    recorded = stage.call.result["value"]
    if isinstance(recorded, list):
        files = [utils.BalenaWebResourceFile(b"x", item["name"]) for item in recorded]
        return [{"name": file.name, "size": file.size, "type": file.type} for file in files]
    file = utils.BalenaWebResourceFile(b"x", recorded["name"], "text/plain")
    return {"name": file.name, "type": file.type}


def _constants(stage: Stage) -> Any:
    values = getattr(resolve_namespace(stage), stage.call.method.rpartition(".")[2], None)
    if values is None:
        raise Missing(stage.call.method)
    return {name: getattr(value, "value", value) for name, value in vars(values).items() if name.isupper()}


def resolve_namespace(stage: Stage) -> Any:
    """Return the namespace that the recorded name is in."""
    value: Any = stage.balena
    for part in stage.call.method.split(".")[:-1]:
        value = getattr(value, snake_case(part))
    return value


def _interceptors(stage: Stage) -> Any:
    from .interceptor_scenarios import SCENARIOS

    for words, scenario in SCENARIOS.items():
        if words in stage.call.variant:
            return scenario(stage.balena)
    raise NotReplayable("what these interceptors did is not in the recording")


_SCRIPTS: dict[str, Callable[[Stage], Any]] = {
    "auth.tokenRefresh": _token_refresh,
    "errors": _errors,
    "fromSharedOptions": _shared_options,
    "getSdk": _get_sdk,
    "interceptors": _interceptors,
    "logs.subscribe": _subscription,
    "LogSubscription.unsubscribe": _subscription,
    "listImagesFromTargetState": _target_state_images,
    "models.device.OverallStatus": _constants,
    "models.os.OsTypes": _constants,
    "request.send": _request_send,
    "setSharedOptions": _shared_options,
    "utils.BalenaWebResourceFile": _web_file,
    "utils.mergePineOptions": _merge,
    **{f"pine.{name}": _pine for name in ("get", "post", "patch", "put", "delete", "upsert", "getOrCreate")},
}
