# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module balena_release inside the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError

from ..modules import balena_release
from ..plugin_utils.action import BalenaAction


class ActionModule(BalenaAction):
    """balena_release, in process."""

    module = balena_release

    def _run_validated(self, args: dict[str, Any]) -> dict[str, Any]:
        if isinstance(args.get("assets"), Mapping):
            args = {**args, "assets": {key: self._found(path) for key, path in args["assets"].items()}}
        return super()._run_validated(args)

    def _found(self, path: Any) -> Any:
        """The file that a relative path means, as ansible.builtin.copy finds it; what is not found stays as it is."""
        if not isinstance(path, str) or path.startswith(("/", "~")) or not path:
            return path
        try:
            return self._find_needle("files", path)
        except AnsibleError:
            return path
