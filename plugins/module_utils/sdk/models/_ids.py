# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How resources are named in arguments: what is an id, what a uuid, a slug, a handle, a commit.

Each ``*Kind`` knows one kind of resource. ``get`` reads the row that a name stands for; ``existing_id`` asks the API
for its id, also when the name is an id already; ``id_of`` takes an id as it is and asks only for other names.

A number is always an id, a text never is one. The beginning of a device's uuid or of a release's commit names nothing:
it would hit another one as soon as two begin alike. The rules are those of the reference SDK, as recorded in
``tests/oracle``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from .. import errors
from .._options import merge_options
from .._text import js_text
from ._namespace import Options, Row, has_status, is_id

if TYPE_CHECKING:
    from .. import Balena

#: Devices that balenaOS 2.0 and later provisioned have 32 digits, older ones 62.
FULL_UUID_LENGTHS = (32, 62)


class Kind:
    """One kind of resource and the ways to name one of it."""

    #: The OData resource.
    resource: ClassVar[str]
    #: The argument that names one, as error messages call it.
    parameter: ClassVar[str]
    #: What ``get`` raises when there is none.
    not_found: ClassVar[type[errors.BalenaError]]
    #: What ``get`` raises when there are several.
    ambiguous: ClassVar[type[errors.BalenaError]]
    #: The order of lists; None where the API's own order is kept.
    order: ClassVar[str | None] = None
    #: Whether ``get`` leaves out options that mean nothing about one row, such as ``$count``, instead of refusing them.
    merges: ClassVar[bool] = False

    def address(self, sdk: Balena, key: Any) -> int | Row | Options:
        """Turn a name into a pine key (an int or a dict of key fields) or into ``{"$filter": ...}``.

        Raises:
            BalenaError: nothing can have this name; no request is needed to know that.
        """
        raise NotImplementedError

    def missing(self, key: Any) -> errors.BalenaError:
        """Build the error that says that there is no such resource."""
        return self.not_found(key)

    def get(self, sdk: Balena, key: Any, options: Options | None = None, within: Options | None = None) -> Row:
        """Read the one row that ``key`` names.

        Args:
            sdk: the SDK instance.
            key: any name that the kind knows.
            options: the caller's pine options.
            within: options that limit what can be found; they come before the caller's.

        Raises:
            BalenaError: there is no such row, or several have this name.
        """
        if self.merges:
            options = merge_options(None, options)
        elif options and "$count" in options:
            raise errors.BalenaUsageError(f"There is nothing to count about one {self.resource}: $count")
        address = self.address(sdk, key)
        if isinstance(address, dict) and "$filter" in address:
            within = merge_options(within, address) if within else address
            return self.only(key, sdk.pine.get(self.resource, options=merge_options(within, options)))
        if within:
            options = merge_options(within, options)
        row: Row | None = sdk.pine.get(self.resource, address, options)
        if row is None:
            raise self.missing(key)
        return row

    def only(self, key: Any, rows: list[Row]) -> Row:
        """Return the single row of an answer.

        Raises:
            BalenaError: there is none, or there are several.
        """
        if not rows:
            raise self.missing(key)
        if len(rows) > 1:
            raise self.ambiguous(key)
        return rows[0]

    @contextmanager
    def missing_on(self, status: int, key: Any, text: str = "") -> Iterator[None]:
        """Turn an answer of the requests inside into "there is no such resource".

        Args:
            status: the HTTP status that says so.
            key: what to name in the error.
            text: what the answer must say too.
        """
        try:
            yield
        except errors.BalenaRequestError as error:
            if has_status(error, status) and text in js_text(error.body):
                raise self.missing(key) from error
            raise

    def existing_id(self, sdk: Balena, key: Any) -> int:
        """Ask the API for the id of what ``key`` names, even if ``key`` is an id.

        Raises:
            BalenaError: there is no such row, or several have this name.
        """
        found: int = self.get(sdk, key, {"$select": "id"})["id"]
        return found

    def id_of(self, sdk: Balena, key: Any) -> int:
        """Return the id of what ``key`` names; an id is taken as it is, without asking the API.

        Raises:
            BalenaError: there is no such row, or several have this name.
        """
        return key if is_id(key) else self.existing_id(sdk, key)


class ApplicationKind(Kind):
    """Applications (fleets, apps, blocks): an id, a slug (``org/name``) or a uuid; letter case does not matter."""

    resource = "application"
    parameter = "slug_or_uuid_or_id"
    not_found = errors.BalenaApplicationNotFound
    ambiguous = errors.BalenaAmbiguousApplication
    order = "app_name asc"
    merges = True

    def address(self, sdk: Balena, key: Any) -> int | Row | Options:
        if is_id(key):
            return int(key)
        if not isinstance(key, str):
            raise self.missing(key)
        return {"$filter": {"$or": [{"slug": key.lower()}, {"uuid": key.lower()}]}}


class DeviceKind(Kind):
    """Devices: an id or a full uuid."""

    resource = "device"
    parameter = "uuid_or_id"
    not_found = errors.BalenaDeviceNotFound
    ambiguous = errors.BalenaAmbiguousDevice
    order = "device_name asc"

    def address(self, sdk: Balena, key: Any) -> int | Row | Options:
        if is_id(key):
            return int(key)
        if key is None or isinstance(key, float):
            raise self.missing(key)
        if not is_full_uuid(key):
            raise errors.BalenaInvalidParameterError(self.parameter, key)
        return {"uuid": key}


class OrganizationKind(Kind):
    """Organizations: an id or a handle; letter case matters."""

    resource = "organization"
    parameter = "handle_or_id"
    not_found = errors.BalenaOrganizationNotFound
    ambiguous = errors.BalenaOrganizationNotFound  # the handle is a key: there are never several
    order = "name asc"

    def address(self, sdk: Balena, key: Any) -> int | Row | Options:
        if is_id(key):
            return int(key)
        if not isinstance(key, str):
            raise errors.BalenaInvalidParameterError(self.parameter, key)
        return {"handle": key}


class ReleaseKind(Kind):
    """Releases: an id, a full commit, or ``{"application": ..., "raw_version": ...}``."""

    resource = "release"
    parameter = "commit_or_id_or_raw_version"
    not_found = errors.BalenaReleaseNotFound
    ambiguous = errors.BalenaAmbiguousRelease
    order = "created_at desc"

    def address(self, sdk: Balena, key: Any) -> int | Row | Options:
        if is_id(key):
            return int(key)
        if key == "":
            raise errors.BalenaInvalidParameterError(self.parameter, key)
        if isinstance(key, dict):
            version = _raw_version(key)
            if version is None:
                raise errors.BalenaInvalidParameterError(self.parameter, key)
            application = APPLICATION.existing_id(sdk, key.get("application"))
            return {"$filter": {"raw_version": version, "belongs_to__application": application}}
        if not isinstance(key, str):
            raise self.missing(key)
        return {"$filter": {"commit": key}}

    def missing(self, key: Any) -> errors.BalenaError:
        if isinstance(key, dict):
            key = f"unique pair application & rawVersion: {key.get('application')} & {_raw_version(key)}"
        return self.not_found(key)


class ServiceKind(Kind):
    """Services: an id, or ``{"application": ..., "service_name": ...}``."""

    resource = "service"
    parameter = "id"
    not_found = errors.BalenaServiceNotFound
    ambiguous = errors.BalenaServiceNotFound  # both names are keys: there are never several

    def address(self, sdk: Balena, key: Any) -> int | Row | Options:
        if is_id(key):
            return int(key)
        if is_service_key(key):
            return self._id_in_application(sdk, key)
        raise self.missing(key)

    def existing_id(self, sdk: Balena, key: Any) -> int:
        if is_service_key(key):
            return self._id_in_application(sdk, key)
        return super().existing_id(sdk, key)

    def _id_in_application(self, sdk: Balena, key: Row) -> int:
        wanted = {"$select": "id", "$filter": {"service_name": key["service_name"]}}
        application = APPLICATION.get(sdk, key["application"], {"$select": "id", "$expand": {"service": wanted}})
        if not application["service"]:
            raise self.missing(key["service_name"])
        found: int = application["service"][0]["id"]
        return found


APPLICATION = ApplicationKind()
DEVICE = DeviceKind()
ORGANIZATION = OrganizationKind()
RELEASE = ReleaseKind()
SERVICE = ServiceKind()


def is_full_uuid(uuid: Any) -> bool:
    """Say whether this is a device's uuid at full length. (The digits themselves are not looked at.)"""
    return isinstance(uuid, str) and len(uuid) in FULL_UUID_LENGTHS


def is_service_key(key: Any) -> bool:
    """Say whether this names a service by its application and its name, and by nothing else."""
    return isinstance(key, dict) and key.keys() == {"application", "service_name"}


def _raw_version(key: Row) -> Any:
    """Read the version out of a release's natural key; the reference spells it ``rawVersion``."""
    return key.get("raw_version", key.get("rawVersion"))
