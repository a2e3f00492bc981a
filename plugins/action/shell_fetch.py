# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what the module shell_fetch says, in the shell of the host."""

from __future__ import annotations

from typing import Any

from ..modules import shell_fetch
from ..plugin_utils.shell.acting import Params, ShellAction
from ..plugin_utils.shell.fetching import destination, fetch
from ..plugin_utils.shell.shell import Shell


class ActionModule(ShellAction):
    """shell_fetch."""

    module = shell_fetch

    def work(self, shell: Shell, params: Params, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Bring the file here."""
        host = str(task_vars.get("inventory_hostname", "host"))
        dest = destination(params, host, self._loader.get_basedir())
        return fetch(shell, params, dest, check_mode=self._task.check_mode)
