# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device's host OS: a file system with busybox, the engine's client and sshd, and no Python, as balenaOS has none."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .engine import DOCKER, Engine
from .images import busybox_image, python_image
from .sshd import SSHD, SshServer

# Newer releases of OpenSSH have their sessions in programs of their own.
SESSIONS = [
    path for path in map(Path, ("/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-auth")) if path.exists()
]
CLIENT = Path("usr/lib/engine/docker")
WRAPPER = '#!/bin/sh\nexec /usr/lib/engine/docker --host unix:///run/engine/engine.sock "$@"\n'
FOLDERS = (
    "etc/ssh",
    "home/root",
    "mnt/boot",
    "mnt/data/docker",
    "run/engine",
    "run/sshd",
    "usr/lib/engine",
    "usr/sbin",
)
PASSWD = (
    "root:x:0:0:root:/home/root:/bin/sh\nsshd:x:74:74:sshd:/run/sshd:/bin/false\n"
    "nobody:x:65534:65534:nobody:/:/bin/false\n"
)
# Seen by sshd and its sessions alone; the mounts go with them.
ENTER = """
root=$1 engine=$2 client=$3; shift 3
hostname "$(cat "$root/etc/hostname")" &&
mount --rbind /dev "$root/dev" && mount -t proc proc "$root/proc" && mount --bind /sys "$root/sys" &&
mount --bind "$engine/run" "$root/run/engine" && mount --bind "$engine/data" "$root/mnt/data/docker" &&
mount --bind "$client" "$root/usr/lib/engine/docker" && exec chroot "$root" "$@"
"""


class Host:
    """The host OS of a device, which is reached by ssh alone.

    command: what the engine's client is called: `balena-engine`, or `docker` as in old versions; settings: of sshd;
    system: the image that it is made of, `python` for a comparison with a host that has Python.
    """

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        device: Mapping[str, Any],
        key: Path,
        *,
        command: str = "balena-engine",
        settings: Mapping[str, Any] | None = None,
        system: str = "busybox",
    ) -> None:
        self.root = folder / "root"
        with image_file(system) as packed:
            packed.extractall(self.root)
        self._fill(command, device)
        enter: list[str | Path] = [
            "unshare",
            "--uts",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            ENTER,
            "sh",
            self.root,
            engine.folder,
            DOCKER,
        ]
        ssh = self.root / "etc" / "ssh"
        self.sshd = SshServer(ssh, key, settings, before=enter, inside=Path("/etc/ssh"))

    def _fill(self, command: str, device: Mapping[str, Any]) -> None:
        for name in FOLDERS:
            (self.root / name).mkdir(parents=True, exist_ok=True)
        assert SSHD is not None
        for program in (Path(SSHD), *SESSIONS):
            self._copy(program)
        for program in (Path(SSHD), *SESSIONS, Path(DOCKER)):
            for library in libraries(program):
                self._copy(library)
        (self.root / CLIENT).touch()
        wrapper = self.root / "usr" / "bin" / command
        wrapper.write_text(WRAPPER, encoding="utf-8")
        wrapper.chmod(0o755)
        for name, text in system_files(device).items():
            (self.root / name).write_text(text, encoding="utf-8")

    def _copy(self, file: Path) -> None:
        there = self.root / file.relative_to("/")
        if not there.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, there)

    def close(self) -> None:
        """End sshd and its sessions."""
        self.sshd.close()


def image_file(name: str) -> tarfile.TarFile:
    """The tar file of an image, open for reading."""
    return tarfile.open(python_image()) if name == "python" else tarfile.open(fileobj=io.BytesIO(busybox_image()))


def libraries(program: Path) -> list[Path]:
    """The libraries that a program is linked with; none if it is static."""
    listed = subprocess.run(["ldd", program], check=False, capture_output=True, text=True)
    return [Path(path) for path in re.findall(r"(?:=> |^\s+)(/\S+) \(", listed.stdout, re.MULTILINE)]


def system_files(device: Mapping[str, Any]) -> dict[str, str]:
    """Files by which balenaOS says what it is; those of a device, by its row."""
    version = str(device.get("os_version") or "balenaOS 6.0.41").removeprefix("balenaOS ")
    config = {"uuid": device.get("uuid"), "applicationId": device.get("belongs_to__application")}
    return {
        "etc/passwd": PASSWD,
        "etc/group": "root:x:0:\nsshd:x:74:\nnogroup:x:65534:\n",
        "etc/hostname": f"{str(device.get('uuid'))[:7]}\n",
        "etc/os-release": (
            f'ID="balena-os"\nNAME="balenaOS"\nVERSION="{version}"\nVERSION_ID="{version}"\n'
            f'PRETTY_NAME="balenaOS {version}"\nVARIANT_ID="{device.get("os_variant") or "prod"}"\n'
            f'META_BALENA_VERSION="{version}"\n'
        ),
        "mnt/boot/config.json": json.dumps(config),
    }
