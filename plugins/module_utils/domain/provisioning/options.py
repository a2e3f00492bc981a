# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of balena_config."""

from __future__ import annotations

from typing import Any, TypedDict


class Content(TypedDict):
    """What is said of the file."""

    version: str
    network: str
    wifi_ssid: str | None
    wifi_key: str | None
    app_update_poll_interval: int
    development_mode: bool
    provisioning_key_name: str | None
    provisioning_key_expires: str | None


class Each(TypedDict):
    """One of several devices that a task lists."""

    uuid: str | None
    serial: str | None
    name: str | None
    device_type: str | None
    note: str | None
    tags: dict[str, Any] | None
    env: dict[str, Any] | None


class Devices(Each):
    """The devices that get one."""

    each: list[Each] | None


class Want(Content, Devices):
    """The options of the module balena_config."""

    application: str
    device_api_key: str | None
    dest: str | None
    verify_keys: bool
