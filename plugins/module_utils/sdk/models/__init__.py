# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on balena: applications, devices, releases and so on, one namespace (and one file) each.

The files are imported by name when they are first touched. So importing the SDK stays cheap, and a module that
Ansible packs and copies carries only the files that it imports itself.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .. import Balena

#: namespace (and file) -> class
NAMESPACES: dict[str, str] = {
    "api_key": "ApiKeyModel",
    "application": "ApplicationModel",
    "billing": "BillingModel",
    "config": "ConfigModel",
    "credit_bundle": "CreditBundleModel",
    "device": "DeviceModel",
    "device_type": "DeviceTypeModel",
    "image": "ImageModel",
    "key": "KeyModel",
    "organization": "OrganizationModel",
    "os": "OsModel",
    "release": "ReleaseModel",
    "service": "ServiceModel",
}


class Models:
    """``balena.models``: ``application``, ``device``, ``release`` ...; see ``NAMESPACES``."""

    def __init__(self, sdk: Balena) -> None:
        self._sdk = sdk

    def __getattr__(self, name: str) -> Any:
        """Load a namespace when it is first asked for; from then on it is a plain attribute."""
        if name not in NAMESPACES:
            raise AttributeError(f"balena.models has no namespace '{name}', only {', '.join(NAMESPACES)}")
        module = importlib.import_module(f".{name}", __name__)
        # setdefault: of two threads that load the same namespace, both get the first one's.
        return self.__dict__.setdefault(name, getattr(module, NAMESPACES[name])(self._sdk))

    def __dir__(self) -> list[str]:
        return sorted(NAMESPACES)
