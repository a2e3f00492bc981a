# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of which the recording names an option; the requests show which method was called."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .stage import NotReplayable, Stage, counted


def option(stage: Stage) -> Any:
    if stage.call.method == "options.requestLimit":
        return _request_limit(stage)
    started = stage.clock.monotonic()
    result = by_its_requests(stage)
    recorded = stage.call.result.get("value")
    if isinstance(recorded, dict) and "waitedAtLeast1s" in recorded:
        waited = stage.clock.monotonic() - started
        return {"r": result, "waitedAtLeast1s": waited >= 1, "below3s": waited < 3}
    return counted(recorded, result)


def by_its_requests(stage: Stage) -> Any:
    """Make the call that sends what is recorded."""
    paths = [request["path"] for request in stage.call.requests if "path" in request]
    paths = [path for path in paths if not path.endswith("/refresh-token")]
    balena, models = stage.balena, stage.balena.models
    if "absolute" in stage.call.variant and paths == ["/ping"]:
        return balena.request.send(url=f"{balena.options.api_root}ping").body
    routes: list[tuple[str, Callable[[], Any]]] = [
        (r"/login_", lambda: balena.auth.authenticate(email="a@example.com", password="b")),
        (r"/v\d/device_tag", lambda: models.device.tags.set(2001, "k", "v")),
        (r"/v\d/device_type|/download", lambda: models.os.download(device_type="raspberrypi3", version="2.50.1")),
        (r"/device-types/v1", models.config.get_device_types),
        (r"/config", lambda: balena.request.send(url="/config", base_url=balena.options.api_root, send_token=False)),
        (r"/actor/v1/whoami", balena.auth.is_logged_in),
        (r"/v\d/device\(\d+\)", lambda: models.device.get(*(stage.call.args or [2001]))),
        (r"/ping", lambda: balena.request.send(url="/ping", base_url=balena.options.api_root).body),
    ]
    for pattern, action in routes:
        if paths and re.fullmatch(pattern, paths[0]):
            return action()
    if stage.call.args:
        return models.device.get(*stage.call.args)
    absolute = re.search("absolute|pine", stage.call.variant, re.IGNORECASE)
    return models.device.get(2001) if absolute else models.config.get_device_types()


def _request_limit(stage: Stage) -> Any:
    moments = []
    for request in stage.call.requests:
        if request["method"] != "GET":
            raise NotReplayable("only that some addresses were read is known")
        read = stage.balena.request.send if request["timeoutMs"] else stage.balena.request.stream
        read(url=request["url"])
        moments.append(stage.clock.monotonic() - stage.clock.started)
    half = stage.balena.options.request_limit_interval / 2
    return {"delayedBeyondHalfInterval": [moment > half for moment in moments]}
