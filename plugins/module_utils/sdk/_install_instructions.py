# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How balenaOS gets onto a device of a certain type, in steps for people.

The wording is that of the reference, which users compare with the dashboard: it comes from the recordings. A device
type's contract says how it is flashed and has the steps that are particular to it, as "partials".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

from ._contract_templates import escape, fill_in_partials, lines, look_up, resolve_alias
from ._text import js_text
from .errors import BalenaError

_OS_NAME = "balenaOS"
_ETCHER = "We recommend using [Etcher](https://etcher.balena.io/)."

Instructions = Union[list[str], dict[str, list[str]]]


def install_method(contract: dict[str, Any]) -> str:
    """Tell how devices of a type are flashed.

    Args:
        contract: the device type's contract.

    Returns:
        The contract's `flashProtocol` ("jetsonFlash", "edisonFlash" ...; RPIBOOT is called "internalFlash"), else
        "image", "externalFlash" or "externalBoot" by where the device boots from.

    Raises:
        BalenaError: the contract does not say.
    """
    flash_protocol = look_up(contract, "data.flashProtocol")
    if flash_protocol:
        return "internalFlash" if flash_protocol == "RPIBOOT" else js_text(flash_protocol)
    default_boot = look_up(contract, "data.media.defaultBoot")
    if not default_boot:
        slug = contract.get("slug", "undefined")
        raise BalenaError(f"Unable to determine installation method for contract: {js_text(slug)}")
    return {"image": "image", "internal": "externalFlash"}.get(default_boot, "externalBoot")


def _steps(contract: dict[str, Any], partial: str) -> list[str]:
    """The contract's own steps under this name; empty if it has none."""
    steps = look_up(contract, f"partials.{partial}")
    return [js_text(step) for step in steps] if isinstance(steps, list) else []


def _boot(contract: dict[str, Any]) -> str:
    boot_device = look_up(contract, "partials.bootDevice")
    return f"{'' if boot_device is None else js_text(boot_device)} to boot the device."


def _write_to(target: str) -> list[str]:
    return [
        f"Write the {_OS_NAME} file you downloaded to the {target}. {_ETCHER}",
        f"Wait for writing of {_OS_NAME} to complete.",
    ]


def _prepare_medium(medium: str, device: str) -> list[str]:
    """Write the OS to a medium (SD card, USB key) and put that into the device."""
    return [
        f"Insert the {medium} to the host machine.",
        *_write_to(medium),
        f"Remove the {medium} from the host machine.",
        f"Insert the freshly flashed {medium} into the {device}.",
    ]


def _image(contract: dict[str, Any]) -> list[str]:
    return [" ".join(_steps(contract, "instructions"))]


def _usb_mass_storage(contract: dict[str, Any]) -> list[str]:
    return _steps(contract, "instructions")


def _internal_flash(contract: dict[str, Any]) -> list[str]:
    return [
        " ".join(_steps(contract, "connectDevice")),
        *_write_to(escape(contract.get("name"))),
        " ".join(_steps(contract, "disconnectDevice")),
        _boot(contract),
    ]


def _external_boot(contract: dict[str, Any]) -> list[str]:
    medium = escape(resolve_alias(look_up(contract, "data.media.defaultBoot")))
    return [*_prepare_medium(medium, escape(contract.get("name"))), _boot(contract)]


def _external_flash(contract: dict[str, Any]) -> list[str]:
    device = escape(contract.get("name"))
    medium = escape(resolve_alias(look_up(contract, "data.media.altBoot.[0]")))
    indicator = look_up(contract, "partials.flashIndicator")
    wait = f"Please wait until {escape(indicator)}." if indicator else ""
    return [
        *_prepare_medium(medium, device),
        '<strong role="alert">Warning!</strong> This will also completely erase internal storage medium, '
        "so please make a backup first.",
        " ".join(_steps(contract, "bootDeviceExternal")),
        f"Wait for the {device} to finish flashing and shutdown. {wait}",
        f"Remove the {medium} from the {device}.",
        " ".join(_steps(contract, "bootDeviceInternal")),
        _boot(contract),
    ]


def _jetson_flash(contract: dict[str, Any]) -> list[str]:
    manual = f"https://github.com/balena-os/jetson-flash/blob/master/docs/{escape(contract.get('slug'))}.md"
    return [
        f"To provision {escape(contract.get('name'))}, follow the instructions using our "
        f"[Jetson Flash tool]({manual}) to make the process more streamlined."
    ]


def _edison_flash(contract: dict[str, Any], host: str) -> list[str]:
    device = escape(contract.get("name"))
    return [
        " ".join(_steps(contract, f"{host}.flashDependencies")),
        f"Unplug the {device} from your system",
        f"Unzip the downloaded {_OS_NAME} file",
        " ".join(_steps(contract, f"{host}.flashInstructions")),
        f"Plug the {device} as per the instructions on your terminal.",
        "You can check the progress of the provisioning on your terminal.",
    ]


_WRITERS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "image": _image,
    "internalFlash": _internal_flash,
    "externalFlash": _external_flash,
    "externalBoot": _external_boot,
    "jetsonFlash": _jetson_flash,
    "usbMassStorage": _usb_mass_storage,
}


def install_instructions(contract: dict[str, Any]) -> Instructions | None:
    """Write the steps to install balenaOS on a device type.

    Args:
        contract: the device type's contract, with or without `partials`; it is not changed.

    Returns:
        The steps in order (they may hold HTML), or, where they depend on the computer used, such a list for each of
        "Linux", "MacOS" and "Windows"; None for an installation method that is not known here.

    Raises:
        BalenaError: the contract does not say how the device is flashed, or has a template that cannot be read.
    """
    method = install_method(contract)
    filled = fill_in_partials(contract)
    if method == "edisonFlash":
        return {host: lines(_edison_flash(filled, host)) for host in ("Linux", "MacOS", "Windows")}
    writer = _WRITERS.get(method)
    return lines(writer(filled)) if writer else None
