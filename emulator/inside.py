# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API called from inside, without a connection: seeds go through it, so that its rules hold for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from werkzeug import Request, Response
from werkzeug.test import EnvironBuilder

LITERAL = "$()',:;/="


class InsideClient:
    """Calls an application with a token (or a whole Authorization header); answers are decoded JSON."""

    def __init__(
        self, application: Callable[[Request], Response], token: str = "", authorization: str | None = None
    ) -> None:
        self._application = application
        self._authorization = authorization or f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """The answer's value. Raises ValueError for a status of 400 and above."""
        headers = {"Authorization": self._authorization}
        # An absent body and an empty one are told apart by the content type, as on the wire.
        content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        # The API reads the address as it was sent: structure must not be percent-encoded.
        address = path + "?" + "&".join(f"{key}={quote(value, safe=LITERAL)}" for key, value in (query or {}).items())
        builder = EnvironBuilder(path=address.rstrip("?"), method=method, headers=headers, **content)  # type: ignore[arg-type]
        environ = builder.get_environ() | {"RAW_URI": address.rstrip("?"), "REQUEST_URI": address.rstrip("?")}
        response = self._application(Request(environ))
        text = response.get_data(as_text=True)
        if response.status_code >= 400:
            raise ValueError(f"{method} {path}: {response.status_code} {text}")
        return json.loads(text) if text else None

    def add(self, resource: str, **fields: Any) -> dict[str, Any]:
        """POST a row; the new row."""
        row: dict[str, Any] = self.call("POST", f"/v7/{resource}", fields)
        return row

    def change(self, resource: str, key: int, **fields: Any) -> None:
        """PATCH the row with this id."""
        self.call("PATCH", f"/v7/{resource}({key})", fields)

    def find(self, resource: str, condition: str, select: str = "id") -> list[dict[str, Any]]:
        """The rows that meet an OData condition."""
        query = {"$filter": condition, "$select": select}
        rows: list[dict[str, Any]] = self.call("GET", f"/v7/{resource}", None, query)["d"]
        return rows

    def one(self, resource: str, condition: str) -> int:
        """Id of the one row that meets the condition. Raises ValueError if there is none."""
        rows = self.find(resource, condition)
        if not rows:
            raise ValueError(f"the emulator has no {resource} with {condition}")
        return int(rows[0]["id"])
