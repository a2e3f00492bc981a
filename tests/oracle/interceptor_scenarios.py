# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts behind the recordings of ``balena.interceptors``, found by words of their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, Interceptor
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaError


def _read(balena: Balena) -> Any:
    return balena.models.device.get(2001, {"$select": "id"})


def _order(balena: Balena) -> list[str]:
    seen: list[str] = []

    def note(text: str) -> Callable[[Any], Any]:
        def hook(value: Any) -> Any:
            seen.append(text)
            return value

        return hook

    for name in ("a", "b"):
        balena.interceptors.append(Interceptor(request=note(f"request {name}"), response=note(f"response {name}")))
    _read(balena)
    return seen


def _stop(_options: Any) -> Any:
    raise BalenaError("stop")


def _throws(balena: Balena) -> Any:
    balena.interceptors.append(Interceptor(request=_stop))
    return _read(balena)


def _adds_header(balena: Balena) -> Any:
    def add(options: Any) -> Any:
        options.headers["x-extra"] = "yes"
        return options

    balena.interceptors.append(Interceptor(request=add))
    return _read(balena)


def _recovers(balena: Balena) -> list[str]:
    seen: list[str] = []

    def remember(options: Any) -> Any:
        kept.append(options)
        return _stop(options)

    def go_on(error: Exception) -> Any:
        seen.append(str(error))
        return kept[0]

    kept: list[Any] = []
    balena.interceptors += [Interceptor(request=remember), Interceptor(request_error=go_on)]
    _read(balena)
    return seen


def _replaced(balena: Balena) -> Any:
    balena.interceptors = []
    return _read(balena)


SCENARIOS: dict[str, Callable[[Balena], Any]] = {
    "order of the four hooks": _order,
    "request interceptor adds a header": _adds_header,
    "request interceptor throws": _throws,
    "requestError recovers": _recovers,
    "replacing the array": _replaced,
}
