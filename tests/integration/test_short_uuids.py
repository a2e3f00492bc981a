# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The beginning of a uuid names no device: nothing is read or changed by it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaDeviceNotFound,
    BalenaError,
    BalenaInvalidParameterError,
)
from emulator import Emulator
from tests.support.local_server import LocalServer

UUID = "7cf02a687b74206f92cb455969cf8e98"
#: They ask the device something, with a POST.
READS = {"ping", "get_application_info", "get_supervisor_state", "get_all_by_device"}
ARGUMENTS = {
    "new_name": "x",
    "note": "x",
    "latitude": 1,
    "longitude": 1,
    "expiry_timestamp": 9e15,
    "image_id": 1,
    "key": "BALENA_X",
    "value": "x",
    "name": "x",
    "service_name_or_id": "main",
    "application_slug_or_uuid_or_id": "acme/kiosk",
    "full_release_hash_or_id": 1,
    "supervisor_version_or_id": "16.1.0",
    "target_os_version": "6.0.0",
    "parent": None,
}


def _methods(namespace: Any, path: str = "device") -> Iterator[tuple[str, Callable[..., Any]]]:
    """All methods about one device, in the namespaces below too."""
    for name in dir(type(namespace)):
        if name.startswith("_"):
            continue
        found = getattr(namespace, name)
        if inspect.ismethod(found):
            first = next(iter(inspect.signature(found).parameters), "")
            if first.startswith("uuid") or first == "parent":
                yield f"{path}.{name}", found
        elif hasattr(found, "_sdk"):
            yield from _methods(found, f"{path}.{name}")


def _call(method: Callable[..., Any], device: str) -> None:
    _first, *others = inspect.signature(method).parameters.values()
    needed = [item for item in others if item.default is item.empty]
    plain = [ARGUMENTS.get(item.name) for item in needed if item.kind is not item.KEYWORD_ONLY]
    named = {item.name: ARGUMENTS.get(item.name) for item in needed if item.kind is item.KEYWORD_ONLY}
    method(device, *plain, **named)


@pytest.fixture
def device(emulator: Emulator) -> Emulator:
    """A fleet with one device."""
    emulator.seed({"applications": [{"name": "kiosk", "devices": [{"name": "one", "online": True}]}]})
    return emulator


def _uuid(emulator: Emulator) -> str:
    return next(row["uuid"] for row in emulator.store.query("device") if row["device_name"] == "one")


def test_there_are_as_many_methods_as_one_thinks() -> None:
    names = {name for name, _method in _methods(Balena(token="t", data_directory=False).models.device)}
    assert {"device.remove", "device.reboot", "device.tags.set", "device.service_var.remove"} < names


@pytest.mark.parametrize("length", [7, 31])
def test_no_method_changes_a_device_that_is_named_by_the_beginning_of_its_uuid(device: Emulator, length: int) -> None:
    balena = Balena(api_url=device.url, token=device.token, data_directory=False, max_retries=0)
    for name, method in _methods(balena.models.device):
        device.clear_requests()
        try:
            _call(method, _uuid(device)[:length])
        except BalenaError:
            pass
        else:
            assert not name.endswith((".remove", ".set")), "nothing was refused"
        if name.rsplit(".", maxsplit=1)[-1] not in READS:
            assert device.writes() == [], name


def test_32_digits_are_never_the_beginning_of_62() -> None:
    with LocalServer() as server:
        balena = Balena(api_url=server.url, token="t", data_directory=False)
        with pytest.raises(BalenaDeviceNotFound):
            balena.models.device.remove(UUID)
        assert "startswith" not in server.requests[0].path
        assert server.methods == ["GET"]


def test_the_error_says_which_argument_is_wrong() -> None:
    with LocalServer() as server:
        balena = Balena(api_url=server.url, token="t", data_directory=False)
        with pytest.raises(BalenaInvalidParameterError, match="7cf02a6 is not a valid value"):
            balena.models.device.reboot("7cf02a6")
        assert server.requests == []


def test_reads_do_not_take_the_beginning_of_a_uuid_either(device: Emulator) -> None:
    balena = Balena(api_url=device.url, token=device.token, data_directory=False)
    for read in (balena.models.device.get, balena.models.device.tags.get_all_by_device, balena.logs.history):
        with pytest.raises(BalenaInvalidParameterError):
            read(_uuid(device)[:12])
    assert device.requests() == []
