# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies of requests and answers: how values become bytes and bytes values."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from ._answers import where
from ._text import js_text, type_name
from .errors import BalenaInvalidResponseError, BalenaRequestError, BalenaUsageError
from .masking import mask_all

#: The type of a file that nobody knows the type of.
UNKNOWN_TYPE = "application/octet-stream"
NO_EXPLANATION = "The request was unsuccessful"


def encode_body(body: Any, as_json: bool, headers: dict[str, str]) -> bytes | None:
    """Return the bytes to send, and put their type into ``headers``.

    Raises:
        BalenaUsageError: ``body`` cannot be sent like this.
    """
    if body is None:
        return None
    if isinstance(body, Mapping) and any(hasattr(value, "content") for value in body.values()):
        return _multipart(body, headers)
    if as_json:
        headers["Content-Type"] = "application/json"
        return _as_json(body)
    if isinstance(body, str):
        headers["Content-Type"] = "text/plain;charset=UTF-8"
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    raise BalenaUsageError(f"With json=False the body must be text or bytes, got {type(body).__name__}")


def _as_json(body: Any) -> bytes:
    try:
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BalenaUsageError(f"The body cannot be sent as JSON: {_culprit(body) or error}") from None


def _culprit(body: Any) -> str | None:
    """Say which field of a body has no form in JSON; not what is in it, which may be secret."""
    for name, value in body.items() if isinstance(body, Mapping) else ():
        try:
            json.dumps({name: value}, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            hint = "; a file is a BalenaWebResourceFile" if isinstance(value, bytes) else ""
            return f"'{name}' is {type_name(value)}{hint}"
    return None


def _multipart(body: Mapping[str, Any], headers: dict[str, str]) -> bytes:
    """Encode fields of which some are files (:class:`~.utils.BalenaWebResourceFile`)."""
    from urllib3.filepost import encode_multipart_formdata

    for name, value in body.items():
        if not hasattr(value, "content") and not isinstance(value, (str, int, float, type(None))):
            raise BalenaUsageError(f"The body cannot be sent beside a file: '{name}' is {type_name(value)}")
    fields = {
        name: (value.name, value.content, value.type or UNKNOWN_TYPE) if hasattr(value, "content") else js_text(value)
        for name, value in body.items()
        if value is not None
    }
    encoded, headers["Content-Type"] = encode_multipart_formdata(fields)
    return encoded


def read_body(answer: Any, response_format: str | None) -> Any:
    """Return the body of an answer of ``requests`` in a format, or as its content type says."""
    kind = answer.headers.get("Content-Type", "")
    if response_format == "none":
        return None
    if response_format == "blob" or (response_format is None and "binary/octet-stream" in kind):
        return answer.content
    if response_format == "json" or (response_format is None and "application/json" in kind):
        try:
            return json.loads(answer.content)
        except ValueError as error:
            request = where(answer.request.method, str(answer.url))
            raise BalenaInvalidResponseError(f"{request} was answered with JSON that is not valid: {error}") from None
    return answer.content.decode("utf-8", "replace")


def request_error(answer: Any, method: str, secrets: Collection[str]) -> BalenaRequestError:
    """Return the error for an answer of ``requests`` that means failure, with the server's own explanation.

    That may repeat what it was sent, so the secrets are taken out of it.
    """
    try:
        body = read_body(answer, None)
    except BalenaInvalidResponseError:
        body = answer.content.decode("utf-8", "replace")
    if isinstance(body, bytes):
        body = body.decode("utf-8", "replace")
    asked = {"method": method, "url": str(answer.url)}
    return BalenaRequestError(mask_all(_explanation(body), secrets), answer.status_code, asked, dict(answer.headers))


def _explanation(body: Any) -> Any:
    if isinstance(body, Mapping):
        error = body.get("error")
        inner = error.get("text") if isinstance(error, Mapping) else None
        for text in (inner, body.get("message"), error):
            if isinstance(text, str) and text:
                return text
    return body or NO_EXPLANATION
