# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients send: JSON, or a form with files, as the server reads it."""

from __future__ import annotations

import json
from typing import Any

from werkzeug import Request

from ..store.files import Files
from ..store.model import Resource
from .responses import ApiError, BadRequest

FORM = "multipart/form-data"


def json_body(request: Request) -> Any:
    """The JSON that was sent: {} when there is none or it is of another type; only objects and lists count as JSON."""
    data = request.get_data()
    if not data or request.mimetype != "application/json":
        return {}
    try:
        body = json.loads(data)
    except ValueError:
        raise ApiError(400, "<pre>SyntaxError: the body is not valid JSON</pre>", "text/html") from None
    if not isinstance(body, (dict, list)):
        raise ApiError(400, "<pre>SyntaxError: the body is not an object or a list</pre>", "text/html")
    return body


def resource_body(request: Request, body: Any, resource: Resource, files: Files) -> Any:
    """What was sent for a resource, of which `body` is the JSON: files come in forms, whose other values are texts."""
    if not body and request.mimetype != FORM:
        return body
    wanted = {f.name for f in resource.fields.values() if f.type == "file"}
    if request.mimetype == FORM:
        return _form(request, wanted, files)
    if isinstance(body, dict) and any(body.get(name) is not None for name in wanted):
        raise BadRequest("Use multipart requests to upload a file.")
    return body


def _form(request: Request, wanted: set[str], files: Files) -> dict[str, Any]:
    if wanted.intersection(request.form):
        raise BadRequest("WebResource field must be a blob.")
    body: dict[str, Any] = dict(request.form)
    for name, file in request.files.items():
        if name in wanted:
            kind = file.mimetype or "application/octet-stream"
            body[name] = files.add(request.host_url.rstrip("/"), file.filename or "", kind, file.read())
    return body
