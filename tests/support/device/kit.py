# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes devices, and ends them with all that belongs to them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.certificates import make_certificates

from .device import SERVICES, Device, Service
from .engine import DOCKER, DOCKERD, Engine
from .host import Host
from .images import BUSYBOX, DEBOOTSTRAP
from .sshd import SSHD, make_key

if TYPE_CHECKING:
    from emulator import Emulator

NEEDED = {
    "sshd": SSHD,
    "dockerd": DOCKERD,
    "docker": DOCKER,
    str(BUSYBOX): str(BUSYBOX) if BUSYBOX.exists() else "",
    DEBOOTSTRAP: DEBOOTSTRAP if Path(DEBOOTSTRAP).exists() else "",
}


def why_not() -> str | None:
    """Why there cannot be a device on this machine; None if there can be one."""
    if os.getuid() != 0:
        return "a device on this machine needs root"
    missing = [name for name, path in NEEDED.items() if not path]
    return f"a device on this machine needs {', '.join(missing)}: run .ci/system_packages.sh" if missing else None


class Engines:
    """Engines that serve one test after another, since the first start and the images take seconds."""

    def __init__(self) -> None:
        self._free: list[Engine] = []

    def take(self) -> Engine:
        """An engine without containers and volumes."""
        return self._free.pop() if self._free else Engine()

    def give_back(self, engine: Engine) -> None:
        """Keep an engine for the next test, unless this one has broken it."""
        try:
            if not engine.answers():
                raise RuntimeError("the engine does not answer")
            engine.clear()
        except RuntimeError:
            engine.close()
        else:
            self._free.append(engine)

    def close(self) -> None:
        """End all of them."""
        while self._free:
            self._free.pop().close()


class DeviceKit:
    """Devices on this machine behind the tunnel of an emulator; a context manager that ends them.

    folder: for keys, certificates and file systems; engines: those that are kept for other kits, else each device has
    a new one.
    """

    def __init__(self, folder: Path, emulator: Emulator, engines: Engines | None = None) -> None:
        self.folder, self.emulator = folder, emulator
        folder.mkdir(parents=True, exist_ok=True)
        self.key = make_key(folder / "client_key")
        self._engines = engines
        made = make_certificates(folder)
        self.certificate = made.authority
        self.tunnel = emulator.open_tunnel(made.server, made.key)
        self.all: list[Device] = []
        self._taken: list[Engine] = []

    def __enter__(self) -> DeviceKit:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def device(
        self,
        name: str,
        services: Mapping[str, Service] = SERVICES,
        *,
        command: str = "balena-engine",
        sshd: Mapping[str, Any] | None = None,
        system: str = "busybox",
        **seed: Any,
    ) -> Device:
        """Make a device that runs these services; the first way to have one.

        Where the emulator does not know a device of this name, it gets a fleet for it, `acme/<name>`.

        command: what the engine is called on it, `docker` in old versions; sshd: settings, such as
        `{"MaxStartups": "10:100:10"}`; system: `python` for a host OS that has it, unlike balenaOS; seed: of the device
        template, such as `tags={"site": "berlin"}`.
        """
        return self.devices(name, 1, services, command=command, sshd=sshd, system=system, **seed)[0]

    def devices(
        self,
        name: str,
        count: int,
        services: Mapping[str, Service] = SERVICES,
        *,
        command: str = "balena-engine",
        sshd: Mapping[str, Any] | None = None,
        system: str = "busybox",
        **seed: Any,
    ) -> list[Device]:
        """Make several devices of one fleet; `{n:02d}` in the name counts them."""
        store = self.emulator.store
        names = [name.format(n=number + 1) for number in range(count)]
        if not store.query("device", device_name=names[0]):
            self.emulator.seed({"applications": [fleet(name, count, services, seed)]})
        rows = [store.query("device", device_name=each)[0] for each in names]
        return [self._start(row, services, command, sshd, system) for row in rows]

    def _start(
        self,
        row: dict[str, Any],
        services: Mapping[str, Service],
        command: str,
        sshd: Mapping[str, Any] | None,
        system: str,
    ) -> Device:
        engine = self._engines.take() if self._engines else Engine()
        self._taken.append(engine)
        place = self.folder / str(row["uuid"])
        host = Host(place, engine, row, self.key, command=command, settings=sshd, system=system)
        device = Device(self.emulator, row, services, engine, host)
        self.all.append(device)
        self.tunnel.lead(device.uuid, device.port)
        device.run_services()
        return device

    @property
    def environment(self) -> dict[str, str]:
        """What tells Ansible of the emulator, its tunnel and the key, and nothing of this machine's ssh settings."""
        return {
            "BALENA_API_URL": self.emulator.url,
            "BALENA_TOKEN": self.emulator.token,
            "BALENA_TUNNEL_ADDRESS": self.tunnel.address,
            "BALENA_CA_PATH": str(self.certificate),
            "ANSIBLE_PRIVATE_KEY_FILE": str(self.key),
            "ANSIBLE_SSH_ARGS": (
                f"-o ControlMaster=auto -o ControlPersist=60s -o StrictHostKeyChecking=accept-new "
                f"-o UserKnownHostsFile={self.folder}/known_hosts -F none"
            ),
        }

    def close(self) -> None:
        """End all devices and the tunnel."""
        for device in self.all:
            device.close()
        self.emulator.close_tunnel()
        while self._taken:
            engine = self._taken.pop()
            if self._engines is None:
                engine.close()
            else:
                self._engines.give_back(engine)


def fleet(name: str, count: int, services: Mapping[str, Service], seed: Mapping[str, Any]) -> dict[str, Any]:
    """The seed of a fleet of devices that run the same."""
    return {
        "name": "".join(character for character in name.partition("{")[0] if character.isalnum() or character in "-_"),
        "organization": "acme",
        "device_type": "raspberrypi4-64",
        "services": list(services),
        "releases": [{"version": "1.0.0", "age_days": 1}],
        "devices": [{"name": name, "count": count, **seed}],
    }
