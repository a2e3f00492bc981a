# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.credit_bundle``: credits that organizations bought in advance."""

from __future__ import annotations

from ..utils import merge_pine_options
from ._ids import ORGANIZATION
from ._namespace import Namespace, Options, Row


class CreditBundleModel(Namespace):
    """Credit bundles."""

    def get_all_by_org(self, organization: str | int, options: Options | None = None) -> list[Row]:
        """List the credit bundles of an organization, the newest first.

        Args:
            organization: the organization's handle or id.
            options: pine options, for example ``{"$select": ["id", "total_balance"]}``.

        Returns:
            The bundles as the API sends them.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        organization_id = ORGANIZATION.existing_id(self._sdk, organization)
        own = {"$filter": {"belongs_to__organization": organization_id}, "$orderby": {"created_at": "desc"}}
        merged = merge_pine_options(own, options)
        bundles: list[Row] = self._sdk.pine.get("credit_bundle", options=merged)
        return bundles

    def create(self, organization: str | int, feature_id: int, credits_to_purchase: int) -> Row:
        """Buy credits for an organization. This costs money.

        Args:
            organization: the organization's handle or id.
            feature_id: the id of the feature that the credits are for.
            credits_to_purchase: how many credits to buy.

        Returns:
            The new bundle as the API sends it, with its ``id``.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        body = {
            "belongs_to__organization": ORGANIZATION.existing_id(self._sdk, organization),
            "is_for__feature": feature_id,
            "original_quantity": credits_to_purchase,
        }
        created: Row = self._sdk.pine.post("credit_bundle", body)
        return created
