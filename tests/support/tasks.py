# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a task in this process: a module's options are validated and its plan is made and applied, without a playbook."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any, Protocol

from ansible.module_utils import basic

COLLECTION = "ansible_collections.community.balena.plugins"


class Server(Protocol):
    """Whatever answers as the API, such as an emulator."""

    url: str
    token: str


def run_task(emulator: Server, module_name: str, /, **options: Any) -> dict[str, Any]:
    """Return the result of a task as a playbook would register it; C(failed) says that it failed.

    :param module_name: such as C(balena_device).
    :param options: those of the module, C(check_mode), and C(progress), which gets the lines of a task that waits.
    """
    result = _run(emulator, module_name, options)
    strange = list(_strange(result))
    assert not strange, f"a result holds what Ansible does not know: {strange[:3]}"
    return result


def _run(emulator: Server, module_name: str, options: dict[str, Any]) -> dict[str, Any]:
    check_mode, progress = options.pop("check_mode", False), options.pop("progress", lambda line: None)
    module = importlib.import_module(f"{COLLECTION}.modules.{module_name}")
    edge = importlib.import_module(f"{COLLECTION}.module_utils.performing")
    info = hasattr(module, "read")
    given = {"api_url": emulator.url, "api_token": emulator.token, **options}
    checked, wrong = module.OPTIONS.validate(given, module_name, info=info)
    if wrong:
        return {"failed": True, "changed": False, "msg": wrong}
    params, outcome = checked.validated_parameters, module.OPTIONS.outcome
    try:
        if info:
            wait = getattr(module, "wait", None)
            found: dict[str, Any] = edge.perform_read(
                module.read, params, wait=wait, check_mode=check_mode, progress=progress
            )
        else:
            found = edge.perform(module.plan, params, check_mode=check_mode, progress=progress, outcome=outcome)
        return found
    except edge.TaskFailure as failure:
        return {**failure.result, "failed": True}


def _strange(value: Any) -> Iterator[Any]:
    """What of a result is not plain data: a playbook and its callbacks get the types of JSON, and no kin of them."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _strange(key)
            yield from _strange(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strange(item)
    elif type(value) not in (str, int, float, bool, type(None)):
        yield type(value), value


@contextmanager
def module_arguments(options: dict[str, Any]) -> Iterator[None]:
    """What a module reads when it begins: these options, as Ansible gives them to a process."""
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:  # ansible-core 2.17 and before
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
        yield
        basic._ANSIBLE_ARGS = None
    else:
        with patch_module_args(options):
            yield


def run_module(server: Server, module_name: str, /, **options: Any) -> dict[str, Any]:
    """The same as L(run_task), through the module's C(main), as if it were a process of its own."""
    module = importlib.import_module(f"{COLLECTION}.modules.{module_name}")
    given = {
        "api_url": server.url,
        "api_token": server.token,
        "_ansible_module_name": f"community.balena.{module_name}",
    }
    said = io.StringIO()
    with module_arguments({**given, **options}), redirect_stdout(said), suppress(SystemExit):
        module.main()
    result: dict[str, Any] = json.loads(said.getvalue())
    return result
