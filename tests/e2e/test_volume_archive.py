# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""balena_volume_archive brings volumes of a real engine here and back, whole or not at all, and services run again."""

from __future__ import annotations

import os
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.ansible_runs import TARGETS, Ansible, Run, python_here
from tests.support.device.device import Device, Service

USER = Service(volumes={"data": "/data"})


@pytest.fixture
def device(device_kit) -> Device:
    """A device whose service web uses the volume data; worker uses none."""
    made = device_kit.device("berlin-sign-01", {"web": USER, "worker": Service()})
    folder = made.volume_folder("data")
    (folder / "in").mkdir()
    (folder / "in" / "it's").write_text("hello\n")
    (folder / "blob").write_bytes(os.urandom(2_000_000))
    (folder / "blob").chmod(0o640)
    (folder / "link").symlink_to("blob")
    return made


@pytest.fixture
def on_device(device, device_kit, tmp_path) -> Iterator[Any]:
    """Runs tasks on the host OS and in a container of the device."""
    options = {"balena_uuid": device.uuid, "balena_service": "web"}
    listed = {
        "host-os": {**options, "ansible_connection": "community.balena.host"},
        "web": {**options, "ansible_connection": "community.balena.container"},
    }
    path = tmp_path / "device.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": listed}}), encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="cp-") as short:
        settings = {"ANSIBLE_ROLES_PATH": str(TARGETS), "ANSIBLE_SSH_CONTROL_PATH_DIR": short}
        ansible = Ansible(tmp_path, {**device_kit.environment, **settings})

        def run(host: str, *, status: int | None = 0, **play: Any) -> Run:
            plays = [{"hosts": host, "gather_facts": False, **play}]
            return ansible.playbook(plays, "-i", str(path), *python_here(ansible.folder), status=status)

        yield run


def content(folder: Path) -> dict[str, Any]:
    """All that is in a folder."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            int(path.lstat().st_mtime) if path.is_file() and not path.is_symlink() else None,
            str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None,
        )
        for path in sorted(folder.rglob("*"))
    }


def running(device: Device, service: str) -> bool:
    return bool(device.engine.inspect(device.containers[service])["State"]["Running"])


def archiving(path: Path, **more: Any) -> list[dict[str, Any]]:
    return [{"community.balena.balena_volume_archive": {"volume": "data", "path": str(path), **more}}]


def test_the_target(device, on_device):
    folder = device.volume_folder("data")
    before = content(folder)
    volumes = f"/mnt/data/docker/volumes/{device.volume('data')}/_data"
    done = on_device("host-os", roles=["balena_volume_archive"], vars={"volume_folder": volumes})
    assert done.recap("host-os")["failed"] == 0
    assert content(folder) == before
    assert running(device, "web")


def test_from_a_container_of_the_device(device, on_device, tmp_path):
    path = tmp_path / "archives" / "web.tar.gz"
    assert on_device("web", tasks=archiving(path)).recap("web")["changed"] == 1
    with tarfile.open(path) as packed:
        assert {"./in/it's", "./blob", "./link"} <= set(packed.getnames())
    folder = device.volume_folder("data")
    before = content(folder)
    (folder / "blob").write_bytes(b"broken")
    started = device.engine.inspect(device.containers["worker"])["State"]["StartedAt"]
    assert on_device("web", tasks=archiving(path, state="restored", stop_service=True)).recap("web")["changed"] == 1
    assert content(folder) == before
    assert device.exec("web", "cat", "/data/in/it's").strip() == "hello"
    assert device.engine.inspect(device.containers["worker"])["State"]["StartedAt"] == started
    assert sorted(it.name for it in folder.parent.iterdir()) == ["_data", "_data.restored"]


def test_a_damaged_archive_changes_nothing(device, on_device, tmp_path):
    path = tmp_path / "web.tar.gz"
    on_device("host-os", tasks=archiving(path))
    path.write_bytes(path.read_bytes()[:-1000])
    before = content(device.volume_folder("data"))
    done = on_device("host-os", tasks=archiving(path, state="restored", stop_service=True), status=2)
    assert "is not a whole .tar.gz archive" in done.text
    assert content(device.volume_folder("data")) == before
    assert running(device, "web")


def test_a_connection_that_breaks(device, device_kit, on_device, tmp_path):
    """The file stays what it was, and the script on the device starts the service again, though nobody listens."""
    (device.volume_folder("data") / "large").write_bytes(os.urandom(100_000_000))
    path = tmp_path / "web.tar.gz"
    path.write_bytes(b"what was there")

    def drop() -> None:
        while running(device, "web"):
            time.sleep(0.1)
        device_kit.tunnel.drop()

    dropping = threading.Thread(target=drop, daemon=True)
    dropping.start()
    done = on_device("host-os", tasks=archiving(path, stop_service=True), status=4)
    dropping.join()
    assert "the connection was lost while the command ran" in done.text
    assert path.read_bytes() == b"what was there"
    assert [it.name for it in tmp_path.iterdir() if it.name.startswith(".web")] == []
    end = time.monotonic() + 60
    while not running(device, "web") and time.monotonic() < end:
        time.sleep(0.2)
    assert running(device, "web")


def test_another_connection_is_refused(tmp_path):
    done = Ansible(tmp_path).tasks(archiving(tmp_path / "x.tar.gz"), status=2)
    assert "ansible_connection to community.balena.host or community.balena.container" in done.text
