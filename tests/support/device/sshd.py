# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSSH's sshd on a free port of loopback, with keys made for it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .guarded import Guarded

SSHD = next((path for path in ("/usr/sbin/sshd", shutil.which("sshd") or "") if os.access(path, os.X_OK)), None)
START_SECONDS = 30.0


def make_key(path: Path) -> Path:
    """Make a key pair; the public key lies beside the private one, as `<name>.pub`."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", path], check=True)
    return path


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class SshServer:
    """An sshd that lets in whoever has the key; in a folder of its own.

    key: the client's private key, made if it is not given; settings: of sshd_config, such as
    `{"MaxStartups": "1:100:1"}`; before: what the command begins with, such as `chroot FOLDER`; inside: the folder
    as sshd sees it.
    """

    def __init__(
        self,
        folder: Path,
        key: Path | None = None,
        settings: Mapping[str, Any] | None = None,
        *,
        before: Sequence[str | Path] = (),
        inside: Path | None = None,
    ) -> None:
        if SSHD is None:
            raise RuntimeError("these tests need sshd: apt-get install openssh-server openssh-client")
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self._folder, self._before, self._inside = folder, before, inside or folder
        self.key = key or make_key(folder / "client_key")
        self.host_key = make_key(folder / "host_key")
        self._authorized = folder / "authorized_keys"
        self.authorize()
        self.port = free_port()
        self._settings = {
            "Port": self.port, "ListenAddress": "127.0.0.1", "HostKey": self._inside / "host_key", "PidFile": "none",
            "AuthorizedKeysFile": self._inside / "authorized_keys", "StrictModes": "no", "UsePAM": "no",
            "PermitRootLogin": "yes", "PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no",
            "LogLevel": "VERBOSE",
        }  # fmt: skip
        self._process: Guarded | None = None
        self.start(settings)

    def authorize(self, *keys: Path) -> None:
        """Let these keys in and no others; without any, the client's. Whoever is in stays in."""
        public = [Path(f"{key}.pub").read_text(encoding="utf-8") for key in keys or (self.key,)]
        self._authorized.write_text("".join(public), encoding="utf-8")

    def forbid(self) -> None:
        """Let in no key at all."""
        self._authorized.write_text("", encoding="utf-8")

    def start(self, settings: Mapping[str, Any] | None = None) -> None:
        """Start at the same port, with more or other settings if they are given; ends one that runs."""
        self.stop()
        self._settings.update(settings or {})
        # No Subsystem: like a device's, this sshd has no sftp.
        config = "".join(f"{name} {value}\n" for name, value in self._settings.items())
        (self._folder / "sshd_config").write_text(config, encoding="utf-8")
        if os.getuid() == 0 and not self._before:
            Path("/run/sshd").mkdir(parents=True, exist_ok=True)
        assert SSHD is not None
        command = [*self._before, SSHD, "-D", "-e", "-f", self._inside / "sshd_config"]
        (self._folder / "log").touch()
        before = self.log
        self._process = Guarded(command, self._folder / "log")
        self._wait(before)

    def _wait(self, before: str) -> None:
        assert self._process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.is_running():
            # Not tried by a connection, which would count for MaxStartups.
            if f"Server listening on 127.0.0.1 port {self.port}." in self.log[len(before) :]:
                return
            time.sleep(0.02)
        printed = self.log
        self.stop()
        raise RuntimeError(f"sshd did not start: {printed}")

    @property
    def log(self) -> str:
        """What sshd has printed so far: who logged in and who did not."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def processor_seconds(self) -> float:
        """Seconds of processors that it and its sessions took so far."""
        return self._process.processor_seconds() if self._process else 0.0

    def stop(self) -> None:
        """End it with all its sessions, as when the device is switched off; `start` starts it again."""
        if self._process is not None:
            self._process.close()
            self._process = None

    close = stop
