# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on balena: applications, devices, releases and so on, one namespace (and one file) each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import on_first_use

if TYPE_CHECKING:
    from .. import Balena
    from .api_key import ApiKeyModel
    from .application import ApplicationModel
    from .billing import BillingModel
    from .config import ConfigModel
    from .credit_bundle import CreditBundleModel
    from .device import DeviceModel
    from .device_type import DeviceTypeModel
    from .image import ImageModel
    from .key import KeyModel
    from .organization import OrganizationModel
    from .os import OsModel
    from .release import ReleaseModel
    from .service import ServiceModel
    from .team import TeamModel


class Models:
    """``balena.models``: a namespace for each kind of thing that is on balena.

    Args:
        sdk: the connection that the namespaces use.
    """

    def __init__(self, sdk: Balena) -> None:
        self._sdk = sdk

    # Each file is imported when its namespace is first used: all of them together take longer than all else.

    @on_first_use
    def api_key(self) -> ApiKeyModel:
        """API keys of users, applications and devices."""
        from .api_key import ApiKeyModel

        return ApiKeyModel(self._sdk)

    @on_first_use
    def application(self) -> ApplicationModel:
        """Applications: fleets, apps and blocks."""
        from .application import ApplicationModel

        return ApplicationModel(self._sdk)

    @on_first_use
    def billing(self) -> BillingModel:
        """Plans, invoices and how they are paid."""
        from .billing import BillingModel

        return BillingModel(self._sdk)

    @on_first_use
    def config(self) -> ConfigModel:
        """The API's own settings, and the options of device types."""
        from .config import ConfigModel

        return ConfigModel(self._sdk)

    @on_first_use
    def credit_bundle(self) -> CreditBundleModel:
        """Credits that an organization bought."""
        from .credit_bundle import CreditBundleModel

        return CreditBundleModel(self._sdk)

    @on_first_use
    def device(self) -> DeviceModel:
        """Devices."""
        from .device import DeviceModel

        return DeviceModel(self._sdk)

    @on_first_use
    def device_type(self) -> DeviceTypeModel:
        """Device types."""
        from .device_type import DeviceTypeModel

        return DeviceTypeModel(self._sdk)

    @on_first_use
    def image(self) -> ImageModel:
        """The images of releases, and how they were built."""
        from .image import ImageModel

        return ImageModel(self._sdk)

    @on_first_use
    def key(self) -> KeyModel:
        """SSH keys."""
        from .key import KeyModel

        return KeyModel(self._sdk)

    @on_first_use
    def organization(self) -> OrganizationModel:
        """Organizations."""
        from .organization import OrganizationModel

        return OrganizationModel(self._sdk)

    @on_first_use
    def os(self) -> OsModel:
        """Versions of balenaOS, and its images."""
        from .os import OsModel

        return OsModel(self._sdk)

    @on_first_use
    def release(self) -> ReleaseModel:
        """Releases."""
        from .release import ReleaseModel

        return ReleaseModel(self._sdk)

    @on_first_use
    def service(self) -> ServiceModel:
        """Services: the containers that applications consist of."""
        from .service import ServiceModel

        return ServiceModel(self._sdk)

    @on_first_use
    def team(self) -> TeamModel:
        """Teams of organizations."""
        from .team import TeamModel

        return TeamModel(self._sdk)
