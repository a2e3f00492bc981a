# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tunnel to devices: who gets through to what, what it passes on, and what it makes of nonsense."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from emulator import Emulator, EmulatorProcess
from emulator.emulator import TOKEN
from emulator.tunnel.tunnel import Tunnel
from tests.integration.emulator.test_cloud import START, Cloud
from tests.integration.emulator.test_cloud_users import grant
from tests.integration.emulator.test_emulator import FLEET
from tests.support.certificates import Certificates, make_certificates

MEGABYTE = 1024 * 1024


class Echo:
    """In the place of a device's sshd: says hello, and gives back what it gets."""

    HELLO = b"hello from the device\n"

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(self.HELLO)
                while block := connection.recv(65536):
                    if block == b"bye\n":
                        return
                    connection.sendall(block)
            except OSError:
                return

    def close(self) -> None:
        self._listener.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def echo() -> Iterator[Echo]:
    running = Echo()
    yield running
    running.close()


@pytest.fixture
def uuid(emulator: Emulator) -> str:
    emulator.seed(FLEET)
    return str(emulator.store.query("device")[0]["uuid"])


@pytest.fixture
def tunnel(emulator: Emulator, uuid: str, echo: Echo, certificates: Certificates) -> Iterator[Tunnel]:
    emulator.store.update("device", emulator.store.ids("device"), is_online=True, is_connected_to_vpn=True)
    opened = emulator.open_tunnel(certificates.server, certificates.key)
    opened.lead(uuid, echo.port)
    yield opened
    emulator.close_tunnel()


def connect(tunnel: Tunnel, certificates: Certificates) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=certificates.authority)
    plain = socket.create_connection(("127.0.0.1", tunnel.port), 30)
    return context.wrap_socket(plain, server_hostname="localhost")


def ask(connection: ssl.SSLSocket, target: str, token: str | None = TOKEN, user: str = "root") -> tuple[int, bytes]:
    """Ask for a port; the status of the answer and what has come behind it."""
    head = f"CONNECT {target} HTTP/1.0\r\nHost: {target}\r\n"
    if token is not None:
        head += f"Proxy-Authorization: Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}\r\n"
    return send(connection, f"{head}\r\n".encode())


def send(connection: ssl.SSLSocket, head: bytes) -> tuple[int, bytes]:
    """Send anything; the status of the answer, 0 if there was none, and what has come behind it."""
    connection.sendall(head)
    answer = b""
    while b"\r\n\r\n" not in answer and (block := connection.recv(4096)):
        answer += block
    head, _blank, rest = answer.partition(b"\r\n\r\n")
    return (int(head.split(b" ")[1]), rest) if head else (0, b"")


def read(connection: ssl.SSLSocket, size: int, begun: bytes = b"") -> bytes:
    while len(begun) < size and (block := connection.recv(65536)):
        begun += block
    return begun


def test_it_leads_to_the_device(tunnel, certificates, uuid):
    with connect(tunnel, certificates) as connection:
        status, begun = ask(connection, f"{uuid}.balena:22222", user="whoever")
        assert status == 200
        assert read(connection, len(Echo.HELLO), begun) == Echo.HELLO
        connection.sendall(b"and back")
        assert read(connection, 8) == b"and back"
        assert tunnel.connections(uuid) == 1
    (request,) = tunnel.requests
    assert (request.server_name, request.user, request.status) == ("localhost", "whoever", 200)
    assert TOKEN not in repr(request)


@pytest.mark.parametrize(
    ("target", "token", "status"),
    [
        ("{uuid}.balena:22222", "wrong", 407),
        ("{uuid}.balena:22222", "", 407),
        ("{uuid}.balena:22222", None, 407),
        ("{upper}.balena:22222", TOKEN, 407),  # like the API, which has them in lower case alone
        ("{short}.balena:22222", TOKEN, 407),  # uuids in full alone
        ("0123456789abcdef0123456789abcdef.balena:22222", TOKEN, 407),
        ("{uuid}.resin:22222", TOKEN, 200),
        ("{uuid}.vpn:22222", TOKEN, 200),
        ("{uuid}.balena:22223", TOKEN, 500),  # nothing listens there
        ("{uuid}.balena", TOKEN, 500),
        ("{uuid}:22222", TOKEN, 403),
        ("{uuid}.balena.example.com:22222", TOKEN, 403),
        ("localhost:22", TOKEN, 403),
        ("127.0.0.1:22", "wrong", 403),
        ("{uuid}.balena:ssh", TOKEN, 403),
        ("{uuid}.balena:", TOKEN, 403),
        ("../{uuid}.balena:22222", TOKEN, 403),
    ],
)
def test_its_answers(tunnel, certificates, uuid, target, token, status):
    with connect(tunnel, certificates) as connection:
        asked = target.format(uuid=uuid, upper=uuid.upper(), short=uuid[:7])
        assert ask(connection, asked, token)[0] == status
        if status != 200:
            assert connection.recv(1) == b"", "and the connection ends"


def test_a_device_that_is_offline_or_nowhere(tunnel, certificates, emulator, uuid, echo):
    def status() -> int:
        with connect(tunnel, certificates) as connection:
            return ask(connection, f"{uuid}.balena:22222")[0]

    assert status() == 200
    emulator.store.update("device", emulator.store.ids("device"), is_connected_to_vpn=False)
    assert status() == 503
    emulator.store.update("device", emulator.store.ids("device"), is_connected_to_vpn=True)
    tunnel.lead(uuid, None)
    assert status() == 503
    tunnel.lead(uuid, echo.port)
    assert status() == 200
    echo.close()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    tunnel.lead(uuid, port)
    assert status() == 500
    with connect(tunnel, certificates) as connection:
        assert ask(connection, f"{uuid}.balena:22222", "wrong")[0] == 407, "who may not does not learn that"


def test_a_token_that_has_expired(tunnel, certificates, emulator, uuid):
    key = emulator.store.query("api_key", key=TOKEN)[0]["id"]
    emulator.store.update("api_key", key, expiry_date="2001-01-01T00:00:00.000Z")
    with connect(tunnel, certificates) as connection:
        assert ask(connection, f"{uuid}.balena:22222")[0] == 407


@pytest.fixture(scope="module")
def cloud(certificates: Certificates) -> Iterator[Cloud]:
    with Emulator(seed=FLEET, flavor="cloud", start=START, rate=0) as emulator:
        emulator.open_tunnel(certificates.server, certificates.key)
        yield Cloud(emulator)


@pytest.mark.parametrize(("role", "status"), [("observer", 407), ("operator", 200), ("developer", 200), (None, 407)])
def test_who_gets_through_on_balena_cloud(cloud, certificates, echo, role, status):
    cloud.emulator.reset()
    store, tunnel = cloud.emulator.store, cloud.emulator.tunnel
    device = store.query("device")[0]
    store.update("device", device["id"], is_online=True, is_connected_to_vpn=True)
    tunnel.lead(device["uuid"], echo.port)
    token = grant(cloud, "frank", role, "membership") if role else cloud.register("eve@example.com")
    for somebody, expected in ((token, status), (TOKEN, 200)):
        with connect(tunnel, certificates) as connection:
            assert ask(connection, f"{device['uuid']}.balena:22222", somebody)[0] == expected


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"POST /v7/device HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 405),
        (b"nonsense\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 400),
        (b"CONNECT x\r\n\r\n", 400),
        (b"CONNECT a.balena:22222 HTTP/2\r\n\r\n", 400),
        (b"CONNECT ab.balena:22222 HTTP/1.0\r\nno colon\r\n\r\n", 400),
        (b"CONNECT ab.balena:22222 HTTP/1.0\r\nProxy-Authorization: Basic ===\r\n\r\n", 407),
        (b"CONNECT ab.balena:22222 HTTP/1.0\r\nProxy-Authorization: Basic /////w==\r\n\r\n", 407),
        (b"CONNECT ab.balena:22222 HTTP/1.0\r\nProxy-Authorization: Bearer abc\r\n\r\n", 407),
        (b"CONNECT ab.balena:22222 HTTP/1.0\r\nProxy-Authorization:\r\n\r\n", 407),
        (b"CONNECT ab.balena:99999999999999999999 HTTP/1.0\r\n\r\n", 407),
        (b"\xff\xfe\x00\r\n\r\n", 400),
        (b"CONNECT " + b"a" * 40_000 + b".balena:22222 HTTP/1.0\r\n\r\n", 400),
    ],
)
def test_nonsense_is_answered_and_harms_nobody(tunnel, certificates, uuid, head, status):
    with connect(tunnel, certificates) as connection:
        assert send(connection, head)[0] == status
    with connect(tunnel, certificates) as connection:
        assert ask(connection, f"{uuid}.balena:22222")[0] == 200


def test_who_says_nothing_or_does_not_speak_tls(tunnel, certificates, uuid):
    silent = connect(tunnel, certificates)
    plain = socket.create_connection(("127.0.0.1", tunnel.port), 30)
    plain.sendall(b"CONNECT x.balena:22222 HTTP/1.0\r\n\r\n")
    with connect(tunnel, certificates) as connection:
        assert ask(connection, f"{uuid}.balena:22222")[0] == 200
    silent.close()
    assert not plain.recv(100).startswith(b"HTTP")
    plain.close()


def test_fifty_at_once_with_much_in_both_directions(tunnel, certificates, uuid):
    def exchange(number: int) -> bool:
        block = hashlib.sha256(str(number).encode()).digest() * (MEGABYTE // 32)
        with connect(tunnel, certificates) as connection:
            status, begun = ask(connection, f"{uuid}.balena:22222")
            begun = read(connection, len(Echo.HELLO), begun)
            back = b""
            for start in range(0, MEGABYTE, 32768):
                connection.sendall(block[start : start + 32768])
                back = read(connection, start + 32768, back)
            return status == 200 and begun == Echo.HELLO and back == block

    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(exchange, range(50)))
    assert len(tunnel.requests) == 50
    assert all(request.received == MEGABYTE + len(Echo.HELLO) for request in tunnel.requests)


def test_what_the_device_sent_last_arrives(tunnel, certificates, uuid):
    """A command's output, and then the device closes."""
    with connect(tunnel, certificates) as connection:
        _status, begun = ask(connection, f"{uuid}.balena:22222")
        begun = read(connection, len(Echo.HELLO), begun)
        connection.sendall(b"x" * MEGABYTE)
        assert len(read(connection, MEGABYTE)) == MEGABYTE
        connection.sendall(b"bye\n")
        assert connection.recv(1) == b""


def is_broken_off(connection: ssl.SSLSocket) -> bool:
    """Whether the connection ends other than in good order."""
    connection.suppress_ragged_eofs = False  # type: ignore[attr-defined]
    try:
        while connection.recv(65536):
            pass
    except (ssl.SSLEOFError, ConnectionError):
        return True
    return False


def test_a_drop_in_mid_transfer(tunnel, certificates, uuid, emulator):
    emulator.fault(method="CONNECT", path=uuid, nth=1, truncate=100_000)
    with connect(tunnel, certificates) as connection:
        assert ask(connection, f"{uuid}.balena:22222")[0] == 200
        with pytest.raises((OSError, AssertionError)):
            for _number in range(100):
                connection.sendall(b"x" * 10_000)
                assert read(connection, 10_000)
        assert is_broken_off(connection)
    assert tunnel.requests[0].fault == "fault"
    with connect(tunnel, certificates) as connection:
        assert ask(connection, f"{uuid}.balena:22222")[0] == 200


def test_other_faults(tunnel, certificates, uuid, emulator):
    emulator.fault(method="CONNECT", nth=1, status=500)
    emulator.fault(method="CONNECT", nth=2, drop="before")
    emulator.fault(method="CONNECT", nth=3, delay=0.5)
    started = time.monotonic()
    found = []
    for _number in range(3):
        with connect(tunnel, certificates) as connection:
            found.append(ask(connection, f"{uuid}.balena:22222")[0])
    assert found == [500, 0, 200]
    assert time.monotonic() - started >= 0.5
    assert requests.get(f"{emulator.url}/ping", timeout=10).text == "OK", "faults of CONNECT are not the API's"


def test_open_connections_are_dropped_on_request(tunnel, certificates, uuid, emulator):
    connections = [connect(tunnel, certificates) for _number in range(3)]
    for connection in connections:
        assert ask(connection, f"{uuid}.balena:22222")[0] == 200
    assert tunnel.drop("another") == 0
    assert tunnel.drop(uuid) == 3
    assert all(is_broken_off(connection) for connection in connections)
    with connect(tunnel, certificates) as connection:
        assert ask(connection, f"{uuid}.balena:22222")[0] == 200
    emulator.reset()
    assert tunnel.leads() == {}
    assert tunnel.requests == []


def test_from_the_command_line(certificates, echo, tmp_path):
    seed = tmp_path / "seed.yml"
    seed.write_text("applications: [{name: shop, releases: [{version: 1.0.0}], devices: [{name: till}]}]", "utf-8")
    options = ["--seed", str(seed), "--tunnel-port", "0"]
    files = ["--tunnel-cert", str(certificates.server), "--tunnel-key", str(certificates.key)]
    with EmulatorProcess(*options, *files) as running:
        found = requests.get(
            f"{running.url}/v7/device?$select=uuid", timeout=10, headers={"Authorization": f"Bearer {running.token}"}
        )
        uuid = found.json()["d"][0]["uuid"]
        assert running.tunnel_address is not None
        host, port = running.tunnel_address.split(":")
        context = ssl.create_default_context(cafile=certificates.authority)

        def status() -> int:
            plain = socket.create_connection((host, int(port)), 30)
            with context.wrap_socket(plain, server_hostname=host) as connection:
                return ask(connection, f"{uuid}.balena:22222", running.token)[0]

        assert status() == 503
        running.lead(uuid, echo.port)
        assert status() == 200
        assert running.drop_tunnels() in (0, 1)
        assert running.state()["tunnel"]["devices"] == {f"{uuid}:22222": f"127.0.0.1:{echo.port}"}
        running.lead(uuid, None)
        assert status() == 503


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--tls-cert", "/none"], "/none"),
        (["--tls-cert", __file__, "--tls-key", "/none"], "/none"),
        (["--tunnel-port", "0"], "--tunnel-cert"),
        (["--device-ssh", "ab=22"], "--tunnel-port"),
        (["--tunnel-port", "0", "--tunnel-cert", "/none"], "/none"),
    ],
)
def test_wrong_options_are_told(options, word):
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "emulator", *options], cwd=root, capture_output=True, text=True, check=False,
        env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr
