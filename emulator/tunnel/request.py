# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client asks the tunnel for, read as the real proxy reads it."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

# Full uuids in hexadecimal; the older names of the domain still work. Without a port it is that of the public URL.
TARGET = re.compile(r"([a-fA-F0-9]+)\.(?:balena|resin|vpn)(?::([0-9]+))?")
PUBLIC_PORT = 80
FORBIDDEN, BAD_REQUEST, NOT_ALLOWED = 403, 400, 405


@dataclass
class TunnelRequest:
    """One request, as the log keeps it: never with the token.

    server_name: the name that TLS was asked for; method, target, version: of the request's first line; user: the name
    beside the token; status: the answer, 0 as long as there is none; sent, received: bytes that were passed on to the
    device and from it.
    """

    server_name: str | None = None
    method: str = ""
    target: str = ""
    version: str = ""
    user: str = ""
    status: int = 0
    fault: str = ""
    sent: int = 0
    received: int = 0


class TunnelRefused(Exception):
    """The request is answered with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def read_head(head: bytes, request: TunnelRequest) -> str | None:
    """Fill in a request from its head; the token, if there is one.

    Raises:
        TunnelRefused: it is not a request, or not one for a tunnel.
    """
    first, *headers = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise TunnelRefused(BAD_REQUEST)
    request.method, request.target, request.version = words
    if request.method != "CONNECT":
        raise TunnelRefused(NOT_ALLOWED)
    for header in headers:
        name, colon, value = header.partition(":")
        if header and (not colon or name != name.strip()):
            raise TunnelRefused(BAD_REQUEST)
        if name.lower() == "proxy-authorization":
            request.user, token = read_credentials(value.strip())
            return token
    return None


def read_credentials(value: str) -> tuple[str, str | None]:
    """The user and the password of Basic credentials; what is none of these is as good as none."""
    scheme, _blank, encoded = value.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", None
    return (user, password) if scheme.lower() == "basic" and colon else ("", None)


def read_target(target: str) -> tuple[str, int]:
    """The uuid and the port.

    Raises:
        TunnelRefused: it is not the name of a device.
    """
    found = TARGET.fullmatch(target)
    if found is None:
        raise TunnelRefused(FORBIDDEN)
    return found[1], int(found[2] or PUBLIC_PORT)
