# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what the module balena_volume_archive says, over the connection to the device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.utils.display import Display

from ..module_utils.engine.kinds import printable
from ..modules import balena_volume_archive
from ..plugin_utils.shell.acting import Params, ShellAction
from ..plugin_utils.shell.shell import Shell, ShellFailure
from ..plugin_utils.volumes.local import checksum_of
from ..plugin_utils.volumes.moving import Volume, look_at

display = Display()


class ActionModule(ShellAction):
    """balena_volume_archive."""

    module = balena_volume_archive

    def work(self, shell: Shell, params: Params, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Bring the volume here, or the archive there."""
        if not hasattr(self._connection, "run_on_host"):
            raise ShellFailure(
                f"the host's connection is '{self._connection.transport}'; this needs the host OS of a device, so set"
                " ansible_connection to community.balena.host or community.balena.container"
            )
        path = Path(self._loader.get_basedir(), params["path"]).expanduser()
        if params["path"] == "" or path.is_dir():
            raise ShellFailure(f"path: '{params['path']}' is a folder. Say which file is meant")
        checksum = look_at(path) if params["state"] == "restored" else ""
        host = str(task_vars.get("inventory_hostname", ""))
        volume = Volume(self._connection, params["volume"], lambda line: display.display(printable(f"{host}: {line}")))
        done = self._restore(volume, path, checksum, params) if checksum else self._archive(volume, path, params)
        return {"volume": volume.name, "path": str(path), **done, **volume.account()}

    def _archive(self, volume: Volume, path: Path, params: Params) -> dict[str, Any]:
        if self._task.check_mode:
            return {"changed": not (path.exists() and volume.is_like(checksum_of(path)))}
        changed = volume.archive(path, stop=params["stop_service"])
        return {"changed": changed, "checksum": checksum_of(path), "size": path.stat().st_size}

    def _restore(self, volume: Volume, path: Path, checksum: str, params: Params) -> dict[str, Any]:
        known = {"checksum": checksum, "size": path.stat().st_size}
        if volume.is_like(checksum):
            return {"changed": False, **known}
        if volume.users and not params["stop_service"]:
            raise ShellFailure(
                f"volume: '{volume.name}' is in use by {', '.join(volume.users)}. stop_service=true stops what uses it,"
                " and starts it again afterwards"
            )
        if not self._task.check_mode:
            volume.restore(path, checksum, stop=params["stop_service"])
        return {"changed": True, **known}
