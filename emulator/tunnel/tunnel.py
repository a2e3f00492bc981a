# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint: accepts TLS, answers CONNECT, and passes bytes on to where the device's port really is."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ..http.faults import Fault, Faults
from ..http.tls import server_context
from .access import UNAVAILABLE
from .request import BAD_REQUEST, TunnelRefused, TunnelRequest, read_head, read_target

SSH_PORT = 22222
LONGEST_HEAD = 16 * 1024
HEAD_SECONDS = 60.0
BLOCK = 64 * 1024
UNREACHABLE = 500
PHRASES = {407: "Proxy Authorization Required", 200: "Connection established"}

Address = tuple[str, int]
Check = Callable[[str, "str | None"], None]


class Tunnel:
    """The tunnel of an emulator, run by a thread; a context manager that closes it.

    check: raises TunnelRefused if a token does not get through to a device (by its uuid); certificate, key: PEM files;
    host, port: where to listen, 0 takes a free port; faults: those whose method is CONNECT hit here, the path is the
    `<uuid>.balena:<port>` that was asked for; on_request: called with each request once it is answered.
    """

    def __init__(
        self,
        check: Check,
        certificate: Path | str,
        key: Path | str | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Faults | None = None,
        on_request: Callable[[TunnelRequest], None] | None = None,
    ) -> None:
        self._check, self._faults, self._on_request = check, faults or Faults(), on_request
        self._tls = server_context(certificate, key)
        self._names: WeakKeyDictionary[Any, str | None] = WeakKeyDictionary()
        self._tls.sni_callback = self._note_name
        self.requests: list[TunnelRequest] = []
        self._devices: dict[tuple[str, int], Address] = {}
        self._open: dict[asyncio.StreamWriter, str] = {}
        self._loop = asyncio.new_event_loop()
        # A client that breaks off its handshake is part of the game.
        self._loop.set_exception_handler(lambda _loop, _context: None)
        self._thread = threading.Thread(target=self._loop.run_forever, name="emulator-tunnel", daemon=True)
        self._thread.start()
        try:
            self._server = self._call(self._listen(host, port))
        except BaseException:
            self._end_loop()
            raise
        self.host, self.port = host, int(self._server.sockets[0].getsockname()[1])

    def _call(self, work: Any) -> Any:
        """Run a coroutine in the tunnel's thread and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, host, port, ssl=self._tls, limit=LONGEST_HEAD, backlog=512)

    def __enter__(self) -> Tunnel:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def address(self) -> str:
        """What `tunnel_address` of the inventory wants; by name, since certificates are for names."""
        return f"{'localhost' if self.host == '127.0.0.1' else self.host}:{self.port}"

    def lead(self, uuid: str, address: Address | int | None, port: int = SSH_PORT) -> None:
        """Say where a port of a device really is: an address, a port of this machine, or None for nowhere."""
        if address is None:
            self._devices.pop((uuid, port), None)
        else:
            self._devices[uuid, port] = ("127.0.0.1", address) if isinstance(address, int) else address

    def leads(self) -> dict[str, str]:
        """`<uuid>:<port>` of devices, and where that really is."""
        return {f"{uuid}:{port}": f"{host}:{there}" for (uuid, port), (host, there) in self._devices.items()}

    def connections(self, uuid: str | None = None) -> int:
        """How many connections are open, in all or to one device."""
        return sum(uuid in (None, of) for of in list(self._open.values()))

    def drop(self, uuid: str | None = None) -> int:
        """Break off the open connections, all or those to one device, as a network does; how many there were."""
        return int(self._call(self._drop(uuid)))

    async def _drop(self, uuid: str | None) -> int:
        found = [writer for writer, of in self._open.items() if uuid in (None, of)]
        for writer in found:
            writer.transport.abort()
        return len(found)

    def reset(self) -> None:
        """Break off all connections, and forget the devices and the requests."""
        self.drop()
        self._devices.clear()
        self.requests.clear()

    def close(self) -> None:
        """Stop listening and break off the open connections."""
        if self._loop.is_closed():
            return
        self._call(self._shut())
        self._end_loop()

    async def _shut(self) -> None:
        self._server.close()
        await self._drop(None)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _note_name(self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: object) -> None:
        self._names[connection] = name

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = TunnelRequest(self._names.get(writer.get_extra_info("ssl_object")))
        self.requests.append(request)
        try:
            await self._answer(request, reader, writer)
        except (OSError, EOFError, asyncio.TimeoutError):
            pass  # whoever went away needs no answer
        finally:
            self._open.pop(writer, None)
            writer.close()

    async def _answer(self, request: TunnelRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = None
        try:
            uuid, port, token = await self._read(request, reader)
            fault = self._faults.hit("CONNECT", request.target, "", "")
            await self._suffer(request, fault)
            await self._loop.run_in_executor(None, self._check, uuid, token)
            far = await self._reach(uuid, port)
        except TunnelRefused as refused:
            self._report(request, refused.status)
            if refused.status:
                await send_status(writer, refused.status)
            return
        self._report(request, 200)
        self._open[writer] = uuid
        try:
            writer.write(b"HTTP/1.0 200 Connection established\r\n\r\n")
            await self._pass_on(request, fault, (reader, writer), far)
        finally:
            far[1].close()

    async def _read(self, request: TunnelRequest, reader: asyncio.StreamReader) -> tuple[str, int, str | None]:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
        except asyncio.LimitOverrunError:
            raise TunnelRefused(BAD_REQUEST) from None
        except asyncio.IncompleteReadError as error:
            raise TunnelRefused(BAD_REQUEST if error.partial else 0) from None
        token = read_head(head[:-4], request)
        return (*read_target(request.target), token)

    async def _suffer(self, request: TunnelRequest, fault: Fault | None) -> None:
        """What a fault does before anything else: wait, then answer or drop the connection."""
        if fault is None:
            return
        request.fault = fault.name or "fault"
        await asyncio.sleep(fault.delay)
        status = fault.answer_status()
        if fault.drop == "before" or status is not None:
            raise TunnelRefused(0 if fault.drop == "before" else status or 0)

    async def _reach(self, uuid: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = self._devices.get((uuid, port))
        if address is None:
            raise TunnelRefused(UNAVAILABLE if port == SSH_PORT else UNREACHABLE)
        try:
            return await asyncio.open_connection(*address, limit=BLOCK)
        except OSError:
            raise TunnelRefused(UNREACHABLE) from None

    async def _pass_on(
        self,
        request: TunnelRequest,
        fault: Fault | None,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Pass bytes both ways until one end closes; a fault breaks it off, at once or after as many bytes."""
        limit = 0 if fault and fault.drop == "after" else fault.truncate if fault else None

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter, name: str) -> None:
            while block := await source.read(BLOCK):
                setattr(request, name, getattr(request, name) + len(block))
                if limit is not None and request.sent + request.received > limit:
                    near[1].transport.abort()
                    return
                sink.write(block)
                await sink.drain()

        ways = [
            asyncio.ensure_future(copy(near[0], far[1], "sent")),
            asyncio.ensure_future(copy(far[0], near[1], "received")),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def _report(self, request: TunnelRequest, status: int) -> None:
        request.status = status
        if self._on_request is not None:
            self._on_request(request)

    def describe(self) -> dict[str, Any]:
        """The address, where the devices' ports are, and how many connections are open."""
        return {"address": self.address, "devices": self.leads(), "connections": self.connections()}


async def send_status(writer: asyncio.StreamWriter, status: int) -> None:
    """The answer of the real proxy: a line, and the end of the connection."""
    phrase = PHRASES.get(status) or HTTPStatus(status).phrase
    writer.write(f"HTTP/1.0 {status} {phrase}\r\n\r\n".encode())
    with contextlib.suppress(OSError):
        await writer.drain()


def as_address(text: str | int) -> Address:
    """The address that `[HOST:]PORT` says.

    Raises:
        ValueError: the port is not a number.
    """
    host, _colon, port = str(text).rpartition(":")
    return (host or "127.0.0.1", int(port))
