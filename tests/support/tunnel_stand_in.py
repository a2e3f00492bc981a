# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for balena's tunnel (TLS, then HTTP CONNECT with Basic authentication) and a real sshd behind it."""

from __future__ import annotations

import base64
import os
import pwd
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

from tests.support.certificates import make_certificates

SSHD = next((path for path in ("/usr/sbin/sshd", shutil.which("sshd") or "") if os.access(path, os.X_OK)), None)


class TunnelStandIn:
    """Listens on loopback; knows one token and which devices are online, and passes connections on to a port."""

    def __init__(self, folder: Path, token: str, online: set[str], port: int) -> None:
        made = make_certificates(folder)
        self.certificate = made.authority
        self._token, self._online, self._port = token, online, port
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(made.server, made.key)
        self._tls.sni_callback = lambda _connection, name, _context: self.asked_names.append(name)
        self.asked_names: list[str | None] = []
        self.heads: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"localhost:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with self._tls.wrap_socket(plain, server_side=True) as client:
                head = b""
                while b"\r\n\r\n" not in head and (block := client.recv(4096)):
                    head += block
                self.heads.append(head.decode())
                status = self._judge(head.decode())
                if status != 200:
                    client.sendall(f"HTTP/1.0 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
                    return
                with socket.create_connection(("127.0.0.1", self._port)) as device:
                    client.sendall(b"HTTP/1.0 200 Connection Established\r\n\r\n")
                    self._pump(client, device)
        except OSError:
            return

    def _judge(self, head: str) -> int:
        lines = head.split("\r\n")
        credentials = next((line.split()[-1] for line in lines if line.startswith("Proxy-Authorization: Basic ")), "")
        if base64.b64decode(credentials).decode().partition(":")[2] != self._token:
            return 407
        target = lines[0].split()[1]
        if not target.endswith(".balena:22222"):
            return 403
        return 200 if target.split(".")[0] in self._online else 503

    @staticmethod
    def _pump(client: ssl.SSLSocket, device: socket.socket) -> None:
        """Pass bytes both ways until one end closes; in one thread, since two must not use a TLS connection at once."""
        while True:
            readable = [client] if client.pending() else select.select([client, device], [], [])[0]
            for end, other in ((client, device), (device, client)):
                if end in readable:
                    block = end.recv(65536)
                    if not block:
                        client.unwrap()
                        return
                    other.sendall(block)


class SshServer:
    """Debian's sshd on loopback, as whoever runs the tests, with a key of its own and one for the client."""

    def __init__(self, folder: Path) -> None:
        if SSHD is None:
            raise RuntimeError("these tests need sshd: apt-get install openssh-server openssh-client")
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.key = folder / "client_key"
        for key in (folder / "host_key", self.key):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        settings = {
            "Port": self.port, "ListenAddress": "127.0.0.1", "HostKey": folder / "host_key", "PidFile": "none",
            "AuthorizedKeysFile": f"{self.key}.pub", "StrictModes": "no", "UsePAM": "no", "PermitRootLogin": "yes",
            "PasswordAuthentication": "no",
        }  # fmt: skip
        # No Subsystem: like a device's, this sshd has no sftp.
        config = folder / "sshd_config"
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8")
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen([SSHD, "-D", "-E", str(folder / "log"), "-f", str(config)])
        self._wait()

    def _wait(self) -> None:
        for _attempt in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        self.close()
        raise RuntimeError("sshd did not start")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)
