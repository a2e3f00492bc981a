# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device actions service, which updates the operating systems of devices. It lives on a domain of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ._answers import check_body
from .models._namespace import Row, api_call

if TYPE_CHECKING:
    from . import Balena


class OsActions:
    """The service as one SDK instance reaches it; the API is asked once where that is.

    Args:
        sdk: the SDK instance.
        urls_base: the domain of device URLs, if it is known already.
    """

    def __init__(self, sdk: Balena, urls_base: str | None = None) -> None:
        self._sdk = sdk
        self._lock = threading.Lock()
        self._urls_base = urls_base or sdk.options.device_urls_base

    def urls_base(self) -> str:
        """Return the domain of device URLs.

        Raises:
            BalenaRequestError: the API does not say it; an openBalena server has none (404).
        """
        # Updates of several devices begin at once: the first asks, the others wait for its answer.
        with self._lock:
            if self._urls_base is None:
                config: Row = api_call(self._sdk, "GET", "/config", send_token=False, shape="object")
                check_body(config.get("deviceUrlsBase"), "text", "GET /config")
                self._urls_base = str(config["deviceUrlsBase"])
            return self._urls_base

    def start(self, uuid: str, target_os_version: str, *, run_detached: bool = False) -> Row:
        """Start the update of a device without looking whether it can work.

        Args:
            uuid: the device's full uuid.
            target_os_version: the version to update to, for example ``2.26.0+rev1.prod``.
            run_detached: let the device work alone, without a connection that is kept open.

        Returns:
            The status of the update, see :meth:`status`.

        Raises:
            BalenaRequestError: the service, or the server that should know where it is, refused the request.
        """
        body = {"parameters": {"target_version": target_os_version}}
        return self._send("POST", "v2" if run_detached else "v1", uuid, body)

    def status(self, uuid: str) -> Row:
        """Read how the update of a device goes.

        Args:
            uuid: the device's full uuid.

        Returns:
            ``status`` (``idle``, ``configuring``, ``in_progress``, ``done``, ``error``), ``parameters``, ``error``,
            ``fatal``.

        Raises:
            BalenaRequestError: the service refused the request; with 400 it does not know the device.
        """
        return self._send("GET", "v1", uuid)

    def _send(self, method: str, version: str, uuid: str, body: Any = None) -> Row:
        url = f"{self._root()}/{version}/{quote(str(uuid), safe='')}/resinhup"
        status: Row = api_call(self._sdk, method, url, body, shape="object")
        if status.get("parameters") is not None:
            check_body(status["parameters"], "object", f"{method} {url}")
        return status

    def _root(self) -> str:
        """Return the address of the service. A whole one (of a stand-in, or a proxy of one's own) is taken as it is."""
        base = self.urls_base()
        return base.rstrip("/") if "://" in base else f"https://actions.{base}"
