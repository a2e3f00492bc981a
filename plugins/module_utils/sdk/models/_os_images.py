# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of balenaOS, and the configuration that makes a device join an application."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .. import os_version
from .._download import Download
from .._os_releases import DEFAULT_TYPE, choose_version
from .._text import js_text
from ..errors import (
    BalenaError,
    BalenaInvalidResponseError,
    BalenaRequestError,
    BalenaUsageError,
    OSImageNotFound,
)
from ._ids import APPLICATION
from ._namespace import Row, api_call, has_status, is_id
from ._os_versions import OsVersions

if TYPE_CHECKING:
    from .. import Balena


#: Options that both images and a ``config.json`` have.
_COMMON_OPTIONS = frozenset(("app_update_poll_interval", "development_mode", "network", "wifi_key", "wifi_ssid"))
_IMAGE_OPTIONS = _COMMON_OPTIONS | {"app_id", "file_type", "image_type"}
_CONFIG_OPTIONS = _COMMON_OPTIONS | {
    "device_type",
    "gateway",
    "ip",
    "netmask",
    "provisioning_key_description",
    "provisioning_key_expiry_date",
    "provisioning_key_name",
}


def _exact_version(version: str | None) -> str:
    """Check a version that is not a range, and leave out its ``v``."""
    if not version:
        raise BalenaUsageError(f"Invalid version: {'null' if version is None else version}")
    exact = version.removeprefix("v")
    if exact != "latest" and not (exact[:1].isdigit() and os_version.valid(exact)):
        raise BalenaUsageError(f"Invalid semver version: {version}")
    return exact


@contextmanager
def _image_requests(missing: BalenaError) -> Iterator[None]:
    """Say of a 404 what it means; and keep the query, which can hold a wifi key, out of errors."""
    try:
        yield
    except BalenaRequestError as error:
        if has_status(error, 404):
            raise missing from None
        error.request_options["url"] = str(error.request_options.get("url", "")).partition("?")[0]
        raise


def _spelled(options: Row, known: frozenset[str]) -> Row:
    """Spell options as the API does: ``wifi_key`` is ``wifiKey``. Those that are None are left out."""
    spelled = {}
    for name, value in options.items():
        if name not in known:
            raise BalenaUsageError(f"There is no option {name}, only {', '.join(sorted(known))}")
        first, *words = name.split("_")
        if value is not None:
            spelled["".join([first, *(word.capitalize() for word in words)])] = value
    return spelled


class OsImages(OsVersions):
    """Images of balenaOS."""

    def __init__(self, sdk: Balena) -> None:
        super().__init__(sdk)
        self._sizes = self._new_cache()

    def _get_download_size(self, slug: str, version: str) -> int:
        path = f"/device-types/v1/{quote(slug, safe='')}/images/{quote(js_text(version), safe='+')}/download-size"

        def read() -> int:
            size = api_call(self._sdk, "GET", path, shape="object").get("size")
            if not is_id(size):
                raise BalenaInvalidResponseError(f"GET {path} was answered without a size")
            return int(size)

        return self._sizes.get((slug, version), read)

    def _clear_device_types_and_os_version_caches(self) -> None:
        for cache in (self._slugs, self._versions, self._sizes):
            cache.clear()

    def get_download_size(self, device_type: str, version: str = "latest") -> int:
        """Tell how large an image is, unzipped.

        Args:
            device_type: slug or alias of the device type.
            version: an exact version, or "latest".

        Returns:
            The size in bytes.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
            BalenaRequestError: the API refused the request, for example because there is no such version.
        """
        return self._get_download_size(self._get_normalized_device_type_slug(device_type), version)

    def get_last_modified(self, device_type: str, version: str = "latest") -> datetime | None:
        """Tell when an image was last changed.

        Args:
            device_type: slug or alias of the device type.
            version: an exact version, or "latest".

        Returns:
            The time, with its time zone; None if the server does not say.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
            BalenaUsageError: this is not an exact version.
            BalenaError: there is no image of this version.
        """
        slug = self._get_normalized_device_type_slug(device_type)
        query = {"deviceType": slug, "version": _exact_version(version)}
        base_url = self._sdk.options.api_root
        with _image_requests(BalenaError("No such version for the device type")):
            answer = self._sdk.request.send(method="HEAD", url="/download", qs=query, base_url=base_url)
        changed = answer.headers.get("Last-Modified")
        return email.utils.parsedate_to_datetime(changed) if changed else None

    def download(self, *, device_type: str, version: str = "latest", **options: Any) -> Download:
        """Download an OS image, configured if an application is given. It does not go through memory.

        >>> download = balena.models.os.download(device_type="raspberrypi3", version="2.113.31")
        >>> download.save("os.img", progress=lambda received, total: show(received, total))

        Args:
            device_type: slug or alias of the device type.
            version: an exact version, or "latest": then the newest one that is not ESR.
            **options: all optional:
                app_id (int), the id of the application that devices shall join;
                file_type (str), ".img", ".zip" or ".gz";
                image_type (str), "raw", or "flasher" for one that installs itself to the internal storage;
                development_mode (bool), whether devices are open for development;
                app_update_poll_interval (int), minutes between two looks for updates;
                network (str), "ethernet" or "wifi", with wifi_ssid (str) and wifi_key (str), its name and password.

        Returns:
            An open stream: `save` it to a file, iterate over it, or `read` from it; it checks the length at its end.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
            BalenaUsageError: this is not an exact version, or there is no such option.
            OSImageNotFound: there is no image of this version.
        """
        query = _spelled(options, _IMAGE_OPTIONS)
        slug = self._get_normalized_device_type_slug(device_type)
        # The alias is sent as it was given (recorded); only the choice of the version needs the slug.
        chosen = self._version_to_download(slug, version)
        if chosen is None:
            raise OSImageNotFound(device_type, version, options.get("image_type"))
        query.update(deviceType=device_type, version=chosen)
        with _image_requests(OSImageNotFound(device_type, chosen, options.get("image_type"))):
            stream = self._sdk.request.stream(url="/download", qs=query, base_url=self._sdk.options.api_root)
        return Download.of(stream)

    def _version_to_download(self, slug: str, version: str) -> str | None:
        if version == "latest":
            return choose_version("latest", self._available(slug, DEFAULT_TYPE))
        return _exact_version(version)

    def get_config(self, slug_or_uuid_or_id: str | int, *, version: str | None = None, **options: Any) -> Row:
        """Make the ``config.json`` with which a device joins an application. It holds a new provisioning key.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            version: the OS version of the image; required. Below 2.7.8, an API key is not enough to ask for it.
            **options: all optional:
                network (str), "ethernet" (the default) or "wifi", with wifi_ssid (str) and wifi_key (str);
                ip, gateway, netmask (str), for a static address;
                device_type (str), the slug of another device type than the application's;
                development_mode (bool), whether the device is open for development;
                app_update_poll_interval (int), minutes between two looks for updates;
                provisioning_key_name, provisioning_key_description (str), for the provisioning key;
                provisioning_key_expiry_date (str), when it ends, as ISO 8601.

        Returns:
            The content of ``config.json``. It is secret.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaAmbiguousApplication: several applications match.
            BalenaUsageError: there is no version, or no such option.
        """
        if not version:
            raise BalenaUsageError("An OS version is required when calling os.getConfig")
        body = {"version": version, "network": "ethernet", **_spelled(options, _CONFIG_OPTIONS)}
        body["appId"] = APPLICATION.existing_id(self._sdk, slug_or_uuid_or_id)
        config: Row = api_call(self._sdk, "POST", "/download-config", body, shape="object")
        return config
