# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file storage: uploads in parts, and downloads, by URLs that say themselves that one may."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from werkzeug import Request, Response

from ..http.responses import ApiError, BadRequest, Refused, Unauthorized, answer_empty, answer_json
from ..http.routing import Call, route
from ..odata import Options, Target
from ..rules.write import Row
from ..store.database import tables
from ..store.files import PATH, SIGNATURE, SMALLEST_PART, Upload, signature
from ..store.model import Resource, base_model
from ..store.store import Store
from ..writer import Writer

KINDS: dict[str, type | tuple[type, ...]] = {
    "filename": str, "content_type": str, "size": (int, float), "chunk_size": (int, float),
}  # fmt: skip
REQUIRED = {"filename", "content_type", "size"}
ACTIONS = ("beginUpload", "commitUpload", "cancelUpload")


def run_action(writer: Writer, request: Request, resource: Resource, target: Target, body: Any) -> Response:
    """An action on one row, which the actor may change: 401 when it is not there, 500 for an unknown action."""
    if target.action not in ACTIONS or not any(f.type == "file" for f in resource.fields.values()):
        raise Refused("no such action")
    ids = writer.reader.ids(target, Options(), "update")
    if not ids:
        raise Unauthorized
    if not isinstance(body, dict):
        raise BadRequest
    base = request.host_url.rstrip("/")
    if target.action == "beginUpload":
        return _begin(writer, base, resource, ids[0], body)
    upload = body.get("uuid")
    if not isinstance(upload, str):
        raise BadRequest("Invalid uuid type")
    begun = writer.store.files.uploads.get(upload)
    if begun is None or (begun.resource, begun.row) != (resource.name, ids[0]):
        raise Unauthorized
    if target.action == "cancelUpload":
        del writer.store.files.uploads[upload]
        return answer_empty(204)
    return _commit(writer, base, target, upload, body.get("providerCommitData"))


def _begin(writer: Writer, base: str, resource: Resource, row: int, body: Row) -> Response:
    field, wanted = _checked(resource, body)
    chunk = int(wanted.get("chunk_size", SMALLEST_PART))
    if chunk < SMALLEST_PART:
        raise BadRequest("Chunk size is too small")
    kind, filename, files = wanted["content_type"], wanted["filename"], writer.store.files
    # what could not be committed is refused before anything is uploaded
    writer.check(resource, {field: {"filename": filename, "content_type": kind, "size": wanted["size"], "href": ""}})
    upload = Upload(resource.name, row, field, filename, kind, int(wanted["size"]), chunk)
    uuid = f"{upload.key[:8]}-{upload.key[8:12]}-{upload.key[12:16]}-{upload.key[16:20]}-{upload.key[20:]}"
    files.uploads[uuid] = upload
    parts = [
        {"url": files.part_url(base, uuid, number), "chunkSize": upload.length(number), "partNumber": number}
        for number in range(1, upload.count + 1)
    ]
    return answer_json({field: {"uuid": uuid, "uploadParts": parts}})


def _checked(resource: Resource, body: Row) -> tuple[str, Row]:
    """The field and what is to be uploaded to it."""
    wanted = next(iter(body.values())) if len(body) == 1 else None
    if not isinstance(wanted, dict) or not REQUIRED <= set(wanted) <= set(KINDS):
        raise BadRequest("Invalid begin upload payload")
    for name, value in wanted.items():
        if not isinstance(value, KINDS[name]) or isinstance(value, bool):
            raise BadRequest("Invalid begin upload payload")
    (field,) = body
    if field not in resource.fields or resource.fields[field].type != "file":
        raise BadRequest(f"The provided field '{field}' is not a valid webresource")
    return field, wanted


def _commit(writer: Writer, base: str, target: Target, uuid: str, data: Any) -> Response:
    field = writer.store.files.uploads[uuid].of_field
    parts = data.get("Parts") if isinstance(data, dict) else None
    try:
        marks = {part["PartNumber"]: part["ETag"].strip('"') for part in parts or ()}
    except (TypeError, KeyError, AttributeError):
        raise Refused("the storage does not understand the parts") from None
    file = writer.store.files.finish(base, uuid, marks)
    if file is None:
        raise Refused("the storage lacks parts")
    writer.update(target, Options(), {field: file})
    return answer_json(file)


def _check_url(call: Call) -> None:
    """A URL has its own signature; a token beside it is a second way to say who one is, which the storage refuses."""
    if "Authorization" in call.request.headers:
        raise ApiError(400, "<Error><Code>InvalidArgument</Code></Error>", "application/xml")
    if call.request.args.get(SIGNATURE) != signature(call.params["key"]):
        raise ApiError(403, "<Error><Code>AccessDenied</Code></Error>", "application/xml")


@route("PUT", f"{PATH}<key>")
def put_part(call: Call) -> Response:
    """A part of an upload; its mark is in the header ETag."""
    _check_url(call)
    number, uuid = call.request.args.get("partNumber", ""), call.request.args.get("uploadId", "")
    mark = call.store.files.put(uuid, int(number) if number.isdigit() else 0, call.request.get_data())
    if mark is None:
        raise ApiError(404, "<Error><Code>NoSuchUpload</Code></Error>", "application/xml")
    answer = answer_empty()
    answer.headers["ETag"] = mark
    return answer


@route("GET HEAD", f"{PATH}<key>")
def get_file(call: Call) -> Response:
    """A file that a row still has."""
    _check_url(call)
    content = call.store.files.contents.get(call.params["key"])
    file = _file(call.store, call.params["key"])
    if content is None or file is None:
        raise ApiError(404, "<Error><Code>NoSuchKey</Code></Error>", "application/xml")
    answer = Response(content, content_type=file["content_type"])
    answer.headers["ETag"] = call.store.files.marks[call.params["key"]]
    return answer.make_conditional(call.request, accept_ranges=True, complete_length=len(content))


def _file(store: Store, key: str) -> Row | None:
    """What the row says of a file that has it; None when none has it any more."""
    for resource in base_model().resources.values():
        for f in resource.fields.values():
            if f.type == "file":
                column = tables()[resource.name].c[f.stored]
                holders = sa.select(tables()[resource.name].c.id).where(column.contains(key, autoescape=True))
                found = store.query(resource.name, id=[row[0] for row in store.execute(holders)])
                if found:
                    file: Row = found[0][f.stored]
                    return file
    return None
