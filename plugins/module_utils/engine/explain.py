# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API's errors mean, said to the person who declared something."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..sdk.errors import BalenaRequestError

# The API answers these with an empty body (recordings 01 and 17), so the meaning has to come from here.
_MEANINGS = {
    401: "the token is wrong or has expired, lacks the permission, or this server has no such resource",
    403: "the token lacks the permission",
    404: "this server does not have it; api_url may be wrong, or a feature of balenaCloud that this server lacks",
    429: "too many requests, and it asks to wait for longer than a task should; set request_limit",
    431: "the request is too long",
}


def explain(error: Exception, *, repeat: bool = True) -> str:
    """One sentence on what failed, where, and what it means; never a token, never a value.

    :param error: any error of the SDK or of the state engine; only failed requests are worded anew.
    :param repeat: also say what the server says, which may repeat what it was sent.
    """
    if not isinstance(error, BalenaRequestError):
        return str(error)
    asked = error.request_options
    where = f"{asked.get('method', 'a request')} {urlsplit(str(asked.get('url', ''))).path}".strip()
    # The builder and others answer with an object, the API with text.
    body = error.body.get("message", "") if isinstance(error.body, dict) else error.body
    if isinstance(body, str) and body.lstrip().startswith("<"):
        body = "a web page came instead of an answer of the API"
    said = body if repeat and isinstance(body, str) and body != "The request was unsuccessful" else ""
    meaning = _MEANINGS.get(error.status_code)
    if error.status_code >= 500 and not said:
        meaning = "the server failed and does not say why"
    why = "; ".join(filter(None, (said, meaning))) or "no reason given"
    return f"The API refused {where} ({error.status_code}): {why}"
