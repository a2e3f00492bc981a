# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of the API, and the errors that become one."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from werkzeug import Response

REASONS = {status.value: status.phrase for status in HTTPStatus}


class ApiError(Exception):
    """Ends a request with a status and, mostly, a message (a JSON string unless `content_type` says otherwise)."""

    def __init__(self, status: int, body: Any = None, content_type: str = "application/json") -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.content_type = content_type


class BadRequest(ApiError):
    """400: the request is wrong; without a message the answer is empty."""

    def __init__(self, body: Any = None) -> None:
        super().__init__(400, body)


class Unauthorized(ApiError):
    """401: no or bad credentials, or nothing that these credentials may do."""

    def __init__(self, body: Any = None) -> None:
        super().__init__(401, body)


class NotFound(ApiError):
    """404."""

    def __init__(self, body: Any = None) -> None:
        super().__init__(404, body)


class Conflict(ApiError):
    """409: a unique field is taken, or a reference leads nowhere."""

    def __init__(self, body: Any = None) -> None:
        super().__init__(409, body)


class Refused(ApiError):
    """500 with an empty body: how the server answers a query that the database or the translator cannot do."""

    def __init__(self, why: str = "") -> None:
        super().__init__(500, None)
        self.why = why


def answer_json(body: Any, status: int = 200) -> Response:
    """A JSON answer; None is the JSON null."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status=status, content_type="application/json; charset=utf-8")


def answer_text(text: str, status: int = 200, content_type: str = "text/plain") -> Response:
    """A text answer."""
    return Response(text, status=status, content_type=f"{content_type}; charset=utf-8")


def answer_empty(status: int = 200) -> Response:
    """An answer without a body and so without a content type."""
    response = Response(b"", status=status)
    response.headers.pop("Content-Type", None)
    return response


def answer_error(error: ApiError) -> Response:
    """The answer that an error stands for."""
    if error.body is None:
        return answer_empty(error.status)
    if error.content_type == "application/json":
        return answer_json(error.body, error.status)
    return answer_text(str(error.body), error.status, error.content_type)
