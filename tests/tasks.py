# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a task in this process: a module's options are validated and its plan is made and applied, without a playbook."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

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
    check_mode, progress = options.pop("check_mode", False), options.pop("progress", lambda line: None)
    module = importlib.import_module(f"{COLLECTION}.modules.{module_name}")
    edge = importlib.import_module(f"{COLLECTION}.module_utils.module")
    info = hasattr(module, "read")
    given = {"api_url": emulator.url, "api_token": emulator.token, **options}
    checked = ArgumentSpecValidator(**module.OPTIONS.rules(info=info)).validate(given)
    if checked.error_messages:
        return {"failed": True, "changed": False, "msg": "; ".join(checked.error_messages)}
    try:
        if info:
            return edge.perform_read(module.read, checked.validated_parameters)
        return edge.perform(module.plan, checked.validated_parameters, check_mode=check_mode, progress=progress)
    except edge.TaskFailure as failure:
        return {**failure.result, "failed": True}
