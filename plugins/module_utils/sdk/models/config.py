# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.config``: how this balena is set up, and what its device types can be configured with."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from ..errors import BalenaError, BalenaInvalidDeviceType
from ._namespace import Namespace, Row, api_call


def _without_instructions(device_types: list[Row]) -> list[Row]:
    """Leave out the outdated ``instructions``: those of ``device_type.get_instructions`` are maintained."""
    return [{name: value for name, value in row.items() if name != "instructions"} for row in device_types]


class ConfigModel(Namespace):
    """Settings of the API and the device types' manifests."""

    def get_all(self) -> Row:
        """Read the settings of the API; no token is sent.

        Returns:
            ``{"deviceUrlsBase": ..., "adminUrl": ..., ...}``; the device types are what `get_device_types` reads.
        """
        config: Row = dict(api_call(self._sdk, "GET", "/config", send_token=False, shape="object"))
        config.pop("deviceTypes", None)
        return config

    def get_device_types(self) -> list[Row]:
        """Read the manifests of all device types.

        Returns:
            One manifest each: ``slug``, ``name``, ``aliases``, ``arch``, ``options``, ``initialization`` ...

        Raises:
            BalenaError: the API has none.
        """
        device_types: list[Row] | None = api_call(self._sdk, "GET", "/device-types/v1")
        if device_types is None:
            raise BalenaError("No device types")
        return _without_instructions(device_types)

    def get_device_type_manifest_by_slug(self, slug_or_name: str) -> Row:
        """Read the manifest of one device type.

        Args:
            slug_or_name: the device type's slug, name, or one of its aliases.

        Returns:
            The manifest (see `get_device_types`).

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
        """
        for manifest in self.get_device_types():
            names = (manifest.get("name"), manifest.get("slug"), *(manifest.get("aliases") or ()))
            if slug_or_name is not None and slug_or_name in names:
                return manifest
        raise BalenaInvalidDeviceType(slug_or_name)

    def get_device_options(self, device_type: str) -> list[Row]:
        """Read what can be chosen when an image for a device type is configured and written.

        Args:
            device_type: the device type's slug, name, or one of its aliases.

        Returns:
            The options of the manifest and those of its initialization, in this order:
            ``{"name": ..., "message": ..., "type": ...}``.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
        """
        manifest = self.get_device_type_manifest_by_slug(device_type)
        initialization = manifest.get("initialization") or {}
        return [*(manifest.get("options") or ()), *(initialization.get("options") or ())]

    def get_config_var_schema(self, device_type: str | None = None) -> Row:
        """Read which configuration variables there are, and which names are reserved or forbidden.

        Args:
            device_type: a device type's slug, for its variables too; only then a token is sent.

        Returns:
            ``configVarSchema`` (a JSON schema), ``reservedNames``, ``reservedNamespaces``, ``invalidRegex``, ...
        """
        if not isinstance(device_type, str):
            schema: Any = api_call(self._sdk, "GET", "/config/vars", send_token=False, shape="object")
        else:
            schema = api_call(
                self._sdk, "GET", f"/config/vars?deviceType={quote(device_type, safe='')}", shape="object"
            )
        return dict(schema)
