# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a diff shows of the contents of files: text that is not too long, and nothing of what is secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible import constants

from .attributes import State

_HIDDEN = " [[ Diff output has been hidden because 'no_log: true' was specified for this result ]]\n"


class Texts:
    """Shows contents as ansible-core's own modules do.

    :param secret: whether the task says that nothing of it is to be shown.
    """

    def __init__(self, *, secret: bool) -> None:
        self._secret = secret
        limit = int(constants.MAX_FILE_SIZE_FOR_DIFF)
        #: The most bytes of a file that are shown, and so the most that need to be read.
        self.most = 0 if secret else limit if limit > 0 else 1 << 31

    def diff(
        self,
        path: str,
        state: State,
        content: bytes,
        data: bytes,
        same: bool,
        changes: Mapping[str, tuple[str, str]],
    ) -> list[dict[str, Any]]:
        """The diffs of a file: of its content, and of its attributes.

        :param content: that of the file as it is, unless it is too long.
        :param data: the content that it gets.
        :param same: whether the content stays.
        """
        found: list[dict[str, Any]] = []
        if not same:
            headers = {"before_header": path, "after_header": path}
            if self._secret:
                shown: dict[str, Any] = {"before": "", "after": _HIDDEN}
            else:
                before = {"before": ""} if not state.exists else self._content("before", "dst", content, state.size)
                shown = {**before, **self._content("after", "src", data, len(data))}
            found.append({**headers, **shown})
        if changes:
            before = {name: was for name, (was, _becomes) in changes.items()}
            after = {name: becomes for name, (_was, becomes) in changes.items()}
            found.append({"before": {"path": path, **before}, "after": {"path": path, **after}})
        return found

    def _content(self, side: str, name: str, data: bytes, size: int) -> dict[str, Any]:
        if size > self.most:
            return {f"{name}_larger": self.most}
        if b"\0" in data:
            return {f"{name}_binary": 1}
        return {side: data.decode("utf-8", "replace")}
