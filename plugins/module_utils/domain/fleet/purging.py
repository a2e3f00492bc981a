# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a purge may remove: what is not declared beside something that is, never all since nothing was said."""

from __future__ import annotations

from collections.abc import Iterable

from ...engine.plan import Change, DeclarationError
from ...engine.wording import counted
from .document import Document

#: Resource -> the section that has to be in a document for its rows to be purged.
_OF_FLEET = {
    "device": "devices",
    "application_tag": "tags",
    "application_environment_variable": "variables",
    "application_config_variable": "variables",
    "build_environment_variable": "variables",
    "service_environment_variable": "services",
    "api_key": "provisioning_keys",
    "user_application_membership": "access",
    "invitee__is_invited_to__application": "access",
}
#: The same of what belongs to devices; there it is enough that the document says something of the kind of any device.
_OF_DEVICES = {
    "device_tag": "tags",
    "device_environment_variable": "variables",
    "device_config_variable": "variables",
    "device_service_environment_variable": "services",
}
_EMPTY = {"devices": "[]", "provisioning_keys": "[]"}


def refuse_to_purge_what_is_absent(document: Document, purge: Iterable[str], changes: Iterable[Change]) -> None:
    """Refuse to remove all there is of a section that the document does not have.

    :raises DeclarationError: names the sections, and says how to remove all.
    """
    said = _said(document)
    found: dict[str, int] = {}
    for change in changes:
        section = _OF_FLEET.get(change.resource) or _OF_DEVICES.get(change.resource)
        if change.action != "delete" or section is None or section not in purge or section in document.sections:
            continue
        if change.resource in _OF_FLEET or section not in said:
            found[section] = found.get(section, 0) + 1
    if found:
        how = "; ".join(
            f"it has no section {name}, to which {counted(number, 'thing')} would be lost (say "
            f"{name}: {_EMPTY.get(name, '{}')} if that is meant)"
            for name, number in found.items()
        )
        raise DeclarationError(f"purge: the document says nothing that could be purged against: {how}")


def _said(document: Document) -> set[str]:
    """The sections of which the document says something for some devices."""
    found = set()
    for layer in document.layers:
        if layer.tags:
            found.add("tags")
        if layer.env or layer.config:
            found.add("variables")
        if layer.services:
            found.add("services")
    return found
