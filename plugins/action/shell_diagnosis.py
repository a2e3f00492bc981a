# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what the module shell_diagnosis says: a script measures the host, and what it prints is judged here."""

from __future__ import annotations

import time
from pathlib import Path
from shlex import quote
from typing import Any

from ..module_utils.domain.diagnosis import checks, host, judging
from ..module_utils.engine.plan import DeclarationError
from ..modules import shell_diagnosis
from ..plugin_utils import shell as shell_utils
from ..plugin_utils.shell.acting import Params, ShellAction
from ..plugin_utils.shell.shell import Shell, ShellFailure

_SCRIPT = Path(shell_utils.__file__).with_name("diagnosis.sh")


class ActionModule(ShellAction):
    """shell_diagnosis."""

    module = shell_diagnosis
    untrusted = True

    def work(self, shell: Shell, params: Params, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Measure the host, and judge it; nothing is changed."""
        try:
            wanted = checks.declared({"checks": params["checks"], "thresholds": params["thresholds"]}, checks.HOST)
        except DeclarationError as error:
            raise ShellFailure(str(error)) from error
        script = _SCRIPT.read_text(encoding="utf-8")
        before = time.time()
        answer = shell.run(f"DIAGNOSE_API={quote(params['ping_url'] or '')}\n{script}")
        text = answer.output.decode("ascii", "replace")
        found = judging.diagnose(wanted, host.measures(text, before, time.time()))
        return {
            "changed": False,
            "uuid": task_vars.get("balena_uuid"),
            "name": task_vars.get("balena_device_name") or task_vars.get("inventory_hostname"),
            "source": checks.HOST,
            **found,
        }
