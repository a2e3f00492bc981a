# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what the module shell_facts says, in the shell of the host."""

from __future__ import annotations

from typing import Any

from ..modules import shell_facts
from ..plugin_utils.shell.acting import Params, ShellAction
from ..plugin_utils.shell.facts import gather
from ..plugin_utils.shell.shell import Shell


class ActionModule(ShellAction):
    """shell_facts."""

    module = shell_facts
    untrusted = True

    def work(self, shell: Shell, params: Params, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Ask the host."""
        return {"ansible_facts": gather(shell, params["gather_subset"])}
