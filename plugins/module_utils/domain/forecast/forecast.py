# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan costs before it is made: restarts of containers, reboots, bytes to download. Pure: nothing is asked here.

The cost is what differs for the devices between the situation as it is and as it will be, so that several changes of a
device count as the one restart that they bring about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...engine.plan import Act, Change, Plan
from .situation import Device, Image, Situation, after

#: Configuration that is read when a device boots, so that the supervisor reboots it for a change: the files config.txt,
#: extlinux.conf, uEnv.txt and the like (balena's documentation of configuration variables), behind either namespace.
_BOOT = ("HOST_CONFIG_", "HOST_EXTLINUX_", "HOST_EXTRAUENV_", "HOST_ODMDATA_", "HOST_SPLASH_IMAGE", "HOST_CONFIGFS_")
_NAMESPACES = ("BALENA_", "RESIN_")


@dataclass(frozen=True)
class Cost:
    """What a plan costs one device.

    :param restarts: how often the container of each service is started anew.
    :param download: bytes, as far as they are known.
    :param unknown: whether it downloads more, of which the API does not know the size.
    """

    restarts: Mapping[str, int] = field(default_factory=dict)
    reboots: int = 0
    download: int = 0
    unknown: bool = False

    def __bool__(self) -> bool:
        """Whether the device notices anything."""
        return bool(self.restarts or self.reboots or self.download or self.unknown)


def costs(before: Situation, plan: Plan) -> dict[str, Cost]:
    """What a plan costs the devices, by uuid; those that notice nothing are left out.

    :param before: the devices that it may reach, as they are.
    """
    then = after(before, (step for step in plan.steps if isinstance(step, Change)))
    acts = {act.key[0]: act for act in plan.acts}
    found = {uuid: _cost(before, then, device, acts.get(uuid)) for uuid, device in before.devices.items()}
    return {uuid: cost for uuid, cost in found.items() if cost}


def told(before: Situation, found: Mapping[str, Cost]) -> dict[str, Any]:
    """The forecast as a result has it: the sum of the costs of all devices."""
    restarts: Counter[str] = Counter()
    for cost in found.values():
        restarts.update(cost.restarts)
    return {
        "devices": len(found),
        "offline": sum(not before.devices[uuid].online for uuid in found),
        "restarts": sum(restarts.values()),
        "services": dict(sorted(restarts.items())),
        "reboots": sum(cost.reboots for cost in found.values()),
        "download_bytes": sum(cost.download for cost in found.values()),
        "download_unknown": sum(cost.unknown for cost in found.values()),
    }


def _cost(before: Situation, then: Situation, device: Device, act: Act | None) -> Cost:
    later = then.devices[device.uuid]
    old, new = before.target_of(device), then.target_of(later)
    present = before.releases.get(device.running or 0, ())
    moves = new is not None and new not in (old, device.running)
    images = then.releases.get(new or 0, ()) if moves else present
    fetched = [image for image in images if image not in present]
    restarts: Counter[str] = Counter()
    boots = _boot_config(before.config(device)) != _boot_config(then.config(later))
    if boots:
        restarts.update(image.service for image in present)
    for image in images:
        differs = before.environment(device, image.service) != then.environment(later, image.service)
        if image in fetched or (differs and not boots):
            restarts[image.service] += 1
    os = later.os != device.os or (act is not None and act.resource == "os_update")
    if os:
        restarts.update(image.service for image in images)
    sizes = [image.size for image in _unlike(fetched, present)]
    return Cost(
        dict(restarts),
        int(boots) + int(os),
        sum(size or 0 for size in sizes),
        os or later.supervisor != device.supervisor or None in sizes,
    )


def _unlike(images: Iterable[Image], present: Iterable[Image]) -> list[Image]:
    """The images whose content is not on the device, each content once."""
    seen = {image.content for image in present if image.content}
    found = []
    for image in images:
        if image.content not in seen:
            found.append(image)
        if image.content:
            seen.add(image.content)
    return found


def _boot_config(config: Mapping[str, str]) -> dict[str, str]:
    """The part of a configuration that devices read when they boot; both namespaces mean the same."""
    plain = {name.removeprefix(space): value for space in _NAMESPACES for name, value in config.items()}
    return {name: value for name, value in plain.items() if name.startswith(_BOOT)}
