# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve recorded answers to an SDK inside the same process, and note how its requests differ from the recorded ones."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import threading
import urllib.parse
from collections.abc import Callable
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from .judge import DEVIATIONS
from .odata_equal import same_option, same_path

READS = ("GET", "HEAD")
# What a client library decides for itself and no server cares about.
_IGNORED_HEADERS = {"accept", "accept-encoding", "connection", "content-length", "host", "user-agent"}
_OF_THE_CLIENT = "x-balena-client"  # every client says its own name here, so only whether it is there is compared


class UnexpectedRequest(Exception):
    """The SDK sent what the recording does not have."""


class FakeServer(HTTPAdapter):
    """A transport for one session of ``requests`` that plays back one call.

    Args:
        recorded: the requests of the call with their responses.
    """

    def __init__(self, recorded: list[dict[str, Any]]) -> None:
        super().__init__()
        self._recorded = [request for request in recorded if not request.get("abortedBeforeSend")]
        self._aborted = {request["url"] for request in recorded if request.get("abortedBeforeSend")}
        self._served: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self.problems: list[str] = []

    @property
    def count(self) -> int:
        """How many requests were answered."""
        return len(self._served)

    def send(self, request: requests.PreparedRequest, *_args: Any, **kwargs: Any) -> requests.Response:
        """Answer with the first recorded response that is left and belongs to this request."""
        timeout = kwargs.get("timeout")
        with self._lock:
            left = [recorded for recorded in self._recorded if recorded not in self._served]
            found = [difference(recorded, request, timeout) for recorded in left]
            if [] in found:
                recorded = left[found.index([])]
                self._served.append(recorded)
            elif request.url in self._aborted:
                return self._answer(request, {"status": 200, "headers": {}, "body": ""})
            else:
                self._refuse(request, left, found)
        if recorded["response"].get("connectionReset"):
            raise requests.exceptions.ConnectionError("Connection aborted: connection reset by peer", request=request)
        return self._answer(request, recorded["response"])

    def close(self) -> None:
        """Nothing to close."""

    def finish(self) -> list[str]:
        """Return what was wrong: unexpected requests, writes that were not sent or came in another order."""
        missing = [
            f"write not sent: {_summary(recorded)}"
            for recorded in self._recorded
            if recorded not in self._served and recorded["method"] not in READS
        ]
        writes = [recorded for recorded in self._served if recorded["method"] not in READS]
        disorder = [
            f"sent too early: {_summary(first)} before {_summary(second)}"
            for position, first in enumerate(writes)
            for second in writes[position + 1 :]
            if first["seq"] > second["seq"] and not _parallel(first, second)
        ]
        return self.problems + missing + disorder

    def _refuse(self, request: requests.PreparedRequest, left: list[Any], found: list[list[str]]) -> None:
        text = f"unexpected request {request.method} {urllib.parse.unquote(str(request.url))}"
        if left:
            nearest = min(range(len(left)), key=lambda position: len(found[position]))
            text += f" (nearest: {_summary(left[nearest])}: {'; '.join(found[nearest])})"
        self.problems.append(text)
        raise UnexpectedRequest(text)

    def _answer(self, request: requests.PreparedRequest, response: dict[str, Any]) -> requests.Response:
        headers = response.get("headers") or {}
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(_payload(response.get("body"), headers.get("Content-Type", ""))),
            headers=headers,
            status=response["status"],
            preload_content=False,
            decode_content=False,
        )
        return self.build_response(request, raw)


def _parallel(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return first["seq"] in second.get("parallelWith", ()) or second["seq"] in first.get("parallelWith", ())


def _summary(recorded: dict[str, Any]) -> str:
    query = "&".join(f"{name}={value}" for name, value in (recorded["query"] or {}).items())
    return f"{recorded['method']} {recorded['path']}{'?' + query if query else ''}"


def _payload(body: Any, content_type: str) -> bytes:
    if isinstance(body, dict) and set(body) == {"$base64"}:
        return base64.b64decode(body["$base64"])
    if "application/json" in content_type:
        # A scripted answer (without charset) is shown as it was sent, any other one as what its JSON says.
        return body.encode() if isinstance(body, str) and "charset" not in content_type else _json(body)
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else _json(body)


def _json(value: Any) -> bytes:
    """Write JSON as JavaScript does, since some calls return the text of it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def difference(recorded: dict[str, Any], request: requests.PreparedRequest, timeout: Any) -> list[str]:
    """Return how a request differs from a recorded one, in words; an empty list if it does not."""
    url = urllib.parse.urlsplit(str(request.url))
    problems = []
    if recorded["method"] != request.method:
        problems.append(f"method {request.method}")
    if recorded["origin"] != f"{url.scheme}://{url.netloc}":
        problems.append(f"origin {url.scheme}://{url.netloc}")
    if not same_path(recorded["path"], urllib.parse.unquote(url.path)):
        problems.append("path")
    problems += _query_difference(recorded["query"] or {}, url.query)
    problems += _header_difference(recorded["headers"], dict(request.headers))
    if not _same_body(recorded.get("body"), request.body):
        problems.append(f"body {request.body!r:.300}")
    limit = recorded.get("timeoutMs")
    if limit is not None and (not timeout or abs(timeout[1] * 1000 - limit) > 1):
        problems.append(f"time-out {timeout}, recorded {limit} ms")
    return problems


def _query_difference(recorded: dict[str, Any], query: str) -> list[str]:
    pairs = [part.partition("=") for part in query.split("&") if part]
    ours = {urllib.parse.unquote(name): urllib.parse.unquote(value) for name, _equals, value in pairs}
    problems = [f"query {name}={ours[name]}" for name in ours if name not in recorded]
    for name, value in recorded.items():
        if name not in ours or not _as_recorded(name, str(value), ours[name]):
            problems.append(f"query {name}={ours.get(name)}")
    return problems


def _as_recorded(name: str, recorded: str, ours: str) -> bool:
    """Whether an option says what was recorded, or what deviations.yml declares that ours says instead."""
    if same_option(name, recorded, ours):
        return True
    for declared in DEVIATIONS["filters"] if name == "$filter" else ():
        recorded = re.sub(declared["recorded"], declared["ours"], recorded)
    return same_option(name, recorded, ours)


def _header_difference(recorded: dict[str, str], ours: dict[str, str]) -> list[str]:
    expected, sent = _comparable(recorded), _comparable(ours)
    return [f"header {name}" for name in sorted(expected.keys() | sent.keys()) if expected.get(name) != sent.get(name)]


def _comparable(headers: dict[str, str]) -> dict[str, str]:
    lower = {name.lower(): value for name, value in headers.items() if name.lower() not in _IGNORED_HEADERS}
    if _OF_THE_CLIENT in lower:
        lower[_OF_THE_CLIENT] = "present"
    if "content-type" in lower:
        lower["content-type"] = lower["content-type"].split(";")[0]
    return lower


def _same_body(recorded: Any, sent: Any) -> bool:
    if isinstance(recorded, dict) and len(recorded) == 1 and (marker := next(iter(recorded))) in _RAW_BODIES:
        return sent is not None and _RAW_BODIES[marker](recorded[marker], sent)
    if sent is None:
        return recorded is None
    try:
        return _same_json(recorded, json.loads(sent))
    except ValueError:
        return False


def _same_json(first: Any, second: Any) -> bool:
    """Compare JSON; in Python ``True == 1``, in JSON not."""
    return json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)


def _bytes(body: Any) -> bytes:
    """Return what is sent, whether it was given as bytes, as text, as a file or in pieces."""
    if isinstance(body, (bytes, str)):
        return body if isinstance(body, bytes) else body.encode()
    if not hasattr(body, "read"):
        return b"".join(body)
    body.seek(0)
    return bytes(body.read())


def _multipart(body: bytes) -> list[bytes]:
    """Return the parts of a multipart body, or plain text as it is, without boundaries and trailing line breaks."""
    boundary = re.match(rb"--\S+", body)
    return [part.strip(b"\r\n-") for part in body.split(boundary[0])] if boundary else [body]


def _same_parts(recorded: list[dict[str, Any]], sent: Any) -> bool:
    """Compare a form whose large parts are recorded by length and checksum."""
    body = _bytes(sent)
    boundary = re.match(rb"--\S+", body)
    pieces = body.split(boundary[0])[1:-1] if boundary else []
    parts = [piece[2:-2].partition(b"\r\n\r\n") for piece in pieces]  # each has a line break at both ends
    return len(parts) == len(recorded) and all(
        sorted(about["headers"]) == sorted(headers.decode().split("\r\n")) and _same_content(about, content)
        for about, (headers, _line, content) in zip(recorded, parts, strict=True)
    )


def _same_content(recorded: dict[str, Any], content: bytes) -> bool:
    if "text" in recorded:
        return bool(recorded["text"].encode() == content)
    return len(content) == recorded["length"] and hashlib.sha256(content).hexdigest() == recorded["sha256"]


_RAW_BODIES: dict[str, Callable[[Any, Any], bool]] = {
    "$bytes": lambda recorded, sent: _same_content(recorded, _bytes(sent)),
    "$multipartOrText": lambda recorded, sent: _multipart(recorded.encode()) == _multipart(_bytes(sent)),
    "$multipartParts": _same_parts,
}
