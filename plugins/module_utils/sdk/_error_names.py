# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors as attributes of one class: type checkers do not look into a module that is an attribute."""

from __future__ import annotations


class Errors:
    """The classes of errors: ``except balena.errors.BalenaDeviceNotFound``."""

    from .errors import (
        BalenaAmbiguousApplication,
        BalenaAmbiguousDevice,
        BalenaAmbiguousError,
        BalenaAmbiguousRelease,
        BalenaApplicationMembershipRoleNotFound,
        BalenaApplicationNotFound,
        BalenaConnectionError,
        BalenaDependencyError,
        BalenaDeviceNotFound,
        BalenaDiscontinuedDeviceType,
        BalenaError,
        BalenaExpiredToken,
        BalenaImageNotFound,
        BalenaInvalidDeviceType,
        BalenaInvalidLoginCredentials,
        BalenaInvalidParameterError,
        BalenaInvalidResponseError,
        BalenaKeyNotFound,
        BalenaMalformedToken,
        BalenaMissingRelation,
        BalenaNotFoundError,
        BalenaNotLoggedIn,
        BalenaOrganizationMembershipRoleNotFound,
        BalenaOrganizationNotFound,
        BalenaReadOnlyError,
        BalenaReleaseAssetNotFound,
        BalenaReleaseNotFound,
        BalenaRequestError,
        BalenaServiceNotFound,
        BalenaSettingsPermissionError,
        BalenaSupervisorLockedError,
        BalenaTeamApplicationAccessNotFound,
        BalenaTeamNotFound,
        BalenaTimeoutError,
        BalenaTooManyRequests,
        BalenaUnknownOutcomeError,
        BalenaUnsafeWriteError,
        BalenaUsageError,
        HUPActionError,
        OSImageNotFound,
        ReleaseAssetAlreadyExists,
    )
