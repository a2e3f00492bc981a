# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a config.json holds: the options of a task, what the server adds, and who the device is.

The names in it are those that the official CLI writes with C(balena config generate).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...engine import dates
from ...engine.plan import DeclarationError
from ...sdk import os_version
from .options import Content

Config = dict[str, Any]

#: IEEE 802.11: a name has up to 32 bytes; WPA: 8 to 63 characters, or 64 hexadecimal digits of a key.
_LONGEST_SSID = 32
_WIFI_KEY = range(8, 65)
_MINUTE = 60_000


@dataclass(frozen=True)
class Wanted:
    """What a config.json should hold besides who it is for.

    :param options: what the server is asked with.
    :param settings: what is in the file; None says that it is not.
    """

    options: Mapping[str, Any]
    settings: Mapping[str, Any]


def wanted(want: Content) -> Wanted:
    """What the file should hold.

    :raises DeclarationError: options that do not fit each other.
    """
    version = want["version"].strip().removeprefix("v")
    if not (version[:1].isdigit() and os_version.valid(version)):
        raise DeclarationError(f"version '{want['version']}' is not a balenaOS version, such as 6.0.41")
    if want["development_mode"] and "prod" in version.split("."):
        raise DeclarationError(f"development_mode cannot be used with version '{version}', which is for production")
    _check_wifi(want)
    settings = {
        "appUpdatePollInterval": want["app_update_poll_interval"] * _MINUTE,
        "developmentMode": True if want["development_mode"] else None,
        "wifiSsid": want["wifi_ssid"],
        "wifiKey": want["wifi_key"],
    }
    names: Final = ("network", "wifi_ssid", "wifi_key", "app_update_poll_interval", "development_mode")
    return Wanted({"version": version, **{name: want[name] for name in names}}, settings)


def _check_wifi(want: Content) -> None:
    ssid, key = want["wifi_ssid"], want["wifi_key"]
    if want["network"] != "wifi":
        useless = [name for name in ("wifi_ssid", "wifi_key") if want[name] is not None]
        if useless:
            raise DeclarationError(f"{', '.join(useless)} can only be used with network: wifi")
        return
    if not ssid:
        raise DeclarationError("network: wifi needs wifi_ssid")
    if len(ssid.encode("utf-8", "surrogatepass")) > _LONGEST_SSID:
        raise DeclarationError(f"wifi_ssid '{ssid}' is longer than {_LONGEST_SSID} bytes")
    if key is not None and len(key) not in _WIFI_KEY:
        raise DeclarationError(
            f"wifi_key has {len(key)} characters; a network's key has 8 to 63 (leave it out if none)"
        )


def provisioning_key(want: Content) -> dict[str, Any]:
    """The options that describe the key with which devices join.

    :raises DeclarationError: no date, or one that is over.
    """
    expires = want["provisioning_key_expires"]
    moment = dates.declared(expires, "provisioning_key_expires") if expires else None
    if moment and moment <= dates.now():
        raise DeclarationError(f"provisioning_key_expires '{expires}' is over")
    return {"name": want["provisioning_key_name"], "expires": dates.as_stored(moment) if moment else None}


def of_fleet(template: Config, settings: Mapping[str, Any]) -> Config:
    """A config.json with which any device joins.

    :param template: what the server made.
    :param settings: those of L(Wanted); they are written as they are compared, whatever the server makes of them.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    return {**{name: value for name, value in template.items() if name not in settings}, **given}


def of_device(template: Config, settings: Mapping[str, Any], device: Mapping[str, Any]) -> Config:
    """A config.json of one device that is registered.

    :param device: C(id), C(uuid), C(key) and C(device_type).
    """
    common = of_fleet(template, settings)
    common.pop("apiKey", None)
    return {
        **common,
        "deviceType": device["device_type"],
        "deviceId": device["id"],
        "uuid": device["uuid"],
        "deviceApiKey": device["key"],
        "registered_at": int(time.time()),
    }


def as_text(config: Config) -> str:
    """A config.json as it is written."""
    return json.dumps(config, ensure_ascii=False, indent=2) + "\n"


def differences(found: Config, settings: Mapping[str, Any], identity: Mapping[str, Any]) -> list[str]:
    """The names in which a config.json differs from what it should hold.

    :param identity: what says for which application and device it is.
    """
    expected = {**settings, **identity}
    return [name for name, value in expected.items() if found.get(name) != value]
