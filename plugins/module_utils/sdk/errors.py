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
            BalenaOrganizationMembershipRoleNotFound, BalenaReleaseNotFound, BalenaServiceNotFound
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

from ._text import js_text, type_name


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


class BalenaServiceNotFound(BalenaNotFoundError, subject="service"):
    """No such service; ``service`` is what was asked for."""

    service: Any


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


class BalenaSettingsPermissionError(BalenaError):
    """The data directory or a settings file cannot be read or written."""


class BalenaDependencyError(BalenaError):
    """A Python package that this call needs is not installed; the message names it."""
