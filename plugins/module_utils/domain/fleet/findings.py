# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One difference between a fleet and its document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...engine.visible import visible_in
from ...engine.wording import called
from ..query import Record

#: What is shown of a value that is or may be secret.
HIDDEN = "(secret)"

#: The kinds of findings, the most telling first.
KINDS = (
    "missing_fleet",
    "release",
    "pin",
    "running",
    "variable",
    "override",
    "tag",
    "setting",
    "service",
    "missing_device",
    "undeclared_device",
    "supervisor",
    "os",
    "silent",
    "provisioning_key",
    "collaborator",
)
_ORDER = {kind: number for number, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class Finding:
    """One difference.

    :param kind: one of L(KINDS).
    :param subject: the fleet's slug or the device's name.
    :param text: what is different, to be read after the subject.
    :param uuid: the device's.
    :param name: which of the subject's variables, tags, settings …
    :param declared: what the document says.
    :param actual: what the API has.
    :param running: what the device itself has told.
    :param planned: whether the plan changes it.
    :param mended: whether that was done.
    """

    kind: str
    subject: str
    text: str
    uuid: str | None = None
    name: str | None = None
    declared: Any = None
    actual: Any = None
    running: Any = None
    planned: bool = False
    mended: bool = False

    @classmethod
    def of(cls, device: Record, kind: str, text: str, **more: Any) -> Finding:
        """A finding about a device."""
        return cls(kind, device["device_name"], text, uuid=device["uuid"], **more)

    @property
    def sentence(self) -> str:
        """What is different of what."""
        return f"{called(self.uuid, self.subject) if self.uuid else self.subject} {self.text}"

    @property
    def order(self) -> tuple[Any, ...]:
        """Sorts findings: by kind, then the fleet before its devices."""
        return (_ORDER[self.kind], self.uuid is not None, self.subject, self.uuid or "", self.name or "")

    def shown(self) -> dict[str, Any]:
        """A finding as tasks return it: C(uuid), C(name) and C(running) only where they say something."""
        found: dict[str, Any] = {"kind": self.kind, "subject": self.subject}
        found.update({name: value for name in ("uuid", "name") if (value := getattr(self, name)) is not None})
        found.update(declared=self.declared, actual=self.actual)
        if self.running is not None:
            found["running"] = self.running
        found.update(planned=self.planned, mended=self.mended, text=self.sentence)
        shown: dict[str, Any] = visible_in(found)
        return shown
