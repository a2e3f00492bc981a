# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what the module shell_copy says, in the shell of the host."""

from __future__ import annotations

from typing import Any

from ..modules import shell_copy
from ..plugin_utils.shell.acting import Params, ShellAction
from ..plugin_utils.shell.copying import copy
from ..plugin_utils.shell.differing import Texts
from ..plugin_utils.shell.shell import Shell
from ..plugin_utils.shell.sources import content_of


class ActionModule(ShellAction):
    """shell_copy."""

    module = shell_copy
    hidden = ("content",)

    def work(self, shell: Shell, params: Params, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Bring the content there."""
        data, name, mode = content_of(self, params, task_vars)
        if params["mode"] == "preserve" and name:
            params = {**params, "mode": f"{mode:04o}"}
        texts = Texts(secret=bool(self._task.no_log)) if self._task.diff else None
        return copy(shell, params, data, name, texts=texts, check_mode=self._task.check_mode)
