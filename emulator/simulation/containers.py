# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers of simulated devices: what makes them start anew, what makes devices reboot, and what is downloaded.

As on a device: a changed variable starts the containers that have it anew, unless they wait for a new image, with which
they get it. A changed variable of the boot configuration reboots the device. A new release starts the containers whose
image is another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .device_life import Changes, Seen

#: What a device reads when it boots, behind `BALENA_` or `RESIN_`.
BOOT = ("HOST_CONFIG_", "HOST_EXTLINUX_", "HOST_EXTRAUENV_", "HOST_ODMDATA_", "HOST_SPLASH_IMAGE", "HOST_CONFIGFS_")

Values = Mapping[str, str]


@dataclass(frozen=True)
class Image:
    """An image of a release."""

    id: int
    service: str
    size: int
    content: str | None


@dataclass(frozen=True)
class Told:
    """What a device is told at the moment: the variables of each of its services, and its boot configuration."""

    env: Mapping[str, Values]
    boot: Values


@dataclass
class Account:
    """What a device has done since it was first looked at."""

    restarts: Counter[str] = field(default_factory=Counter)
    reboots: int = 0
    downloaded: int = 0

    def shown(self) -> dict[str, Any]:
        """The account as JSON has it."""
        return {"restarts": dict(self.restarts), "reboots": self.reboots, "downloaded": self.downloaded}


class Containers:
    """The containers of one device."""

    def __init__(self, images: tuple[Image, ...], told: Told) -> None:
        self.account = Account()
        self._images = images
        self._env = {image.service: told.env.get(image.service, {}) for image in images}
        self._boot = told.boot

    def follow(self, seen: Seen, changes: Changes, told: Told, images: Mapping[int, tuple[Image, ...]]) -> bool:
        """Live through a step.

        images: of each release that matters. Returns whether the device reboots because of its configuration.
        """
        if changes.os_release is not None:
            self._reboot()
        if not changes.fields.get("online", seen.online):
            return False
        boots = told.boot != self._boot
        self._boot = told.boot
        if boots:
            self._reboot()
            self._env = {service: told.env.get(service, {}) for service in self._env}
        coming = self._images if seen.target in (None, seen.running) else images.get(seen.target or 0, ())
        for image in coming:
            if image in self._images:
                self._start(image.service, told)
        if changes.runs is not None:
            self._switch(images[changes.runs], told)
        return boots

    def _reboot(self) -> None:
        self.account.reboots += 1
        self.account.restarts.update(list(self._env))

    def _start(self, service: str, told: Told) -> None:
        env = told.env.get(service, {})
        if env != self._env[service]:
            self.account.restarts[service] += 1
            self._env[service] = env

    def _switch(self, images: tuple[Image, ...], told: Told) -> None:
        contents = {image.content for image in self._images}
        for image in images:
            if image in self._images:
                self._start(image.service, told)
                continue
            self.account.restarts[image.service] += 1
            if image.content is None or image.content not in contents:
                self.account.downloaded += image.size
                contents.add(image.content)
        self._images = images
        self._env = {image.service: told.env.get(image.service, {}) for image in images}
