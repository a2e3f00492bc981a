# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the VPN tells the API, and calls to supervisors, which no device here answers."""

from __future__ import annotations

from typing import Any

from werkzeug import Response

from ..http.responses import BadRequest, NotFound, Unauthorized, answer_empty
from ..http.routing import Call, route
from ..odata import Options, Target
from ..odata.nodes import Literal, Member, Operation, Property
from ..writer import writer_for
from .provisioning import whole_number


@route("GET", "/services/vpn/auth/<uuid>", needs="actor")
def vpn_auth(call: Call) -> Response:
    """Whether this key may open the tunnel of a device."""
    if call.actor.of != "device" or call.actor.row["uuid"] != call.params["uuid"]:
        raise Unauthorized
    return answer_empty()


def _vpn_event(call: Call) -> tuple[list[str], int]:
    if call.actor.role != "service.vpn":
        raise Unauthorized
    uuids, service = call.body.get("uuids"), call.body.get("serviceId")
    if not isinstance(uuids, list) or not uuids or not isinstance(service, int):
        raise BadRequest
    return uuids, service


def _patch_devices(call: Call, uuids: list[str], fields: dict[str, Any], service: int | None = None) -> Response:
    condition: Any = Member(Property(("uuid",)), tuple(Literal(uuid) for uuid in uuids))
    if service is not None:
        theirs = Operation("eq", Property(("is_managed_by__service_instance",)), Literal(service))
        condition = Operation("and", condition, theirs)
    writer = writer_for(call.store, call.actor)
    writer.update(Target("device"), Options(filter=condition), fields)
    return answer_empty()


@route("POST", "/services/vpn/client-connect")
def connected(call: Call) -> Response:
    """Devices have connected."""
    uuids, service = _vpn_event(call)
    return _patch_devices(call, uuids, {"is_connected_to_vpn": True, "is_managed_by__service_instance": service})


@route("POST", "/services/vpn/client-disconnect")
def disconnected(call: Call) -> Response:
    """Devices have gone, unless another VPN instance has them by now."""
    uuids, service = _vpn_event(call)
    fields = {"is_connected_to_vpn": False, "is_managed_by__service_instance": None}
    return _patch_devices(call, uuids, fields, service)


@route("POST", "/supervisor/<path:url>", needs="user")
def supervisor(call: Call) -> Response:
    """A call to the supervisors of devices."""
    body = call.body
    for name, words in (("appId", "App"), ("deviceId", "Device")):
        if body.get(name) is not None and whole_number(body[name]) is None:
            raise BadRequest(f"{words} ID must be a valid integer if specified")
    if not any(body.get(name) is not None for name in ("appId", "deviceId", "uuid")):
        raise BadRequest("At least one filter must be specified")
    raise NotFound("No online device(s) found")
