# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m emulator`: the emulator on a port until it is told to stop."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import Any

import yaml

from .emulator import SEEDS, TOKEN, Emulator
from .http.faults import parse_fault
from .http.request_log import Request
from .remote import EmulatorProcess
from .tunnel.request import TunnelRequest
from .tunnel.tunnel import as_address

STOPPING = (signal.SIGTERM, signal.SIGINT)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="A balena API on this machine, for trying out playbooks and for tests.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
    add("--port", type=int, default=0, help="port to listen at (default: a free one)")
    add("--seed", action="append", default=[], metavar="FILE", help="YAML of fleets and devices, or `demo`/`bench`")
    add("--devices", type=int, metavar="N", help="number of devices of every device template of the seeds")
    add("--token", default=TOKEN, help="API key of the user admin (default: %(default)s)")
    add("--flavor", choices=("openbalena", "cloud"), default="openbalena", help="what the server can do")
    add("--flaw", choices=("columns",), help="what the server gets wrong, see the README")
    add("--latency", type=float, default=0.0, metavar="MS", help="milliseconds before each answer")
    add("--api-latency", type=float, dest="latency", metavar="MS", help=argparse.SUPPRESS)
    add("--idle-timeout", type=float, default=5.0, metavar="S", help="close a connection that is idle that long")
    add("--fault", action="append", default=[], metavar="K=V,...", help="such as path=/v7/device,nth=2,status=503")
    add("--simulate", nargs="?", const="{}", metavar="YAML", help="let the devices live, such as `{fail_percent: 5}`")
    add("--rate", type=float, default=1.0, help="virtual seconds in a real second (default: %(default)s)")
    add("--start", type=float, metavar="SECONDS", help="virtual time to start with, seconds since 1970")
    add("--tls-cert", metavar="PEM", help="serve HTTPS with this certificate")
    add("--tls-key", metavar="PEM", help="its key")
    add("--tunnel-port", type=int, metavar="N", help="open a tunnel to devices at this port (0: a free one)")
    add("--tunnel-cert", metavar="PEM", help="its certificate (default: that of --tls-cert)")
    add("--tunnel-key", metavar="PEM", help="the certificate's key")
    add("--device-ssh", action="append", default=[], metavar="UUID=PORT", help="where a device's ssh server really is")
    add("--quiet", action="store_true", help="do not print the requests")
    add("--print-token", action="store_true", help="print only the token when ready, not the whole line")
    add("--background", action="store_true", help="leave it running, and print what tells a shell where it is")
    return parser.parse_args(arguments)


def print_request(request: Request) -> None:
    """One line for a request, to standard error."""
    query = f"?{request.query}" if request.query else ""
    fault = f" fault={request.fault}" if request.fault else ""
    line = f"{request.status} {request.method} {request.path}{query} {request.duration * 1000:.1f} ms {request.sent} B"
    print(line + fault, file=sys.stderr, flush=True)


def print_tunnel_request(request: TunnelRequest) -> None:
    """One line for a connection through the tunnel, to standard error."""
    fault = f" fault={request.fault}" if request.fault else ""
    print(f"{request.status} {request.method} {request.target}{fault}", file=sys.stderr, flush=True)


def open_tunnel(emulator: Emulator, options: argparse.Namespace) -> None:
    """Open the tunnel that the command line asks for; raises ValueError if its options do not go together."""
    if options.tunnel_port is None:
        if options.device_ssh or options.tunnel_cert:
            raise ValueError("there is no tunnel without --tunnel-port")
        return
    certificate, key = options.tunnel_cert or options.tls_cert, options.tunnel_key or options.tls_key
    if certificate is None:
        raise ValueError("a tunnel needs --tunnel-cert")
    shown = None if options.quiet else print_tunnel_request
    tunnel = emulator.open_tunnel(certificate, key, options.tunnel_port, options.host, shown)
    for pair in options.device_ssh:
        uuid, _sign, address = pair.partition("=")
        tunnel.lead(uuid, as_address(address))


def build(options: argparse.Namespace) -> Emulator:
    """The emulator that the command line describes, not started yet."""
    emulator = Emulator(
        seed=[SEEDS / f"{name}.yml" if name in ("demo", "bench") else name for name in options.seed],
        flavor=options.flavor,
        flaw=options.flaw,
        token=options.token,
        host=options.host,
        port=options.port,
        latency=options.latency,
        idle_timeout=options.idle_timeout,
        devices=options.devices,
        start=options.start,
        rate=options.rate,
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
        on_request=None if options.quiet else print_request,
    )
    for text in options.fault:
        emulator.faults.add(**parse_fault(text))
    open_tunnel(emulator, options)
    if options.simulate is not None:
        settings: dict[str, Any] = yaml.safe_load(options.simulate) or {}
        emulator.simulate(**settings)
    return emulator


def start_in_background(arguments: list[str]) -> int:
    """Start an emulator that stays, and print the shell's commands that point Ansible at it."""
    emulator = EmulatorProcess(*(argument for argument in arguments if argument != "--background"))
    try:
        emulator.start()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"export BALENA_API_URL={emulator.url}")
    print(f"export BALENA_TOKEN={emulator.token}")
    if emulator.tunnel_address:
        print(f"export BALENA_TUNNEL_ADDRESS={emulator.tunnel_address}")
    print(f"export BALENA_EMULATOR_PID={emulator.pid}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT."""
    options = parse_arguments(arguments)
    if options.background:
        return start_in_background(sys.argv[1:] if arguments is None else arguments)
    # Waited for, not handled: a handler that is interrupted by a second signal could lock itself out.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        emulator = build(options)
    except (OSError, ValueError, LookupError, yaml.YAMLError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 2
    with emulator:
        ready = f"balena emulator at {emulator.url} token {emulator.token}"
        if emulator.tunnel is not None:
            ready += f" tunnel {emulator.tunnel.address}"
        print(emulator.token if options.print_token else ready, flush=True)
        signal.sigwait(STOPPING)
    return 0


if __name__ == "__main__":
    sys.exit(main())
