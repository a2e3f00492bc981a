# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors about one thing that does not exist, is not the only one of its name, or does not fit."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from ._base_error import BalenaError
from ._text import js_text


class _AboutSubject(BalenaError):
    """An error about one thing, kept in the attribute that ``subject`` names."""

    subject: ClassVar[str]
    words: ClassVar[str]

    def __init_subclass__(cls, subject: str = "", words: str = "") -> None:
        cls.subject = subject or getattr(cls, "subject", "")
        cls.words = words or f"{subject.replace('_', ' ').capitalize()} {cls.words}"

    def __init__(self, value: Any = None) -> None:
        setattr(self, self.subject, value)
        super().__init__(self.words.format(js_text(value)))


class BalenaNotFoundError(_AboutSubject, words="not found: {}"):
    """There is no such thing, or the token may not see it; the subclasses say what was looked for."""


class BalenaApplicationMembershipRoleNotFound(BalenaNotFoundError, subject="application_membership_role"):
    """No such role; ``application_membership_role`` is what was asked for."""

    application_membership_role: Any


class BalenaApplicationNotFound(BalenaNotFoundError, subject="application"):
    """No such application; ``application`` is what was asked for."""

    application: Any


class BalenaDeviceNotFound(BalenaNotFoundError, subject="device"):
    """No such device; ``device`` is what was asked for."""

    device: Any


class BalenaImageNotFound(BalenaNotFoundError, subject="image"):
    """No such image; ``image`` is what was asked for."""

    image: Any


class BalenaKeyNotFound(BalenaNotFoundError, subject="key"):
    """No such SSH key; ``key`` is what was asked for."""

    key: Any


class BalenaOrganizationMembershipRoleNotFound(BalenaNotFoundError, subject="organization_membership_role"):
    """No such role; ``organization_membership_role`` is what was asked for."""

    organization_membership_role: Any


class BalenaOrganizationNotFound(BalenaNotFoundError, subject="organization"):
    """No such organization; ``organization`` is what was asked for."""

    organization: Any


class BalenaReleaseNotFound(BalenaNotFoundError, subject="release"):
    """No such release; ``release`` is what was asked for."""

    release: Any


class BalenaReleaseAssetNotFound(BalenaNotFoundError, subject="release_asset", words="Release asset not found '{}.'"):
    """No such asset; ``release_asset`` is what was asked for."""

    release_asset: Any

    def __init__(self, value: Any = None) -> None:
        super().__init__(value)
        self.message = self.words.format(json.dumps(value, separators=(",", ":"), ensure_ascii=False))
        self.args = (self.message,)


class BalenaServiceNotFound(BalenaNotFoundError, subject="service"):
    """No such service; ``service`` is what was asked for."""

    service: Any


class BalenaTeamNotFound(BalenaNotFoundError, subject="team"):
    """No such team; ``team`` is what was asked for."""

    team: Any


class BalenaTeamApplicationAccessNotFound(
    BalenaNotFoundError, subject="team_application_access", words="Team application access not found: {}"
):
    """No such access of a team to an application; ``team_application_access`` is what was asked for."""

    team_application_access: Any


class BalenaAmbiguousError(_AboutSubject, words="is ambiguous: {}"):
    """Several things have this name; the subclasses say what was looked for."""


class BalenaAmbiguousApplication(BalenaAmbiguousError, subject="application"):
    """Several applications match; ``application`` is what was asked for."""

    application: Any


class BalenaAmbiguousDevice(BalenaAmbiguousError, subject="device"):
    """Several devices match a short uuid; ``device`` is what was asked for."""

    device: Any


class BalenaAmbiguousRelease(
    BalenaAmbiguousError,
    subject="release",
    words="Release is ambiguous: There are multiple releases matching the release hash '{}'",
):
    """Several releases have this commit; ``release`` is what was asked for."""

    release: Any


class BalenaInvalidDeviceType(_AboutSubject, subject="type", words="Invalid device type: {}"):
    """The device type does not exist or does not fit; ``type`` says which."""

    type: Any


class BalenaDiscontinuedDeviceType(BalenaInvalidDeviceType, words="Invalid device type: Discontinued device type: {}"):
    """The device type is no longer supported; ``type`` says which."""
