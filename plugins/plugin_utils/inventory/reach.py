# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that tell the ssh connection how to reach the host OS of a device."""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
import sys
import urllib.parse
from collections.abc import Mapping
from typing import Any

from .. import balena_tunnel

HOST_OS_PORT = 22222
_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{62}")

#: The host OS has neither Python nor an sftp server.
_COMMON = {
    "ansible_connection": "ssh",
    "ansible_port": HOST_OS_PORT,
    "ansible_user": "root",
    "ansible_ssh_transfer_method": "piped",
}


class TunnelAddressError(Exception):
    """The address of the tunnel is wrong or cannot be found out."""


def tunnel_address(api_url: str, given: str | None) -> str:
    """C(host:port) of the cloud's tunnel: the given one, else C(tunnel.<domain>:443) for C(https://api.<domain>/).

    :raises TunnelAddressError: the API's host does not begin with C(api.), or the given address is none.
    """
    if given:
        host, _colon, port = given.strip().rpartition(":")
        if not port.isdigit() or not re.fullmatch(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", host):
            raise TunnelAddressError(f"tunnel_address must look like tunnel.example.com:443, not '{given}'")
        return f"{host}:{port}"
    host = urllib.parse.urlsplit(api_url).hostname or ""
    if not host.startswith("api."):
        raise TunnelAddressError(
            f"connect: tunnel needs tunnel_address, because '{host}' does not tell the domain of the tunnel"
        )
    return f"tunnel.{host.removeprefix('api.')}:443"


class Tunnel:
    """C(connect: tunnel): through the cloud, wherever the device is."""

    def __init__(self, address: str, ca_path: str | None = None, validate_certs: bool = True) -> None:
        command = [sys.executable or "python3", os.path.abspath(balena_tunnel.__file__), "--tunnel", address]
        if ca_path:
            command += ["--ca-path", os.path.abspath(os.path.expanduser(ca_path))]
        if not validate_certs:
            command.append("--no-verify")
        # ssh hands the command to a shell and replaces %h and %p, so a literal % is doubled.
        self._proxy = " ".join(shlex.quote(word).replace("%", "%%") for word in command) + " %h %p"

    def variables(self, device: Mapping[str, Any]) -> dict[str, Any]:
        """The connection variables of a device; none if its uuid is not one."""
        uuid = device["uuid"]
        if not _UUID.fullmatch(uuid):
            return {}
        options = ["-o", f"ProxyCommand={self._proxy}", "-o", f"HostKeyAlias={uuid}.balena"]
        return {
            **_COMMON,
            "ansible_host": f"{uuid}.balena",
            "ansible_ssh_common_args": " ".join(shlex.quote(option) for option in options),
        }


class Local:
    """C(connect: local): directly, at the first IPv4 address that the device reports, else its first address."""

    def variables(self, device: Mapping[str, Any]) -> dict[str, Any]:
        """The connection variables of a device; none if it reports no address of its own."""
        found = [address for address in device["ip_addresses"] if _is_elsewhere(address)]
        if not found:
            return {}
        return {**_COMMON, "ansible_host": next((address for address in found if ":" not in address), found[0])}


def _is_elsewhere(address: str) -> bool:
    """Whether it is not an address at which the controller finds itself, or many at once. A device says it itself."""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return not any(it.is_loopback or it.is_unspecified or it.is_multicast for it in (found, mapped) if it is not None)
