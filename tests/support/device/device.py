# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One device: its host OS, its engine, and the containers of its services as the supervisor makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .engine import Engine
from .host import Host

if TYPE_CHECKING:
    from emulator import Emulator

Row = dict[str, Any]
SUPERVISOR = "balena_supervisor"
# Ends at once when it is told to, which the first process of a container does not do by itself.
IDLE = ("sh", "-c", "trap 'exit 0' TERM INT; sleep 1000000 & wait")


@dataclass(frozen=True)
class Service:
    """What a service runs.

    image: `busybox` or `python`; command: of its container; volumes: where its named volumes are mounted, by name;
    environment: more variables than those of the supervisor; options: more options of `docker run`.
    """

    image: str = "busybox"
    command: Sequence[str] = IDLE
    volumes: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()


# One that Ansible's modules run in, one that they do not, and one that ends every few seconds. Ten seconds at least:
# after less than that, the engine waits longer from restart to restart.
SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        "api": Service("python", volumes={"data": "/data"}),
        "web": Service(),
        "flaky": Service(command=("sh", "-c", "sleep 10.5; exit 1")),
    }
)


class Device:
    """A device that runs; made by DeviceKit.

    name, uuid: as the emulator has them; port: of its sshd on loopback; engine, host: its
    container engine and its host OS.
    """

    def __init__(
        self, emulator: Emulator, row: Row, services: Mapping[str, Service], engine: Engine, host: Host
    ) -> None:
        self._emulator, self.services = emulator, dict(services)
        self.engine, self.host = engine, host
        self.id, self.uuid, self.name = int(row["id"]), str(row["uuid"]), str(row["device_name"])
        store = emulator.store
        self.app_id = int(row["belongs_to__application"])
        self.app_uuid = str(store.get("application", self.app_id)["uuid"])  # type: ignore[index]
        self._release: Row | None = store.get("release", row["is_running__release"])
        self.containers: dict[str, str] = {}

    @property
    def port(self) -> int:
        """Where its sshd listens, on loopback."""
        return self.host.sshd.port

    @property
    def key(self) -> Path:
        """The private key that its sshd lets in."""
        return self.host.sshd.key

    @property
    def commit(self) -> str:
        """The commit of the release that it runs."""
        assert self._release is not None, f"{self.name} runs no release"
        return str(self._release["commit"])

    def run_services(self) -> None:
        """Start the containers of all services, and the supervisor's."""
        self.engine.load("busybox")
        self.engine.run(
            "run", "--detach", "--network", "none", "--name", SUPERVISOR, "--restart", "always", "busybox", *IDLE
        )
        for name, service in self.services.items():
            self.run_service(name, service)

    def run_service(self, name: str, service: Service, release: Row | None = None) -> str:
        """Start a container of a service, of the running release or of another; its name."""
        release = release or self._release
        assert release is not None, f"{self.name} runs no release"
        row = self._emulator.store.query("service", application=self.app_id, service_name=name)[0]
        image = self._image(int(row["id"]), release)
        container = f"{name}_{image}_{release['id']}_{release['commit']}"
        self.engine.load(service.image)
        labels = {
            "io.balena.supervised": "true", "io.balena.app-id": self.app_id, "io.balena.app-uuid": self.app_uuid,
            "io.balena.service-id": row["id"], "io.balena.service-name": name,
        }  # fmt: skip
        variables = {
            "BALENA": "1", "BALENA_APP_ID": self.app_id, "BALENA_APP_UUID": self.app_uuid,
            "BALENA_DEVICE_NAME_AT_INIT": self.name, "BALENA_DEVICE_UUID": self.uuid, "BALENA_SERVICE_NAME": name,
        }  # fmt: skip
        options = [f"--label={key}={value}" for key, value in labels.items()]
        options += [f"--env={key}={value}" for key, value in {**variables, **service.environment}.items()]
        for volume, path in service.volumes.items():
            options.append(f"--volume={self.volume(volume)}:{path}")
        options += service.options
        self.engine.run(
            "run", "--detach", "--network", "none", "--name", container, "--restart", "always", *options,
            service.image, *service.command,
        )  # fmt: skip
        self.containers[name] = container
        return container

    def _image(self, service: int, release: Row) -> int:
        store = self._emulator.store
        links = store.query("image__is_part_of__release", is_part_of__release=release["id"])
        return next(
            int(link["image"])
            for link in links
            if store.get("image", link["image"])["is_a_build_of__service"] == service  # type: ignore[index]
        )

    def volume(self, name: str) -> str:
        """What the engine calls a named volume of the fleet; made if it is not there."""
        called = f"{self.app_id}_{name}"
        labels = {"io.balena.supervised": "true", "io.balena.app-uuid": self.app_uuid}
        self.engine.run("volume", "create", *(f"--label={key}={value}" for key, value in labels.items()), called)
        return called

    def volume_folder(self, name: str) -> Path:
        """Where a volume's files are on this machine."""
        return self.engine.folder / "data" / "volumes" / self.volume(name) / "_data"

    def exec(self, service: str, *command: str, stdin: bytes | None = None) -> str:
        """Run a command in a service's container, past ssh; what it prints.

        Raises:
            RuntimeError: it failed.
        """
        return self.engine.run("exec", "--interactive", self.containers[service], *command, stdin=stdin)

    def stop(self, service: str) -> None:
        """Stop a service's container; it stays stopped."""
        self.engine.run("stop", "--time", "1", self.containers[service])

    def start(self, service: str) -> None:
        """Start a service's container again."""
        self.engine.run("start", self.containers[service])

    def restart(self, service: str) -> None:
        """Restart a service's container: its commands end, its id stays."""
        self.engine.run("restart", "--time", "0", self.containers[service])

    def replace(self, service: str) -> None:
        """Make a service's container anew, as an update does: another id, and files outside of volumes are gone."""
        self.engine.run("rm", "--force", self.containers[service])
        self.run_service(service, self.services[service])

    def processor_seconds(self) -> float:
        """Seconds of processors that its sshd and its engine took so far."""
        return self.host.sshd.processor_seconds() + self.engine.processor_seconds()

    def set_online(self, online: bool) -> None:
        """Whether the cloud sees the device."""
        self._emulator.store.update("device", self.id, is_online=online, is_connected_to_vpn=online)

    def close(self) -> None:
        """End its sshd; the kit ends the engine."""
        self.host.close()
