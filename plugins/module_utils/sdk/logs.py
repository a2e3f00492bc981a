# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.logs``: what a device's services wrote, so far and from now on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._arguments import check_arguments
from .errors import BalenaInvalidResponseError, BalenaUsageError

if TYPE_CHECKING:
    from . import Balena
    from ._stream import Stream


class LogSubscription:
    """The lines of a device's log as they come: an iterator of dicts, to be used in a ``for`` and a ``with``.

    >>> with balena.logs.subscribe(uuid) as lines:
    ...     for line in lines:
    ...         print(line["message"])

    A line that is not JSON is skipped (with the option ``debug`` it raises BalenaInvalidResponseError, and iterating
    can go on after it). Iteration ends when the server closes the stream or :meth:`unsubscribe` is called, and raises
    BalenaConnectionError when the connection breaks.

    Args:
        stream: the open answer.
        report_bad_lines: raise on a line that is not JSON.
    """

    def __init__(self, stream: Stream, report_bad_lines: bool = False) -> None:
        self._stream = stream
        self._lines = stream.iter_lines()
        self._report_bad_lines = report_bad_lines

    def __enter__(self) -> LogSubscription:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.unsubscribe()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        """Wait for the next line and return it; its fields are those of :meth:`Logs.history`."""
        while True:
            line = next(self._lines)
            if not line.strip():
                continue  # a sign of life
            try:
                message: dict[str, Any] = json.loads(line)
                return message
            except ValueError:
                if self._report_bad_lines:
                    raise BalenaInvalidResponseError(f"A line of the log is not JSON: {line[:80]!r}") from None

    def unsubscribe(self) -> None:
        """Close the stream; may be called from another thread, and no line comes after it."""
        self._stream.close()


@check_arguments
class Logs:
    """The log of a device. The API keeps about the last 1000 lines.

    Args:
        balena: the connection that this belongs to.
    """

    def __init__(self, balena: Balena) -> None:
        self._balena = balena

    def history(
        self, uuid_or_id: str | int | None, *, count: int | str | None = None, start: str | int | None = None
    ) -> list[dict[str, Any]]:
        """Return the lines that the API keeps.

        Args:
            uuid_or_id: the device.
            count: how many of the last lines, or ``all``.
            start: only lines after this time (milliseconds since 1970, or an ISO date).

        Returns:
            Dicts with ``message``, ``timestamp`` (milliseconds), ``isSystem``, ``isStdErr`` and ``serviceId``.

        Raises:
            BalenaDeviceNotFound, BalenaAmbiguousDevice, BalenaInvalidParameterError: for ``uuid_or_id``.
            BalenaRequestError, BalenaConnectionError: the API refused or did not answer.
        """
        lines: list[dict[str, Any]] = self._balena.request.send(**self._request(uuid_or_id, count, start)).body
        return lines

    def subscribe(
        self, uuid_or_id: str | int | None, *, count: int | str | None = None, start: str | int | None = None
    ) -> LogSubscription:
        """Return the lines as they come, after the last ``count`` that the API keeps.

        Arguments and errors are those of :meth:`history`, and ``start`` needs a ``count``. The stream may be silent for
        ``stream_timeout`` seconds.
        """
        if start is not None and count is None:
            raise BalenaUsageError("The count parameter is required when specifying the start parameter")
        stream = self._balena.request.stream(**self._request(uuid_or_id, count, start, stream=1))
        return LogSubscription(stream, self._balena.options.debug)

    def _request(self, uuid_or_id: Any, count: Any, start: Any, **more: Any) -> dict[str, Any]:
        uuid = self._balena.models.device.get(uuid_or_id, {"$select": "uuid"})["uuid"]
        return {
            "url": f"/device/v2/{uuid}/logs",
            "base_url": self._balena.options.api_root,
            "qs": {"count": count, "start": start, **more},
        }
