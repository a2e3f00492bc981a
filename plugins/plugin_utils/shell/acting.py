# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of actions that need nothing but a POSIX shell on the host."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

from ...module_utils.inert import inert_result
from ..plain import plain
from ..reach.loading import load_connections
from .quoting import exports
from .shell import Shell, ShellFailure

Params = Mapping[str, Any]

# Ansible imports actions before it forks. Hosts without Python are mostly reached by these plugins.
load_connections()


class ShellAction(ActionBase):
    """Validates the options of its module and does its work; a subclass names the module and says what the work is."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = True  # so that run() can refuse it with a sentence of its own

    module: ModuleType
    #: Options that the result does not repeat.
    hidden: tuple[str, ...] = ()
    #: Whether what the result holds is an account of the host, whose text must never be taken for a template.
    untrusted = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Validate the options and do the work; the result says all that is wrong with them."""
        result = super().run(tmp, task_vars)
        if self._task.async_val:
            return {**result, "failed": True, "changed": False, "msg": _NO_ASYNC.format(name=self._task.action)}
        checked, wrong = self.module.OPTIONS.validate(plain(self._task.args), self.module.__name__)
        params = checked.validated_parameters
        outcome = {"failed": True, "msg": wrong} if wrong else self._outcome(params, task_vars or {})
        shown = {**params, **{name: _HIDDEN for name in self.hidden if params.get(name) is not None}}
        outcome = {"changed": False, **outcome, "invocation": {"module_args": shown}}
        return {**result, **remove_values(outcome, checked._no_log_values)}

    def _outcome(self, params: Params, task_vars: dict[str, Any]) -> dict[str, Any]:
        try:
            found = self.work(Shell(self), params, task_vars)
        except ShellFailure as failure:
            return {**failure.result, "failed": True}
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return inert_result(found) if self.untrusted else found

    def work(self, shell: Shell, params: Params, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Do what the options say; in check mode, foresee it.

        :raises ShellFailure: it could not be done.
        """
        raise NotImplementedError

    def exported(self) -> str:
        """A command that sets what the task's C(environment:) says.

        :raises ShellFailure: a name that no shell has.
        """
        wanted: dict[str, Any] = {}
        self._compute_environment_string(wanted)
        try:
            return exports({name: str(value) for name, value in wanted.items()})
        except ValueError as error:
            raise ShellFailure(f"environment: '{error.args[0]}' cannot be the name of a variable") from None


_HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
_NO_ASYNC = (
    "{name} does not support async: it is a conversation of the controller with the host's shell. Leave async out, and"
    " start what takes long in the background, for example with nohup."
)
