# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task does with a fleet document: which of its sections, and how far it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from ...engine.named import KEPT
from ...engine.plan import DeclarationError
from ..variables.compare import as_text, check_value
from .document import SECTIONS, Document, Secret, Values


class Extent(TypedDict):
    """How far a document is carried out."""

    sections: list[str] | None
    purge: list[str]
    secrets: dict[str, Any] | None
    create: bool
    allow_pending: bool
    allow_invalidated: bool


@dataclass(frozen=True)
class Scope:
    """What is converged, what is removed, and which secrets are known.

    :param purge: the sections whose undeclared things are removed.
    :param secrets: the values of secrets by name.
    """

    document: Document
    sections: frozenset[str]
    purge: frozenset[str]
    secrets: Mapping[str, str]
    allow_pending: bool
    allow_invalidated: bool
    create: bool = True

    @classmethod
    def of(cls, document: Document, want: Extent) -> Scope:
        """What the options of the module balena_fleet say.

        :raises DeclarationError: they contradict each other or the document.
        """
        sections = frozenset(SECTIONS if want["sections"] is None else want["sections"])
        purge = frozenset(want["purge"])
        if purge - sections:
            raise DeclarationError(f"purge: {', '.join(sorted(purge - sections))} is not among the sections")
        secrets = {str(name): as_text(value) for name, value in (want["secrets"] or {}).items()}
        for name, value in secrets.items():
            check_value(name, value)
        given = {name: value for name, value in secrets.items() if value is not None}
        allowed = (want["allow_pending"], want["allow_invalidated"], want["create"])
        return cls(document, sections, purge, given, *allowed)

    def revealed(self, values: Values) -> dict[str, Any]:
        """Values of variables with the secrets that are known; L(KEPT) stands for the others."""
        return {
            name: self.secrets.get(value.name, KEPT) if isinstance(value, Secret) else value
            for name, value in values.items()
        }
