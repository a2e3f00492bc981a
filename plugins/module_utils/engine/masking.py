# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that takes secrets out of what leaves a task: messages, what failed, warnings, progress."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..sdk.masking import mask
from .plan import Step
from .report import SHORTEST, secrets_of

#: What of a result is text that others wrote; the rest is what a playbook asked for.
_TOLD = ("msg", "failed_items", "warnings")
#: Options that hold nothing but a secret, in whatever module they are.
_SECRET = ("api_token", "wifi_key", "device_api_key")


class Masker:
    """Knows the secrets of one task, and takes them out of what it says.

    :param params: the task's options: its token, the values of one that says they are secret, and its C(secrets).
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._secrets: set[str] = set()
        self.learn(*(params.get(name) for name in _SECRET))
        secrets = params.get("secrets")
        self.learn(*(secrets.values() if isinstance(secrets, Mapping) else ()))
        if params.get("secret"):
            variables = params.get("variables")
            self.learn(params.get("value"), *(variables.values() if isinstance(variables, Mapping) else ()))

    def learn(self, *values: Any) -> None:
        """Remember more secrets."""
        for value in values:
            if isinstance(value, (Mapping, list)):
                self.learn(*(value.values() if isinstance(value, Mapping) else value))
            elif isinstance(value, (str, int, float)) and not isinstance(value, bool) and len(str(value)) >= SHORTEST:
                self._secrets.add(str(value))

    def learn_changes(self, changes: Iterable[Step]) -> None:
        """Remember the values of changes that are marked secret."""
        self._secrets |= secrets_of(changes)

    def text(self, text: str) -> str:
        """A text without the secrets."""
        return mask(text, self._secrets)

    def result(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """A result without the secrets in what it tells."""
        return {name: self._inside(value) if name in _TOLD else value for name, value in result.items()}

    def _inside(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._inside(name): self._inside(item) for name, item in value.items()}
        return [self._inside(item) for item in value] if isinstance(value, (list, tuple)) else value
