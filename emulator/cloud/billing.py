# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Billing of the cloud flavor: one account for each organization, with an invoice, kept until a reset."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from ..access import Actor
from ..http.responses import ApiError, answer_json, answer_text

if TYPE_CHECKING:
    from ..simulation.clock import Clock
    from ..store.store import Store

Endpoint = Callable[..., Response]
ADDRESS = ("address1", "address2", "city", "country", "phone", "state", "zip")
PLANS = {"free": "Free", "prototype": "Prototype", "pilot": "Pilot", "production": "Production"}


class Account:
    """The account of one organization."""

    def __init__(self, name: str, now: str) -> None:
        self.details: dict[str, Any] = {
            "account_state": "active",
            "address": dict.fromkeys(ADDRESS, ""),
            "cc_emails": "",
            "company_name": name,
            "email": "billing@example.com",
            "first_name": "",
            "last_name": "",
            "vat_number": "",
        }
        self.card: dict[str, Any] | None = None
        self.tier = "free"
        self.annual = False
        self.invoice = {
            "closed_at": now,
            "created_at": now,
            "currency": "USD",
            "due_on": now,
            "invoice_number": "1000",
            "state": "paid",
            "subtotal_in_cents": "0",
            "total_in_cents": "0",
            "uuid": "1000",
        }


class Billing:
    """Endpoints under `/billing/v1/account/<organization>`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._accounts: dict[int, Account] = {}

    def routes(self) -> list[tuple[str, str, str, Endpoint]]:
        """Method, path, name, endpoint."""
        base = "/billing/v1/account/<int:organization>"
        return [
            ("GET", base, "billing_account", self._get_account),
            ("PATCH", base, "billing_change_account", self._change_account),
            ("GET", f"{base}/info", "billing_info", self._get_info),
            ("PATCH", f"{base}/info", "billing_change_info", self._change_info),
            ("DELETE", f"{base}/info", "billing_remove_info", self._remove_info),
            ("GET", f"{base}/plan", "billing_plan", self._get_plan),
            ("PATCH", f"{base}/plan", "billing_change_plan", self._change_plan),
            ("GET", f"{base}/invoices", "billing_invoices", self._get_invoices),
            ("GET", f"{base}/invoices/<number>/download", "billing_invoice", self._download),
            ("POST", f"{base}/setup-intent", "billing_intent", self._intent),
        ]

    def _account(self, actor: Actor, organization: int) -> Account:
        member = {"user": actor.row.get("id"), "is_member_of__organization": organization}
        row = self._store.get("organization", organization)
        if row is None or actor.of != "user" or not self._store.get("organization_membership", **member):
            raise ApiError(404, "Not found", "text/plain")
        return self._accounts.setdefault(organization, Account(row["name"], self._clock.iso()))

    def _get_account(self, request: Request, actor: Actor, organization: int) -> Response:
        return answer_json(self._account(actor, organization).details)

    def _change_account(self, request: Request, actor: Actor, organization: int) -> Response:
        account = self._account(actor, organization)
        account.details |= request.get_json(silent=True) or {}
        return answer_text("OK")

    def _get_info(self, request: Request, actor: Actor, organization: int) -> Response:
        return answer_json(self._account(actor, organization).card or {})

    def _change_info(self, request: Request, actor: Actor, organization: int) -> Response:
        account = self._account(actor, organization)
        if not (request.get_json(silent=True) or {}).get("token_id"):
            return answer_text("A token is required", 400)
        account.card = {
            "type": "credit_card",
            "card_type": "Visa",
            "last_four": "1111",
            "month": "1",
            "year": "2030",
            "first_name": account.details["first_name"],
            "last_name": account.details["last_name"],
        }
        return answer_json(account.card)

    def _remove_info(self, request: Request, actor: Actor, organization: int) -> Response:
        self._account(actor, organization).card = None
        return answer_text("OK")

    def _get_plan(self, request: Request, actor: Actor, organization: int) -> Response:
        account = self._account(actor, organization)
        title = PLANS[account.tier]
        return answer_json(
            {
                "billing": {"charges": [], "currency": "USD", "totalCostCents": "0"},
                "code": account.tier,
                "currentPeriodEndDate": "2030-01-01T00:00:00.000Z",
                "intervalLength": "12" if account.annual else "1",
                "intervalUnit": "months",
                "name": f"{title} plan",
                "support": {"name": "core", "title": "Standard"},
                "tier": account.tier,
                "title": title,
            }
        )

    def _change_plan(self, request: Request, actor: Actor, organization: int) -> Response:
        account = self._account(actor, organization)
        body = request.get_json(silent=True) or {}
        if body.get("tier") not in PLANS:
            return answer_text("Unknown plan", 400)
        account.tier, account.annual = body["tier"], bool(body.get("annual", False))
        return answer_text("OK")

    def _get_invoices(self, request: Request, actor: Actor, organization: int) -> Response:
        return answer_json([self._account(actor, organization).invoice])

    def _download(self, request: Request, actor: Actor, organization: int, number: str) -> Response:
        if number != self._account(actor, organization).invoice["invoice_number"]:
            return answer_text("Not found", 404)
        return Response(b"%PDF-1.4 emulated invoice\n", content_type="application/pdf")

    def _intent(self, request: Request, actor: Actor, organization: int) -> Response:
        self._account(actor, organization)
        return answer_json({"id": f"seti_{organization}", "client_secret": f"seti_{organization}_secret"})
