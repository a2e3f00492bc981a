# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that the SDK raises; all of them are a :class:`BalenaError`.

The first part mirrors the reference: same class name, ``code``, message and subject (``error.device``,
``error.application`` ...). The second part is our own: connections, guards and wrong calls.

No error carries a token: where the reference stores one, the attribute is ``None`` here.
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


class _AboutSubject(BalenaError):
    """An error about one thing, kept in the attribute that ``subject`` names."""

    subject: ClassVar[str]
    template: ClassVar[str]

    def __init__(self, value: Any = None) -> None:
        setattr(self, self.subject, value)
        super().__init__(self.template.format(js_text(value)))


class BalenaAmbiguousApplication(_AboutSubject):
    """More than one application matches; ``application`` is what was asked for."""

    subject, template = "application", "Application is ambiguous: {}"
    application: Any


class BalenaAmbiguousDevice(_AboutSubject):
    """More than one device matches a short uuid; ``device`` is what was asked for."""

    subject, template = "device", "Device is ambiguous: {}"
    device: Any


class BalenaAmbiguousRelease(_AboutSubject):
    """More than one release has this commit; ``release`` is what was asked for."""

    subject = "release"
    template = "Release is ambiguous: There are multiple releases matching the release hash '{}'"
    release: Any


class BalenaApplicationMembershipRoleNotFound(_AboutSubject):
    """No such role; ``application_membership_role`` is what was asked for."""

    subject, template = "application_membership_role", "Application membership role not found: {}"
    application_membership_role: Any


class BalenaApplicationNotFound(_AboutSubject):
    """No such application; ``application`` is what was asked for."""

    subject, template = "application", "Application not found: {}"
    application: Any


class BalenaDeviceNotFound(_AboutSubject):
    """No such device; ``device`` is what was asked for."""

    subject, template = "device", "Device not found: {}"
    device: Any


class BalenaImageNotFound(_AboutSubject):
    """No such image; ``image`` is what was asked for."""

    subject, template = "image", "Image not found: {}"
    image: Any


class BalenaInvalidDeviceType(_AboutSubject):
    """The device type does not exist or does not fit; ``type`` says which."""

    subject, template = "type", "Invalid device type: {}"
    type: Any


class BalenaDiscontinuedDeviceType(BalenaInvalidDeviceType):
    """The device type is no longer supported; ``type`` says which."""

    template = "Invalid device type: Discontinued device type: {}"


class BalenaOrganizationMembershipRoleNotFound(_AboutSubject):
    """No such role; ``organization_membership_role`` is what was asked for."""

    subject, template = "organization_membership_role", "Organization membership role not found: {}"
    organization_membership_role: Any


class BalenaOrganizationNotFound(_AboutSubject):
    """No such organization; ``organization`` is what was asked for."""

    subject, template = "organization", "Organization not found: {}"
    organization: Any


class BalenaReleaseNotFound(_AboutSubject):
    """No such release; ``release`` is what was asked for."""

    subject, template = "release", "Release not found: {}"
    release: Any


class BalenaServiceNotFound(_AboutSubject):
    """No such service; ``service`` is what was asked for."""

    subject, template = "service", "Service not found: {}"
    service: Any


class BalenaTooManyRequests(BalenaError):
    """Too many log-in attempts; ``next_valid_request_date`` is when to try again, if the server said so."""

    def __init__(self, next_valid_request_date: Any = None) -> None:
        self.next_valid_request_date = next_valid_request_date
        when = "later" if next_valid_request_date is None else js_text(next_valid_request_date)
        super().__init__(f"Too Many Requests. Try again {when}")


class BalenaKeyNotFound(BalenaError):
    """No SSH key with this id or name."""

    def __init__(self, key: Any = None) -> None:
        super().__init__(f"Key not found: {js_text(key)}")


class BalenaInvalidParameterError(BalenaError):
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


class _FixedMessage(BalenaError):
    """An error whose message never changes; a token that it is about is not kept."""

    text: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(self.text)


class BalenaExpiredToken(_FixedMessage):
    """The session token expired: log in again."""

    text = "The token expired"
    token = None


class BalenaInvalidLoginCredentials(_FixedMessage):
    """Wrong user name or password."""

    text = "Invalid login credentials"


class BalenaMalformedToken(_FixedMessage):
    """The token is missing or is no session token, where one is needed."""

    text = "Malformed token"
    token = None


class BalenaNotLoggedIn(_FixedMessage):
    """There is no token, and the request needs one."""

    text = "You have to log in"


class BalenaSupervisorLockedError(_FixedMessage):
    """The device's application holds the update lock."""

    text = "Supervisor locked"
    token = None


class BalenaSettingsPermissionError(BalenaError):
    """The data directory or a settings file cannot be read or written."""


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


class HUPActionError(BalenaError):
    """An OS update is not possible between the two versions, or on this device type."""


class BalenaUsageError(BalenaError):
    """The call itself is wrong (an unknown option, a value of the wrong type); nothing was sent."""


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


class BalenaInvalidResponseError(BalenaError):
    """The server's answer cannot be understood, for example JSON that is cut off."""


class BalenaMissingRelation(BalenaError):
    """A row lacks the row that it should belong to: there is none, or the token may not see it."""


class BalenaDependencyError(BalenaError):
    """A Python package that this call needs is not installed; the message names it."""
