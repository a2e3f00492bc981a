# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ProxyCommand has to say, in a file: with ControlPersist, ssh throws away its standard error."""

from __future__ import annotations

import json
import os
import tempfile


class Report:
    """A file for it, while the command runs; entering gives its path."""

    def __enter__(self) -> str:
        descriptor, self._path = tempfile.mkstemp(prefix="balena-tunnel-")
        os.close(descriptor)
        return self._path

    def __exit__(self, *_error: object) -> None:
        os.unlink(self._path)


def read_report(path: str) -> tuple[str, str] | None:
    """The tunnel's status and the message, if opening it failed."""
    try:
        with open(path, encoding="utf-8") as file:
            told = json.load(file)
        return str(told["status"]), str(told["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
