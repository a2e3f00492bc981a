# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering devices and writing their files: a request for each device, besides one for each device type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.apply import Made, Outcome, Writers
from ...engine.plan import Change
from ...sdk.errors import BalenaApplicationNotFound, BalenaError, BalenaRequestError, BalenaUnknownOutcomeError
from . import contents, files

if TYPE_CHECKING:
    from ...sdk import Balena

#: What steps make: a config.json on the server with its key, a key of a device that exists, a file.
TEMPLATE, DEVICE_KEY, FILE = "provisioning_key", "device_api_key", "config"


def _ask_for_config(balena: Balena, change: Change, outcome: Outcome) -> Made:
    """Let the server make a config.json, with a new provisioning key in it."""
    try:
        config = balena.models.os.get_config(change.arguments["application"], **change.arguments["options"])
    except (BalenaApplicationNotFound, BalenaRequestError) as error:
        if isinstance(error, BalenaRequestError) and error.status_code != 404:
            raise
        raise BalenaError("This server makes no config.json: it does not have /download-config") from error
    if not isinstance(config.get("apiKey"), str):
        raise BalenaError(
            "POST /download-config was answered with a config.json without a provisioning key, so no device can join"
        )
    return Made(secret=json.dumps(config))


def _template(outcome: Outcome, arguments: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(outcome.secret(TEMPLATE, tuple(arguments["template"])) or "{}")
    return made


def _register(balena: Balena, change: Change, outcome: Outcome) -> Made:
    """Register a device and get its key, in one request."""
    template, said = _template(outcome, change.arguments), change.arguments
    uuid, application = change.identity["uuid"], (change.after or {})["belongs_to__application"]
    body = {
        "user": template.get("userId"),
        "application": int(application),
        "device_type": said["device_type"],
        "uuid": uuid,
        "api_key": said.get("key"),
    }
    try:
        answer = balena.request.send(
            method="POST",
            url="/device/register",
            base_url=balena.options.api_root,
            body={name: value for name, value in body.items() if value is not None},
            api_key=template["apiKey"],
            send_token=False,
            shape="row",
        ).body
        if not isinstance(answer.get("api_key"), str):
            raise BalenaError("The server registered the device without saying its key; the next run makes another one")
        return Made(answer["id"], answer["api_key"])
    except (BalenaRequestError, BalenaUnknownOutcomeError) as error:
        if isinstance(error, BalenaRequestError) and error.status_code != 409:
            raise
        return _registered_meanwhile(balena, uuid, int(application), error, said.get("key"))


def _registered_meanwhile(balena: Balena, uuid: str, application: int, error: BalenaError, key: str | None) -> Made:
    """A device that is there although it was not: the answer was lost, or another run was faster."""
    where = {"uuid": uuid, "belongs_to__application": application}
    rows = balena.pine.get("device", options={"$select": ["id"], "$filter": where})
    if not rows:
        raise error
    return Made(rows[0]["id"], new_device_key(balena, rows[0]["id"], key))


def new_device_key(balena: Balena, device: int, key: str | None = None) -> str:
    """Make a key of a device that exists."""
    path = f"/api-key/device/{device}/device-key"
    body = {} if key is None else {"apiKey": key}
    reply = balena.request.send(method="POST", url=path, base_url=balena.options.api_root, body=body, shape="text")
    return str(reply.body)


def _make_key(balena: Balena, change: Change, outcome: Outcome) -> Made:
    return Made(secret=new_device_key(balena, change.identity["device"]))


def content(arguments: Mapping[str, Any], outcome: Outcome) -> str:
    """The text of a config.json, once all that belongs into it was made.

    :param arguments: those of the step that writes it.
    """
    found = files.read(Path(arguments["dest"])) if arguments["reuse"] else None
    base = (found.content if found else None) or _template(outcome, arguments)
    device = arguments["device"]
    if device is None:
        return contents.as_text(contents.of_fleet(base, arguments["settings"]))
    key = tuple(device["key"])
    made = outcome.made.get(("device", key))
    kept = base.get("deviceApiKey") if arguments["reuse"] else None
    secret = device["secret"] or kept or outcome.secret("device", key) or outcome.secret(DEVICE_KEY, key)
    known = {"id": device["id"] or (made.id if made else None), "uuid": device["uuid"], "key": secret}
    config = contents.of_device(base, arguments["settings"], {**known, "device_type": device["device_type"]})
    return contents.as_text(config)


def _write(balena: Balena, change: Change, outcome: Outcome) -> None:
    files.write(Path(change.arguments["dest"]), content(change.arguments, outcome))


WRITERS: Writers = {
    (TEMPLATE, "create"): _ask_for_config,
    ("device", "create"): _register,
    (DEVICE_KEY, "create"): _make_key,
    (FILE, "create"): _write,
    (FILE, "update"): _write,
}
