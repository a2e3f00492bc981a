# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated API: one WSGI-level entry that answers any request of the API."""

from __future__ import annotations

from werkzeug import Request, Response

from .responses import ApiError, answer_error
from .store import HasNow, Store


class Api:
    """Answers requests from a store.

    flavor: `openbalena` behaves as the recordings; `cloud` has what balenaCloud has beyond it.
    """

    def __init__(self, store: Store, clock: HasNow, flavor: str = "openbalena") -> None:
        self.store = store
        self.clock = clock
        self.flavor = flavor
        store.clock = clock

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            raise ApiError(404)
        except ApiError as error:
            return answer_error(error)
