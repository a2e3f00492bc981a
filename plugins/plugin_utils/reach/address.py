# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a device is: through the cloud's tunnel, or at an address on the local network."""

from __future__ import annotations

import os
import re
import shlex
import sys
import urllib.parse
from collections.abc import Sequence
from typing import Any

from .. import balena_tunnel

HOST_OS_PORT = 22222
UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{62}")


class AddressError(Exception):
    """The address of the tunnel or of a device is wrong or cannot be found out."""


def tunnel_address(api_url: str, given: str | None) -> str:
    """C(host:port) of the cloud's tunnel: the given one, else C(tunnel.<domain>:443) for C(https://api.<domain>/).

    :raises AddressError: the API's host does not begin with C(api.), or the given address is none.
    """
    if given:
        host, _colon, port = given.strip().rpartition(":")
        if not port.isdigit() or not re.fullmatch(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", host):
            raise AddressError(f"tunnel_address must look like tunnel.example.com:443, not '{given}'")
        return f"{host}:{port}"
    host = urllib.parse.urlsplit(api_url).hostname or ""
    if not host.startswith("api."):
        raise AddressError(
            f"reach: tunnel needs tunnel_address, because '{host}' does not tell the domain of the tunnel"
        )
    return f"tunnel.{host.removeprefix('api.')}:443"


def proxy_command(address: str, ca_path: str | None, validate_certs: bool) -> str:
    """The ProxyCommand of ssh through the tunnel at this address."""
    command = [sys.executable or "python3", os.path.abspath(balena_tunnel.__file__), "--tunnel", address]
    if ca_path:
        command += ["--ca-path", os.path.abspath(os.path.expanduser(ca_path))]
    if not validate_certs:
        command.append("--no-verify")
    # ssh hands the command to a shell and replaces %h and %p, so a literal % is doubled.
    return " ".join(shlex.quote(word).replace("%", "%%") for word in command) + " %h %p"


def uuid_of(names: Sequence[Any]) -> str | None:
    """The first of the names that is the full uuid of a device, also one such as C(<uuid>.balena)."""
    for name in names:
        bare = str(name or "").strip().removesuffix(".balena")
        if UUID.fullmatch(bare):
            return bare
    return None
