# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that the SDK raises::

    BalenaError
        BalenaUsageError                                        the call is wrong; nothing was sent
            BalenaInvalidParameterError, BalenaUnsafeWriteError
        BalenaReadOnlyError                                     a write on a read-only connection; nothing was sent
        BalenaConnectionError                                   no answer
            BalenaTimeoutError, BalenaUnknownOutcomeError
        BalenaRequestError                                      the server refused
        BalenaInvalidResponseError, BalenaMissingRelation       an answer that no balena API gives, or lacks something
        BalenaNotFoundError                                     there is no such thing
            BalenaApplicationNotFound, BalenaApplicationMembershipRoleNotFound, BalenaDeviceNotFound,
            BalenaImageNotFound, BalenaKeyNotFound, BalenaOrganizationNotFound,
            BalenaOrganizationMembershipRoleNotFound, BalenaReleaseNotFound, BalenaReleaseAssetNotFound,
            BalenaServiceNotFound, BalenaTeamNotFound, BalenaTeamApplicationAccessNotFound
        ReleaseAssetAlreadyExists, OSImageNotFound              the reference gives these names no prefix
        BalenaAmbiguousError                                    several things have this name
            BalenaAmbiguousApplication, BalenaAmbiguousDevice, BalenaAmbiguousRelease
        BalenaInvalidDeviceType                                 one that does not exist or does not fit
            BalenaDiscontinuedDeviceType
        BalenaNotLoggedIn, BalenaInvalidLoginCredentials        who is asking?
        BalenaExpiredToken, BalenaMalformedToken, BalenaTooManyRequests
        BalenaSupervisorLockedError, HUPActionError             a device that cannot do it now, or at all
        BalenaSettingsPermissionError, BalenaDependencyError    something is missing on this machine

Names, messages and subjects (``error.device`` …) are the reference's. No error carries a token: it is ``None`` here.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from ._base_error import BalenaError
from ._subject_errors import (
    BalenaAmbiguousApplication,
    BalenaAmbiguousDevice,
    BalenaAmbiguousError,
    BalenaAmbiguousRelease,
    BalenaApplicationMembershipRoleNotFound,
    BalenaApplicationNotFound,
    BalenaDeviceNotFound,
    BalenaDiscontinuedDeviceType,
    BalenaImageNotFound,
    BalenaInvalidDeviceType,
    BalenaKeyNotFound,
    BalenaNotFoundError,
    BalenaOrganizationMembershipRoleNotFound,
    BalenaOrganizationNotFound,
    BalenaReleaseAssetNotFound,
    BalenaReleaseNotFound,
    BalenaServiceNotFound,
    BalenaTeamApplicationAccessNotFound,
    BalenaTeamNotFound,
)
from ._text import js_text, type_name

__all__ = [
    "BalenaAmbiguousApplication",
    "BalenaAmbiguousDevice",
    "BalenaAmbiguousError",
    "BalenaAmbiguousRelease",
    "BalenaApplicationMembershipRoleNotFound",
    "BalenaApplicationNotFound",
    "BalenaConnectionError",
    "BalenaDependencyError",
    "BalenaDeviceNotFound",
    "BalenaDiscontinuedDeviceType",
    "BalenaError",
    "BalenaExpiredToken",
    "BalenaImageNotFound",
    "BalenaInvalidDeviceType",
    "BalenaInvalidLoginCredentials",
    "BalenaInvalidParameterError",
    "BalenaInvalidResponseError",
    "BalenaKeyNotFound",
    "BalenaMalformedToken",
    "BalenaMissingRelation",
    "BalenaNotFoundError",
    "BalenaNotLoggedIn",
    "BalenaOrganizationMembershipRoleNotFound",
    "BalenaOrganizationNotFound",
    "BalenaReadOnlyError",
    "BalenaReleaseAssetNotFound",
    "BalenaReleaseNotFound",
    "BalenaRequestError",
    "BalenaServiceNotFound",
    "BalenaSettingsPermissionError",
    "BalenaSupervisorLockedError",
    "BalenaTeamApplicationAccessNotFound",
    "BalenaTeamNotFound",
    "BalenaTimeoutError",
    "BalenaTooManyRequests",
    "BalenaUnknownOutcomeError",
    "BalenaUnsafeWriteError",
    "BalenaUsageError",
    "HUPActionError",
    "OSImageNotFound",
    "ReleaseAssetAlreadyExists",
]


class BalenaUsageError(BalenaError):
    """The call itself is wrong (an unknown option, a value of the wrong type); nothing was sent."""


class BalenaInvalidParameterError(BalenaUsageError):
    """An argument has a value that cannot be meant; nothing was sent.

    Args:
        parameter_name: the name of the parameter.
        supplied_value: what was given; left out where it may be a secret.
        expected: what the parameter takes, in words.
        given: a value of a wrong type, of which only the type is told.
    """

    def __init__(
        self, parameter_name: str, supplied_value: Any = None, *, expected: str | None = None, given: Any = None
    ) -> None:
        self.parameter_name = parameter_name
        self.supplied_value = supplied_value
        self.expected = expected
        shown = js_text(supplied_value) if expected is None else type_name(given)
        takes = f", which takes {expected}" if expected else ""
        super().__init__(f"Invalid parameter: {shown} is not a valid value for parameter '{parameter_name}'{takes}")


class BalenaUnsafeWriteError(BalenaUsageError):
    """A PATCH, PUT or DELETE names neither a key nor a filter: the server would apply it to every row."""


class BalenaReadOnlyError(BalenaError):
    """A write was about to leave a :class:`Balena` that was opened read-only; nothing was sent."""


class BalenaConnectionError(BalenaError):
    """The server could not be reached, or the connection broke; the message says where and why."""


class BalenaTimeoutError(BalenaConnectionError):
    """The server did not connect or answer in time."""


class BalenaUnknownOutcomeError(BalenaConnectionError):
    """A POST was sent, its answer was lost, and so the server may or may not have carried it out."""


class BalenaRequestError(BalenaError):
    """The server answered with a status that means failure.

    Args:
        body: the server's explanation: its error text, or the whole answer when it has another form.
        status_code: the HTTP status.
        request_options: ``method`` and ``url`` of the request (no headers, no body, no token).
        response_headers: the headers of the answer.
    """

    def __init__(
        self,
        body: Any,
        status_code: int,
        request_options: dict[str, Any] | None = None,
        response_headers: dict[str, str] | None = None,
    ) -> None:
        self.body = body
        self.status_code = status_code
        self.request_options = request_options or {}
        self.response_headers = response_headers or {}
        super().__init__(f"Request error: {json.dumps(body) if isinstance(body, dict) else js_text(body)}")


class BalenaInvalidResponseError(BalenaError):
    """The server's answer cannot be understood, for example JSON that is cut off."""


class BalenaMissingRelation(BalenaError):
    """A row lacks the row that it should belong to: there is none, or the token may not see it."""


class _FixedMessage(BalenaError):
    """An error whose message never changes; a token that it is about is not kept."""

    words: ClassVar[str]
    token = None

    def __init_subclass__(cls, words: str) -> None:
        cls.words = words

    def __init__(self) -> None:
        super().__init__(self.words)


class BalenaNotLoggedIn(_FixedMessage, words="You have to log in"):
    """There is no token, and the request needs one."""


class BalenaExpiredToken(_FixedMessage, words="The token expired"):
    """The session token expired: log in again."""


class BalenaMalformedToken(_FixedMessage, words="Malformed token"):
    """The token is missing or is not a session token, where one is needed."""


class BalenaInvalidLoginCredentials(_FixedMessage, words="Invalid login credentials"):
    """Wrong user name or password."""


class BalenaTooManyRequests(BalenaError):
    """Too many log-in attempts; ``next_valid_request_date`` is when to try again, if the server said so."""

    def __init__(self, next_valid_request_date: Any = None) -> None:
        self.next_valid_request_date = next_valid_request_date
        when = "later" if next_valid_request_date is None else js_text(next_valid_request_date)
        super().__init__(f"Too Many Requests. Try again {when}")


class BalenaSupervisorLockedError(_FixedMessage, words="Supervisor locked"):
    """The device's application holds the update lock."""


class HUPActionError(BalenaError):
    """An OS update is not possible between the two versions, or on this device type."""


class _CodeOfTheRoot(BalenaError):
    """An error whose ``code`` is the root's, as in the reference."""

    @property
    def code(self) -> str:
        return "BalenaError"


class ReleaseAssetAlreadyExists(_CodeOfTheRoot):
    """A release has an asset with this key already, and it was not to be overwritten.

    Args:
        release: the release's id.
        asset_key: the asset's key.
    """

    def __init__(self, release: Any = None, asset_key: Any = None) -> None:
        super().__init__(f"Release asset combination of {js_text(release)} and {js_text(asset_key)} already exists")


class OSImageNotFound(_CodeOfTheRoot):
    """There is no image of balenaOS like this.

    Args:
        device_type: the device type as it was given.
        version: the version.
        image_type: ``raw`` or ``flasher``, if one was asked for.
    """

    def __init__(self, device_type: Any = None, version: Any = None, image_type: Any = None) -> None:
        wanted = [f"device type {js_text(device_type)}", f"version {js_text(version)}"]
        if image_type:
            wanted.append(f"image type {js_text(image_type)}")
        separator = ", and " if image_type else " and "
        super().__init__(f"No image found for {', '.join(wanted[:-1])}{separator}{wanted[-1]}")


class BalenaSettingsPermissionError(BalenaError):
    """The data directory or a settings file cannot be read or written."""


class BalenaDependencyError(BalenaError):
    """A Python package that this call needs is not installed; the message names it."""
