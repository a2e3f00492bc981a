# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs of devices: short histories, and (for whoever follows them) a stream of what is new."""

from __future__ import annotations

import json
import queue
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

from werkzeug import Response

from ..http.bodies import json_body
from ..http.responses import BadRequest, NotFound, Unauthorized, answer_empty, answer_json
from ..http.routing import Call, route
from ..odata.parse import parse_time
from ..rules.checks import LEADING_DIGITS
from ..store.store import Row, Store

KEPT = 1000
BATCH = 10
HEARTBEAT_SECONDS = 15.0


class Logs:
    """The lines of all devices of a store."""

    def __init__(self) -> None:
        self.lines: dict[int, deque[Row]] = defaultdict(lambda: deque(maxlen=KEPT))
        self.readers: dict[int, list[queue.Queue[Row]]] = defaultdict(list)

    def add(self, device: int, line: Row) -> None:
        """Keep a line and hand it to those that follow."""
        self.lines[device].append(line)
        for reader in list(self.readers[device]):
            reader.put(line)


def logs_of(store: Store) -> Logs:
    """The logs that belong to a store."""
    logs = getattr(store, "logs", None)
    if logs is None:
        logs = Logs()
        setattr(store, "logs", logs)  # noqa: B010 - the store does not know of logs
    return logs


def _device(call: Call) -> Row:
    row = call.store.get("device", uuid=call.params["uuid"])
    if row is None or (call.actor.of == "user" and not call.may("read", "device", row["id"])):
        raise NotFound(f"No device with uuid {call.params['uuid']}")
    return row


def _line(entry: Any, created: int) -> Row:
    if not isinstance(entry, dict) or not isinstance(entry.get("message"), str):
        raise BadRequest
    if isinstance(entry.get("timestamp"), bool) or not isinstance(entry.get("timestamp"), (int, float)):
        raise BadRequest
    line = {"createdAt": created, "timestamp": entry["timestamp"], "isSystem": bool(entry.get("isSystem", False)),
            "isStdErr": bool(entry.get("isStdErr", False)), "message": entry["message"]}  # fmt: skip
    if entry.get("serviceId") is not None:
        line["serviceId"] = entry["serviceId"]
    return line


def write_lines(store: Store, device: int, entries: list[Any]) -> None:
    """Add log lines of a device: `message`, `timestamp` (ms), and perhaps isSystem, isStdErr, serviceId."""
    created = int(store.clock.now().timestamp() * 1000)
    for line in [_line(entry, created) for entry in entries]:
        logs_of(store).add(device, line)


@route("POST", "/device/v2/<uuid>/logs", needs="key")
def write(call: Call) -> Response:
    """Lines by the device (or by its user)."""
    device = _device(call)
    if call.actor.of == "device" and call.actor.row["id"] != device["id"]:
        raise Unauthorized
    entries = json_body(call.request)
    if not isinstance(entries, list):
        raise BadRequest
    if len(entries) > BATCH:
        raise BadRequest(f"Batches cannot include more than {BATCH} logs")
    write_lines(call.store, device["id"], entries)
    return answer_empty(201)


def _selected(lines: list[Row], count: str | None, start: str | None) -> list[Row]:
    """The lines from a start on, the last `count` of them; what is not a number or time counts as not given."""
    since = _start(start)
    if since is not None:
        lines = [line for line in lines if line["createdAt"] > since]
    found = LEADING_DIGITS.match(count or "")
    if found is None:
        return lines
    number = int(found.group())
    # the list from -count on: a negative count leaves out the first lines
    return lines[-number:] if number else []


def _start(text: str | None) -> int | None:
    """Milliseconds since 1970, given as such or as a time."""
    if text is None or text.strip().lstrip("+-").isdigit():
        return int(text) if text else None
    moment = parse_time(text)
    return int(moment.timestamp() * 1000) if moment else None


@route("GET", "/device/v2/<uuid>/logs", needs="user")
def read(call: Call) -> Response:
    """The history, or with `stream=1` the history and what comes."""
    device, args = _device(call), call.request.args
    lines = list(logs_of(call.store).lines[device["id"]])
    if args.get("stream") in ("1", "true"):
        history = _selected(lines, args.get("count", "0"), args.get("start")) if args.get("count") != "0" else []
        return Response(_follow(logs_of(call.store), device["id"], history), content_type="application/x-ndjson")
    return answer_json(_selected(lines, args.get("count"), args.get("start")))


def _follow(logs: Logs, device: int, history: list[Row]) -> Iterator[bytes]:
    lines: queue.Queue[Row] = queue.Queue()
    logs.readers[device].append(lines)
    try:
        for line in history:
            yield json.dumps(line).encode() + b"\n"
        while True:
            try:
                yield json.dumps(lines.get(timeout=HEARTBEAT_SECONDS)).encode() + b"\n"
            except queue.Empty:
                yield b"\n"
    finally:
        logs.readers[device].remove(lines)
