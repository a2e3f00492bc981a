# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.device_type``: the kinds of hardware that balenaOS runs on."""

from __future__ import annotations

from typing import Any

from .._contract_templates import fill_in_partials
from .._install_instructions import Instructions, install_instructions, install_method
from ..errors import BalenaError, BalenaInvalidDeviceType, BalenaInvalidParameterError
from ..utils import merge_pine_options
from ._namespace import Namespace, Options, Row

# A type is supported if balenaOS was released for it.
_SUPPORTED = {
    "is_default_for__application": {
        "$any": {
            "$alias": "idfa",
            "$expr": {
                "idfa": {
                    "is_host": True,
                    "is_archived": False,
                    "owns__release": {
                        "$any": {
                            "$alias": "r",
                            "$expr": {"r": {"status": "success", "is_final": True, "is_invalidated": False}},
                        }
                    },
                }
            },
        }
    }
}


class DeviceTypeModel(Namespace):
    """Device types."""

    def _first(self, where: Options, options: Options | None, wanted: Any) -> Row:
        found = self.get_all(merge_pine_options({"$top": 1, "$filter": where}, options))
        if not found:
            raise BalenaInvalidDeviceType(wanted)
        return found[0]

    def get(self, id_or_slug: str | int, options: Options | None = None) -> Row:
        """Read one device type.

        Args:
            id_or_slug: its id, slug, or one of its aliases.
            options: pine options, for example ``{"$select": ["slug", "name"]}``.

        Returns:
            The device type as the API sends it.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
        """
        if id_or_slug is None:
            raise BalenaInvalidDeviceType(id_or_slug)
        if isinstance(id_or_slug, str):
            has_alias = {"$any": {"$alias": "dta", "$expr": {"dta": {"is_referenced_by__alias": id_or_slug}}}}
            return self._first({"device_type_alias": has_alias}, options, id_or_slug)
        device_type: Row | None = self._sdk.pine.get("device_type", id_or_slug, options)
        if device_type is None:
            raise BalenaInvalidDeviceType(str(id_or_slug))
        return device_type

    def get_all(self, options: Options | None = None) -> list[Row]:
        """List all device types, by name.

        Args:
            options: pine options, for example ``{"$select": ["slug", "name"]}``.

        Returns:
            The device types as the API sends them.
        """
        merged = merge_pine_options({"$orderby": "name asc"}, options)
        device_types: list[Row] = self._sdk.pine.get("device_type", options=merged)
        return device_types

    def get_all_supported(self, options: Options | None = None) -> list[Row]:
        """List the device types that a release of balenaOS exists for, by name.

        Args:
            options: pine options, for example ``{"$select": ["slug", "name"]}``.

        Returns:
            The device types as the API sends them.
        """
        return self.get_all(merge_pine_options({"$filter": _SUPPORTED}, options))

    def get_by_slug_or_name(self, slug_or_name: str, options: Options | None = None) -> Row:
        """Read one device type by its slug or its name for people; aliases do not count here.

        Args:
            slug_or_name: the slug ("raspberrypi3") or the name ("Raspberry Pi 3").
            options: pine options, for example ``{"$select": ["slug", "name"]}``.

        Returns:
            The device type as the API sends it.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
        """
        return self._first({"$or": {"name": slug_or_name, "slug": slug_or_name}}, options, slug_or_name)

    def get_name(self, device_type_slug: str) -> str:
        """Return the name for people of a device type.

        Args:
            device_type_slug: its slug.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
        """
        name: str = self.get_by_slug_or_name(device_type_slug, {"$select": "name"})["name"]
        return name

    def get_slug_by_name(self, device_type_name: str) -> str:
        """Return the slug of a device type.

        Args:
            device_type_name: its name for people.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
        """
        slug: str = self.get_by_slug_or_name(device_type_name, {"$select": "slug"})["slug"]
        return slug

    def _contract(self, slug_or_name: str) -> Row | None:
        contract: Row | None = self.get_by_slug_or_name(slug_or_name, {"$select": "contract"})["contract"]
        return contract

    def get_interpolated_partials(self, device_type_slug: str) -> Row:
        """Read the contract of a device type with the templates of its ``partials`` filled in.

        Args:
            device_type_slug: the device type's slug or name.

        Returns:
            The contract; each list in ``partials`` has the lines of text for people.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
            BalenaError: it has no contract, or a template that cannot be read.
        """
        contract = self._contract(device_type_slug)
        if not contract:
            raise BalenaError(f"Could not find contract for device type {device_type_slug}")
        return fill_in_partials(contract)

    def get_instructions(self, device_type_slug_or_contract: str | Row) -> Instructions | None:
        """Return the steps to install balenaOS on a device.

        Args:
            device_type_slug_or_contract: the device type's slug or name, or its contract (then nothing is sent).

        Returns:
            The steps in order, as Markdown that may hold HTML; where they depend on the computer, such a list for each
            of "Linux", "MacOS" and "Windows"; None for an installation method that is not known here.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
            BalenaError: its contract has no such steps, or does not say how the device is flashed.
            BalenaInvalidParameterError: this is neither a text nor a contract.
        """
        if isinstance(device_type_slug_or_contract, dict):
            return install_instructions(device_type_slug_or_contract)
        if not isinstance(device_type_slug_or_contract, str):
            raise BalenaInvalidParameterError("device_type_slug_or_contract", device_type_slug_or_contract)
        contract = self._contract(device_type_slug_or_contract)
        if not contract or not contract.get("partials"):
            raise BalenaError(f"Instruction partials not defined for {device_type_slug_or_contract}")
        return install_instructions(contract)

    def get_install_method(self, device_type_slug: str) -> str | None:
        """Tell how devices of a type are flashed.

        Args:
            device_type_slug: the device type's slug or name.

        Returns:
            "externalBoot", "externalFlash", "internalFlash", "image", or a flashing protocol such as "jetsonFlash";
            None if the device type has no contract.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
            BalenaError: the contract does not say.
        """
        contract = self._contract(device_type_slug)
        return install_method(contract) if contract else None
