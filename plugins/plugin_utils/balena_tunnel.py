# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ssh ProxyCommand through balena's tunnel, on the standard library alone.

    ssh -o ProxyCommand="python3 balena_tunnel.py --tunnel tunnel.balena-cloud.com:443 %h %p" root@<uuid>.balena

It opens TLS to the tunnel, asks it by HTTP CONNECT for port 22222 of the device, and then passes bytes on. The token
comes from the environment or from the balena CLI's login, never from the command line, which every user can read.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import select
import socket
import ssl
import sys
from collections.abc import Sequence

TOKEN_VARIABLES = ("BALENA_TOKEN", "BALENA_API_KEY")
CONNECT_TIMEOUT = 30.0  # seconds, until the tunnel has answered
LINGER = 10.0  # seconds to wait for a silent device after the end of the input
BLOCK = 65536
LONGEST_ANSWER = 65536
#: Names a file for a failure. With ControlPersist, ssh throws away what a ProxyCommand writes to standard error.
REPORT_VARIABLE = "BALENA_TUNNEL_REPORT"
NO_TOKEN = "no token"  # noqa: S105 - a status, not a secret

REASONS = {
    "401": "the token was refused",
    "403": "the tunnel does not allow this address",
    "407": "the token was refused, or it gives no access to this device",
    "503": "the device is offline, or is not connected to the VPN",
}


class TunnelError(Exception):
    """The tunnel could not be opened; the message is for the user.

    :param status: what the tunnel answered, or C(NO_TOKEN); empty if it was not reached.
    """

    def __init__(self, message: str, status: str = "") -> None:
        super().__init__(message)
        self.status = status


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the tunnel and pass bytes until the far end closes. Returns the exit code."""
    options = parse(arguments)
    try:
        connection, first = open_tunnel(options, token())
    except TunnelError as error:
        sys.stderr.write(f"balena tunnel to {options.host}: {error}\n")
        report(error)
        return 1
    pump(connection, first)
    return 0


def report(error: TunnelError) -> None:
    """Write the failure where the connection plugin looks for it."""
    path = os.environ.get(REPORT_VARIABLE)
    if path:
        with contextlib.suppress(OSError), open(path, "w", encoding="utf-8") as file:
            json.dump({"status": error.status, "message": str(error)}, file)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="ssh ProxyCommand through balena's tunnel")
    parser.add_argument("--tunnel", required=True, metavar="HOST:PORT")
    parser.add_argument("--ca-path", metavar="FILE", help="certificates of the authorities to trust")
    parser.add_argument("--no-verify", action="store_true", help="do not check the tunnel's certificate")
    parser.add_argument("host", help="<uuid>.balena")
    parser.add_argument("port", type=int)
    return parser.parse_args(arguments)


def token() -> str:
    """The token: from the environment, else the one that C(balena login) stored.

    :raises TunnelError: there is none.
    """
    for name in TOKEN_VARIABLES:
        if os.environ.get(name):
            return os.environ[name]
    directory = os.environ.get("BALENARC_DATA_DIRECTORY") or os.path.join(os.path.expanduser("~"), ".balena")
    try:
        with open(os.path.join(directory, "token"), encoding="utf-8") as file:
            stored = file.read().strip()
    except (OSError, UnicodeDecodeError):
        stored = ""
    if not stored:
        raise TunnelError("no token: set BALENA_TOKEN in the environment, or log in with the balena CLI", NO_TOKEN)
    return stored


def open_tunnel(options: argparse.Namespace, secret: str) -> tuple[ssl.SSLSocket, bytes]:
    """Connect and ask for the device.

    :returns: the connection, and what the device had already sent behind the tunnel's answer.
    :raises TunnelError: there is no way to the tunnel, or it refuses.
    """
    host, _colon, port = options.tunnel.rpartition(":")
    host = host.strip("[]")
    try:
        plain = socket.create_connection((host, int(port)), CONNECT_TIMEOUT)
        connection = tls(options).wrap_socket(plain, server_hostname=host)
        connection.sendall(request(options.host, options.port, secret))
        head, rest = answer(connection)
    except ssl.SSLCertVerificationError as error:
        raise TunnelError(f"the certificate of {options.tunnel} is not valid: {error.verify_message}") from error
    except (OSError, ValueError) as error:
        raise TunnelError(f"cannot reach {options.tunnel}: {error}") from error
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(None, 2)
    status = words[1] if len(words) > 1 and words[0].startswith("HTTP/") else ""
    if status != "200":
        reason = REASONS.get(status, "the tunnel refused" if status else "the tunnel did not answer in HTTP")
        raise TunnelError(reason + (f" (HTTP {status})" if status else ""), status)
    connection.settimeout(None)
    return connection, rest


def tls(options: argparse.Namespace) -> ssl.SSLContext:
    """The TLS settings: certificate and host name are checked unless told otherwise."""
    kind = "capath" if options.ca_path and os.path.isdir(options.ca_path) else "cafile"
    context = ssl.create_default_context(**{kind: options.ca_path})
    if options.no_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def request(host: str, port: int, secret: str) -> bytes:
    """The CONNECT request. The tunnel looks at the password alone.

    :raises TunnelError: the host or the token could break out of its line.
    """
    if any(character.isspace() for character in host + secret):
        raise TunnelError("the host name or the token contains white space")
    credentials = base64.b64encode(f"root:{secret}".encode()).decode()
    lines = [
        f"CONNECT {host}:{port} HTTP/1.0",
        f"Host: {host}:{port}",
        f"Proxy-Authorization: Basic {credentials}",
        "User-Agent: community.balena",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(connection: socket.socket) -> tuple[bytes, bytes]:
    """The head of the tunnel's answer and the bytes behind it."""
    received = b""
    while b"\r\n\r\n" not in received and len(received) < LONGEST_ANSWER:
        block = connection.recv(BLOCK)
        if not block:
            break
        received += block
    head, _separator, rest = received.partition(b"\r\n\r\n")
    return head, rest


def pump(connection: ssl.SSLSocket, first: bytes) -> None:
    """Pass standard input to the device and the device's bytes to standard output, until the device closes.

    One thread does both, because a TLS connection must not be read and written by two at once. Input is only read
    when all earlier input is on its way, so nothing piles up here.
    """
    write_all(first)
    connection.setblocking(False)
    source = sys.stdin.fileno()
    source_is_open, outgoing = True, b""
    readable: list[object] = []
    try:
        while True:
            if not connection.pending():
                inputs = [connection, source] if source_is_open and not outgoing else [connection]
                wait = None if source_is_open or outgoing else LINGER
                readable, writable, _none = select.select(inputs, [connection] if outgoing else [], [], wait)
                if not readable and not writable:
                    return
            if not receive(connection):
                return
            if source in readable:
                outgoing = os.read(source, BLOCK)
                source_is_open, readable = bool(outgoing), []
            outgoing = send(connection, outgoing)
    except OSError:
        return  # either end went away: ssh reports that itself


def receive(connection: ssl.SSLSocket) -> bool:
    """Pass on what the device has sent, if anything. False once it has closed."""
    try:
        block = connection.recv(BLOCK)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return True
    write_all(block)
    return bool(block)


def send(connection: ssl.SSLSocket, outgoing: bytes) -> bytes:
    """Send as much as fits; returns what is left."""
    try:
        return outgoing[connection.send(outgoing) :] if outgoing else b""
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return outgoing


def write_all(block: bytes) -> None:
    """Write to standard output, all of it."""
    view = memoryview(block)
    while view:
        view = view[os.write(sys.stdout.fileno(), view) :]


if __name__ == "__main__":
    sys.exit(main())
