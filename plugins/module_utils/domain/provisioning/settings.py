# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices should be besides registered: name, note, tags and variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine.named import Comparison
from ...engine.plan import Change, NamedId, NewId, Row, compare
from ..devices.fields import DEVICE
from ..devices.subjects import Subject
from ..query import Record
from ..tags.compare import Tagged, compare_tags
from ..variables.compare import RESOURCES, Parent, add_variables, as_text, check_name, check_value


def home(application: Record) -> NamedId:
    """The application of new devices, as a diff shows it."""
    return NamedId(application["id"], application["slug"])


def changes(subjects: Sequence[Subject]) -> list[Change]:
    """What makes the devices as they should be; equal changes go together, others take a request each.

    :raises DeclarationError: a name, tag or variable that cannot be.
    """
    tagged = [
        Tagged(subject.id, subject.key, subject.wanted["tags"], (subject.found or {}).get("device_tag", ()))
        for subject in subjects
        if subject.wanted.get("tags")
    ]
    return [*_of_devices(subjects), *compare_tags("device", tagged), *_of_variables(subjects)]


def _of_devices(subjects: Sequence[Subject]) -> list[Change]:
    found: list[Change] = []
    for subject in subjects:
        fields = DEVICE.wanted(subject.wanted)
        if subject.found:
            actual = Row(subject.key, DEVICE.actual(subject.found, subject.wanted), {}, subject.found["id"])
            found += compare("device", [Row(subject.key, fields)], [actual])
            continue
        usual = DEVICE.usual()
        fields = {column: value for column, value in fields.items() if value != usual[column]}
        if fields:
            new = NewId("device", subject.key)
            found.append(Change("update", "device", subject.key, None, fields, new=new))
    return found


def _of_variables(subjects: Sequence[Subject]) -> list[Change]:
    """Variables; their values may be secret, so that nothing shows them."""
    found = Comparison(*RESOURCES["device", "env"])
    for subject in subjects:
        values: dict[str, Any] = {
            str(name): as_text(value) for name, value in (subject.wanted.get("env") or {}).items()
        }
        for name, value in values.items():
            check_name(name, "env")
            check_value(name, value)
        rows = (subject.found or {}).get("device_environment_variable", ())
        add_variables(found, Parent(subject.id, subject.key), values, rows if values else ())
    return found.changes(secret=True)
