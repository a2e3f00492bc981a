# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container engine of one's own: dockerd with its data in a folder that goes with it."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .guarded import ENVIRONMENT, Guarded
from .images import busybox_image, python_image

DOCKERD = next((path for path in ("/usr/sbin/dockerd", "/usr/bin/dockerd") if Path(path).exists()), "")
# Debian's; another one in /usr/local may not understand the daemon.
DOCKER = next((path for path in ("/usr/bin/docker", shutil.which("docker") or "") if Path(path).is_file()), "")
START_SECONDS = 60.0
PING = b"GET /_ping HTTP/1.0\r\n\r\n"
# In a mount namespace of its own: no mount of a container is seen outside, and none outlives its processes. The
# engine's helpers keep their sockets in /run/containerd, whatever they are told.
PREPARE = 'mkdir -p /run/containerd && mount -t tmpfs tmpfs /run/containerd && exec "$@"'
STORAGE_DRIVERS = ("overlay2", "vfs")


class Engine:
    """An engine that runs from the start until close.

    Its folder has a short path, since those of sockets are limited to 107 bytes.
    """

    def __init__(self) -> None:
        self.name = f"balena-{secrets.token_hex(4)}"
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir="/tmp"))
        self.socket = self.folder / "run" / "engine.sock"
        self.socket.parent.mkdir()
        (self.folder / "daemon.json").write_text("{}", encoding="utf-8")
        self._process: Guarded | None = None
        self._starts = 0
        self._images: set[str] = set()
        self._driver = ""
        try:
            self._start_with_some_driver()
        except BaseException:
            self.close()
            raise

    def _start_with_some_driver(self) -> None:
        for driver in STORAGE_DRIVERS:
            self._driver = driver
            try:
                self.start()
            except RuntimeError:
                if driver == STORAGE_DRIVERS[-1]:
                    raise
                shutil.rmtree(self.folder / "data", ignore_errors=True)
            else:
                return

    def start(self) -> None:
        """Start the daemon; after `stop`, it finds its containers, images and volumes again."""
        self._starts += 1
        # A fresh one each time: after a daemon that was killed, what it kept in there is wrong.
        state = self.folder / f"exec{self._starts}"
        command: list[str | Path] = [
            "unshare", "--mount", "--propagation", "private", "sh", "-c", PREPARE, "sh", DOCKERD,
            "--config-file", self.folder / "daemon.json", "--bridge=none", "--iptables=false", "--ip6tables=false",
            f"--storage-driver={self._driver}", "--data-root", self.folder / "data", "--exec-root", state,
            "--host", f"unix://{self.socket}", "--pidfile", self.folder / f"pid{self._starts}",
            "--cgroup-parent", f"/{self.name}", "--exec-opt", "native.cgroupdriver=cgroupfs",
            "--shutdown-timeout", "2", "--log-level", "warn",
        ]  # fmt: skip
        self._process = Guarded(command, self.folder / "log", self.folder, self.name)
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > end or not self._process.is_running():
                printed = self._process.printed()
                self._process.close(keep=True)
                raise RuntimeError(f"dockerd did not start: {printed[-2000:]}")
            time.sleep(0.02)

    def processor_seconds(self) -> float:
        """Seconds of processors that the daemon and all containers took so far."""
        return self._process.processor_seconds() if self._process else 0.0

    def answers(self, seconds: float = 5.0) -> bool:
        """Whether the daemon answers within that time; one that hangs does not."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            try:
                connection.connect(str(self.socket))
                connection.sendall(PING)
                return b" 200 " in connection.recv(64)
            except OSError:
                return False

    def run(self, *arguments: str, stdin: bytes | None = None, check: bool = True, timeout: float = 120) -> str:
        """Run the engine's client with these arguments; what it prints.

        Raises:
            RuntimeError: it failed; the message is the client's.
        """
        done = subprocess.run(
            [DOCKER, "--host", f"unix://{self.socket}", *arguments], input=stdin, check=False, capture_output=True,
            timeout=timeout, env={**ENVIRONMENT, "HOME": str(self.folder)},
        )  # fmt: skip
        if check and done.returncode:
            raise RuntimeError(f"{arguments[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="replace").strip()

    def inspect(self, container: str) -> dict[str, Any]:
        """What the engine knows of a container."""
        found: dict[str, Any] = json.loads(self.run("container", "inspect", container))[0]
        return found

    def load(self, image: str) -> None:
        """Have an image: `busybox` or `python`."""
        if image in self._images:
            return
        if image == "busybox":
            self.run("import", "-", image, stdin=busybox_image())
        elif image == "python":
            self.run("import", str(python_image()), image)
        else:
            raise ValueError(f"not an image of the tests: {image}; they have busybox and python")
        self._images.add(image)

    def clear(self) -> None:
        """Remove all containers and volumes; the images stay."""
        for kind, remove in (("container", ("rm", "--force")), ("volume", ("rm", "--force"))):
            options = ("ls", "--all", "--quiet") if kind == "container" else ("ls", "--quiet")
            found = self.run(kind, *options).split()
            if found:
                self.run(kind, *remove, *found)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """While the daemon takes connections and answers nothing."""
        assert self._process is not None
        self._process.suspend()
        try:
            yield
        finally:
            self._process.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the daemon and all containers at once, as when the power goes; what is on the disk stays."""
        self._end(gently=False)

    def stop(self) -> None:
        """Stop the containers, then the daemon; `start` starts it again."""
        self._end(gently=True)

    def _end(self, *, gently: bool) -> None:
        assert self._process is not None
        if gently:
            self._process.end_gently()
        self._process.close(keep=True)
        self.socket.unlink(missing_ok=True)
        self._process = None

    def close(self) -> None:
        """End it, with all that it has started and written."""
        if self._process is not None:
            self._process.close()
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)
