# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.billing``: plan, payment and invoices of an organization.

Every method takes an organization by its handle or id, and raises `BalenaOrganizationNotFound` if there is none and
`BalenaRequestError` if the API refuses the request, as it does for tokens of people who may not see the billing.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from .._download import Download
from .._unset import UNSET, given
from ._ids import ORGANIZATION
from ._namespace import Namespace, Row, api_call


class BillingModel(Namespace):
    """Plan, payment and invoices."""

    def _call(self, method: str, organization: str | int, path: str = "", body: Row | None = None) -> Any:
        organization_id = ORGANIZATION.existing_id(self._sdk, organization)
        return api_call(self._sdk, method, f"/billing/v1/account/{organization_id}{path}", body)

    def get_account(self, organization: str | int) -> Row:
        """Read who is billed.

        Args:
            organization: the organization's handle or id.

        Returns:
            ``account_state``, ``first_name``, ``company_name``, ``email``, ``cc_emails``, ``address`` ...

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        account: Row = self._call("GET", organization)
        return account

    def get_plan(self, organization: str | int) -> Row:
        """Read the plan and what it costs.

        Args:
            organization: the organization's handle or id.

        Returns:
            ``name``, ``code``, ``tier``, ``billing`` (with ``totalCostCents``), ``support``, ``addonPlan`` ...

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        plan: Row = self._call("GET", organization, "/plan")
        return plan

    def get_billing_info(self, organization: str | int) -> Row:
        """Read how is paid.

        Args:
            organization: the organization's handle or id.

        Returns:
            ``type`` ("credit_card", "paypal", "sepa_debit" ...), ``last_four``, the name and address ...

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        info: Row = self._call("GET", organization, "/info")
        return info

    def create_setup_intent(self, *, organization: str | int, g_recaptcha_response: str | None = None) -> Row:
        """Begin to register a way to pay; the payment provider's own library finishes it.

        Args:
            organization: the organization's handle or id.
            g_recaptcha_response: the answer to the captcha.

        Returns:
            ``id`` and ``client_secret`` of the payment provider's setup intent.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        body = _with_captcha({}, g_recaptcha_response)
        intent: Row = self._call("POST", organization, "/setup-intent", body)
        return intent

    def update_billing_info(
        self,
        organization: str | int,
        *,
        token_id: str,
        token_type: str | None = None,
        g_recaptcha_response: str | None = None,
    ) -> Row:
        """Change how is paid.

        Args:
            organization: the organization's handle or id.
            token_id: the payment provider's token for the new way to pay.
            token_type: "payment_method" or "setup_intent".
            g_recaptcha_response: the answer to the captcha.

        Returns:
            The new state, as `get_billing_info` returns it.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        body = _with_captcha({"token_id": token_id}, g_recaptcha_response)
        if token_type is not None:
            body["token_type"] = token_type
        info: Row = self._call("PATCH", organization, "/info", body)
        return info

    def remove_billing_info(self, organization: str | int) -> Any:
        """Forget how is paid.

        Args:
            organization: the organization's handle or id.

        Returns:
            The API's answer.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        return self._call("DELETE", organization, "/info")

    def update_account_info(
        self, organization: str | int, *, email: str = UNSET, cc_emails: str | None = UNSET
    ) -> None:
        """Change to whom invoices are mailed; what is not given stays.

        Args:
            organization: the organization's handle or id.
            email: the address.
            cc_emails: addresses that get a copy, separated by commas; None for nobody.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        self._call("PATCH", organization, "", given(email=email, cc_emails=cc_emails))

    def change_plan(
        self,
        organization: str | int,
        *,
        tier: str,
        cycle: str | None = None,
        plan_change_reason: str | None = None,
    ) -> None:
        """Change to another plan. This changes what is paid.

        Args:
            organization: the organization's handle or id.
            tier: the plan's code, for example "prototype".
            cycle: "annual" or "monthly"; all but "annual" is monthly.
            plan_change_reason: why, for balena.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        body: Row = {"annual": cycle == "annual", "tier": tier}
        if plan_change_reason is not None:
            body["planChangeReason"] = plan_change_reason
        self._call("PATCH", organization, "/plan", body)

    def get_invoices(self, organization: str | int) -> list[Row]:
        """List the invoices.

        Args:
            organization: the organization's handle or id.

        Returns:
            ``invoice_number``, ``state``, ``total_in_cents``, ``currency``, ``created_at``, ``due_on`` ... of each.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        invoices: list[Row] = self._call("GET", organization, "/invoices")
        return invoices

    def download_invoice(self, organization: str | int, invoice_number: str) -> Download:
        """Download an invoice as PDF.

        Args:
            organization: the organization's handle or id.
            invoice_number: the number from `get_invoices`.

        Returns:
            An open stream: `save` it to a file, iterate over it, or `read` from it.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
            BalenaRequestError: the API refused the request, for example because there is no such invoice.
        """
        organization_id = ORGANIZATION.existing_id(self._sdk, organization)
        number = quote(str(invoice_number), safe="")
        path = f"/billing/v1/account/{organization_id}/invoices/{number}/download"
        return Download.of(self._sdk.request.stream(url=path, base_url=self._sdk.options.api_root))


def _with_captcha(body: Row, g_recaptcha_response: str | None) -> Row:
    if g_recaptcha_response is not None:
        body["g-recaptcha-response"] = g_recaptcha_response
    return body
