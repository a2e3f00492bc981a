# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a volume of a device here, or make one of an archive."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

from ...module_utils.engine.near import near
from ..reach import transfers
from ..shell.shell import ShellFailure
from . import scripts
from .local import Counted, check_archive, checksum_of

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*\Z")


class Volume:
    """A named volume of a device.

    :param connection: to the device, or to a container of it.
    :param name: as in the Compose file, or as the engine calls it.
    :param show: gets a line of progress.
    :raises ShellFailure: there is no such volume, or there are several.
    """

    def __init__(self, connection: Any, name: str, show: Callable[[str], None]) -> None:
        self._connection, self._show = connection, show
        self._mark = f"--{secrets.token_hex(8)}"
        self.said: list[tuple[str, str]] = []
        self.name = self._find(name)
        self.users = self._run(scripts.filled(scripts.USERS, self._mark, self.name)).split()

    def _find(self, name: str) -> str:
        if not _NAME.match(name):
            raise ShellFailure(f"volume: '{name}' cannot be the name of a volume")
        known = self._run(scripts.filled(scripts.LIST, self._mark)).split()
        if name in known:
            return name
        found = [one for one in known if re.fullmatch(rf"\d+_{re.escape(name)}", one)]
        if len(found) == 1:
            return found[0]
        if found:
            raise ShellFailure(f"volume: '{name}' is the name of several: {', '.join(found)}. Say which one, like that")
        short = [one.partition("_")[2] or one for one in known]
        listed = ", ".join(sorted(set(short))) or "none"
        raise ShellFailure(f"volume: the device has no volume '{name}'. It has {listed}{near(name, short)}")

    def is_like(self, checksum: str) -> bool:
        """Whether it holds what an archive with this checksum does."""
        self._run(scripts.pack(self._mark, self.name, [], only_sum=True))
        return self._is(checksum, self._told("sum"))

    def _is(self, checksum: str, now: str) -> bool:
        return now == checksum or self._told("restored").split() == [checksum, now]

    def archive(self, path: Path, *, stop: bool) -> bool:
        """Write an archive; whether it is another than what was there. The file is whole, or as it was.

        :param stop: whether the containers that use the volume are stopped meanwhile.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with transfers.beside(str(path)) as (file, temporary):
            counted = Counted(file, self._progress)
            script = scripts.pack(self._mark, self.name, self.users if stop else [])
            self._run(script, sink=cast("IO[bytes]", counted))
            file.flush()
            made = checksum_of(Path(temporary))
            if made != self._told("sum"):
                raise ShellFailure("what arrived is not what the device sent. Try again", **self.account())
            if path.exists() and self._is(checksum_of(path), made):
                return False
            os.replace(temporary, path)
        return True

    def restore(self, path: Path, checksum: str, *, stop: bool) -> None:
        """Make the volume of an archive: all of it, or it stays as it is."""
        script = scripts.unpack(self._mark, self.name, self.users if stop else [], checksum, secrets.token_hex(4))
        with path.open("rb") as file:
            self._run(script, source=cast("IO[bytes]", Counted(file, self._progress)))

    def account(self) -> dict[str, list[str]]:
        """Which containers were stopped, and which were started again."""
        return {kind: [name for word, name in self.said if word == kind] for kind in ("stopped", "started")}

    def _progress(self, count: int) -> None:
        self._show(f"volume {self.name}: {count / 1_000_000:.1f} MB so far")

    def _told(self, kind: str) -> str:
        return next((text for word, text in reversed(self.said) if word == kind), "")

    def _run(self, script: str, *, source: IO[bytes] | None = None, sink: IO[bytes] | None = None) -> str:
        done = self._connection.run_on_host(script, source, sink)
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        ours = [line.removeprefix(f"{self._mark} ") for line in lines if line.startswith(self._mark)]
        told = [(word, text) for word, _blank, text in (line.partition(" ") for line in ours)]
        self.said += told
        left = [text for word, text in told if word == "unstarted"]
        wrong = [text for word, text in told if word == "problem"]
        if done.rc or wrong or left:
            others = [line for line in lines if line and not line.startswith(self._mark)]
            why = "; ".join(wrong or others[-3:]) or f"exit status {done.rc}"
            if left:
                why = (
                    f"{why}. Not started again: {', '.join(left)}"
                    if done.rc
                    else f"not started again: {', '.join(left)}"
                )
            raise ShellFailure(f"the device says: {why}", **self.account())
        return str(done.stdout.decode("utf-8", "replace"))


def look_at(path: Path) -> str:
    """The checksum of an archive that is fit to be restored.

    :raises ShellFailure: it is not.
    """
    check_archive(path)
    return checksum_of(path)
