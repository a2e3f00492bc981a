# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that are steps through waves, and keep the record of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from ansible.utils.display import Display

from ..module_utils.domain.host_os import record
from ..module_utils.engine.kinds import has, printable
from .action import BalenaAction

display = Display()

_NO_RECORD = "record: this is not what an earlier step returned as record"
_NO_WAVES = (
    "planned: these are not the waves that balena_rollout_info returns; each has number, name, devices and total"
)
_OF_WAVES = {"number": int, "name": str, "devices": list, "total": int}


class RecordingAction(BalenaAction):
    """The base of the actions that have the options C(record) and C(planned); a subclass names its book.

    The book has C(KINDS), C(is_over) and C(add).
    """

    book: ModuleType
    _recording = False
    _shown: set[str]
    _prefix = ""

    def _perform(self, params: Mapping[str, Any], info: bool) -> dict[str, Any]:
        """The step; with a record, it is shown in lines and added to that, or skipped because of it."""
        kept = params["record"]
        if kept is None:
            return super()._perform(params, info)
        wrong = self._wrong(params)
        if wrong:
            return {"failed": True, "changed": False, "msg": wrong}
        if self.book.is_over(kept, params):
            return {"changed": False, "skipped": True, "record": kept}
        self._recording, self._shown = True, set()
        result = super()._perform(params, info)
        for line in self._told(params, result):
            if line not in self._shown:
                self._show(line)
        return {**result, "record": self.book.add(kept, params, result, check_mode=self._task.check_mode)}

    def _wrong(self, params: Mapping[str, Any]) -> str:
        """What is wrong with what the record is kept with; empty if nothing is."""
        if not has(params["record"], self.book.KINDS):
            return _NO_RECORD
        return "" if all(has(wave, _OF_WAVES) for wave in params["planned"]) else _NO_WAVES

    def _told(self, params: Mapping[str, Any], result: Mapping[str, Any]) -> Iterable[str]:
        """What came of the step, in lines."""
        raise NotImplementedError

    def _show(self, line: str) -> None:
        """Show a line, with a record without the name of the task, since it names the wave."""
        if not self._recording:
            super()._show(line)
        else:
            display.display(printable(self._prefix + line))
            self._shown.add(line)


class UpdatingAction(RecordingAction):
    """The base of the actions that update balenaOS or the supervisor; a subclass says what."""

    book = record
    what = ""

    def _wrong(self, params: Mapping[str, Any]) -> str:
        names = {wave.get("number"): wave.get("name") for wave in params["planned"]}
        if params["wave"] is not None:
            if params["wave"] not in names:
                return f"wave {params['wave']} is not among those that are planned"
            self._prefix = f"Wave {params['wave']} ({names[params['wave']]}) "
        return super()._wrong(params)

    def _told(self, params: Mapping[str, Any], result: Mapping[str, Any]) -> Iterable[str]:
        return record.lines(params["record"], params, self.what, result)
