# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module as a process of its own: it reads its options, has performing.py do the task, and leaves with the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from . import option_errors
from .engine import report
from .engine.kinds import printable
from .inert import inert_result
from .options import Options, Params
from .performing import Planner, Reader, TaskFailure, Waiter, perform, perform_read


class ModuleProcess(AnsibleModule):
    """An ordinary module that names all mistakes in its options at once.

    It keeps secret values to itself from the start: also while it looks at its options.
    """

    params: dict[str, Any]

    def __init__(self, options: Options, *, info: bool = False) -> None:
        """Read and check the options; fails if they are wrong."""
        self._options = options
        self._given: Params = {}
        self._checked = False
        super().__init__(supports_check_mode=True, **options.rules(info=info))
        self._checked = True
        if wrong := self._mistakes():
            self.fail_json(wrong)

    def _load_params(self) -> None:
        """Read the options, and remember them as they were given."""
        super()._load_params()
        self._given = {name: value for name, value in self.params.items() if not name.startswith("_ansible_")}
        self.params = option_errors.tame(self.argument_spec, self.params)

    def _mistakes(self) -> str:
        return self._options.mistakes(self.argument_spec, self._given, self.validation_result, self._name)

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """Fail; options that are wrong are found before there is a plan, and are shown together with all others."""
        kwargs.setdefault("invocation", invocation(self.params))
        if not self._checked and hasattr(self, "validation_result"):
            msg = self._mistakes()
        super().fail_json(msg, **kwargs)

    def _log_invocation(self) -> None:
        """Write the options into the system's log, as modules do, unless one is secret or wrong (it may be no text)."""
        if not (self.params.get("secret") or self._mistakes()):
            super()._log_invocation()


def run_module(options: Options, planner: Planner) -> None:
    """Run as an ordinary module in a process of its own."""
    module = ModuleProcess(options)
    leave(module, lambda: perform(planner, module.params, check_mode=module.check_mode, outcome=options.outcome))


def run_info_module(options: Options, reader: Reader, wait: Waiter | None = None) -> None:
    """Run an info module, or one that only waits, in a process of its own."""
    module = ModuleProcess(options, info=True)
    leave(module, lambda: perform_read(reader, module.params, wait=wait, check_mode=module.check_mode))


def invocation(params: Params) -> dict[str, Any]:
    """The options as the result may repeat them: without the values of a task that says they are secret."""
    shown = dict(params)
    if params.get("secret"):
        for name in ("value", "variables"):
            if shown.get(name) is not None:
                shown[name] = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    return {"module_args": shown}


def leave(module: AnsibleModule, work: Callable[[], dict[str, Any]]) -> None:
    """Do the work of a module process, and end it with the result."""
    failed = False
    try:
        result = work()
    except TaskFailure as failure:
        result, failed = failure.result, True
    result = inert_result(result)
    for warning in result.pop("warnings", ()):
        module.warn(printable(warning))
    result.pop(report.SENSITIVE, None)  # a process cannot hide its result; only no_log can
    end = module.fail_json if failed else module.exit_json
    end(invocation=invocation(module.params), **result)
