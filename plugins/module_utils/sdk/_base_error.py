# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root of all errors of this SDK."""

from __future__ import annotations

from typing import Any, ClassVar

from ._text import js_text


class BalenaError(Exception):
    """The root of all errors of this SDK.

    Args:
        message: what went wrong, in words.

    Attributes:
        message: the same text as ``str(error)``.
        code: the name of the class, stable across versions.
        exit_code: what a command line tool should exit with.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: Any = "") -> None:
        self.message = js_text(message) if not isinstance(message, BaseException) else str(message)
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """The class name, for example ``BalenaDeviceNotFound``."""
        return type(self).__name__
