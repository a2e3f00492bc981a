# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images for the engine: busybox alone, and Debian with Python."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
CACHE = CHECKOUT / ".cache" / "device"
BUSYBOX = Path("/bin/busybox")
DEBOOTSTRAP = "/usr/sbin/debootstrap"
# With apt's own module, which tasks with packages need.
PACKAGES = "python3,python3-apt"
# A third of the size, and nothing that a service needs.
NEEDLESS = (
    "usr/share/doc",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/info",
    "var/cache/apt",
    "var/lib/apt/lists",
)
SYSTEM_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/os-release": 'ID=busybox\nNAME="BusyBox"\n',
}
SYSTEM_FOLDERS = ("bin", "dev", "etc", "proc", "root", "sys", "tmp", "usr", "usr/bin", "var")


@cache
def applets() -> list[str]:
    """The names of busybox's commands."""
    listed = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split() if name != "busybox"]


@cache
def busybox_image() -> bytes:
    """A tar file of a system that has busybox and nothing else."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in SYSTEM_FOLDERS:
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
        for name, text in SYSTEM_FILES.items():
            file = tarfile.TarInfo(name)
            file.size, file.mode = len(text), 0o644
            tar.addfile(file, io.BytesIO(text.encode()))
        tar.add(BUSYBOX.resolve(), "bin/busybox")
        for name in applets():
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return packed.getvalue()


def python_image() -> Path:
    """A tar file of a small Debian with Python, of the release that this machine runs; made once and kept."""
    release = os_release()
    made = CACHE / f"python-{release}.tar"
    CACHE.mkdir(parents=True, exist_ok=True)
    with only_one(CACHE / "lock"):
        if not made.exists():
            _make_python_image(made, release)
    return made


def _make_python_image(made: Path, release: str) -> None:
    with tempfile.TemporaryDirectory(prefix="python-image-") as folder:
        root = Path(folder) / "root"
        command = [DEBOOTSTRAP, "--variant=minbase", f"--include={PACKAGES}", release, str(root), mirror()]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment | proxies)
        if done.returncode:
            raise RuntimeError(f"debootstrap cannot make an image with Python:\n{done.stdout[-2000:]}{done.stderr}")
        for name in NEEDLESS:
            shutil.rmtree(root / name, ignore_errors=True)
        unfinished = made.with_suffix(".unfinished")
        with tarfile.open(unfinished, "w") as tar:
            tar.add(root, ".", filter=lambda member: None if member.name.startswith("./dev/") else member)
        unfinished.rename(made)


def os_release() -> str:
    """The name of this machine's release, such as `bookworm`."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    names = dict(line.partition("=")[::2] for line in lines)
    return names.get("VERSION_CODENAME", "stable").strip('"')


def mirror() -> str:
    """Where this machine has its packages from."""
    listed = subprocess.run(
        ["/usr/bin/apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    release = os_release()
    found = [line.split()[0] for line in listed.stdout.splitlines() if line.split()[1:] == [release]]
    if not found:
        raise LookupError(f"apt has no source of packages for {release}, of which the test devices are made")
    return found[0]


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """While no other process is in here."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
