# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of releases: uploaded in a form or in parts, and downloaded by URLs that need no token."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from emulator import Emulator
from emulator.store.files import SMALLEST_PART
from tests.integration.emulator.test_emulator import FLEET

BEGIN = {"filename": "big.bin", "content_type": "text/plain", "size": SMALLEST_PART + 3, "chunk_size": SMALLEST_PART}


class Assets:
    """Calls about the assets of one release."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.emulator.token}"}
        return self.session.request(method, f"{self.emulator.url}/v7/{path}", headers=headers, timeout=10, **options)

    def upload(self, key: str, content: bytes, name: str = "a.txt", **fields: str) -> requests.Response:
        data = {"release": "1", "asset_key": key, **fields}
        return self.call("POST", "release_asset", data=data, files={"asset": (name, content, "text/plain")})

    def get(self, row: int) -> Any:
        return self.call("GET", f"release_asset({row})").json()["d"][0]

    def storage(self, method: str, url: str, **options: Any) -> requests.Response:
        return self.session.request(method, url, timeout=10, **options)

    def begin(self, key: str) -> tuple[int, dict[str, Any]]:
        made = self.call("POST", "release_asset", json={"release": 1, "asset_key": key, "asset": None})
        assert made.status_code == 201
        begun = self.call("POST", f"release_asset({made.json()['id']})/beginUpload", json={"asset": BEGIN})
        assert begun.status_code == 200, begun.text
        return int(made.json()["id"]), begun.json()["asset"]

    def send(self, begun: dict[str, Any], content: bytes) -> list[dict[str, Any]]:
        parts, start = [], 0
        for part in begun["uploadParts"]:
            answer = self.storage("PUT", part["url"], data=content[start : start + part["chunkSize"]])
            assert answer.status_code == 200
            parts.append({"PartNumber": part["partNumber"], "ETag": answer.headers["ETag"].strip('"')})
            start += part["chunkSize"]
        return parts


@pytest.fixture(params=["openbalena", "cloud"])
def assets(request: pytest.FixtureRequest) -> Iterator[Assets]:
    with Emulator(seed=FLEET, flavor=request.param) as emulator:
        yield Assets(emulator)


def test_a_small_file_is_one_request(assets: Assets) -> None:
    made = assets.upload("notes", b"hello asset\n", "he llo & more.txt")
    assert made.status_code == 201
    asset = assets.get(made.json()["id"])["asset"]
    about = {"filename": "he llo & more.txt", "content_type": "text/plain", "size": 12}
    assert {name: asset[name] for name in about} == about
    assert assets.storage("GET", asset["href"]).content == b"hello asset\n"
    key = assets.call("GET", "release_asset(asset_key='notes',release=1)?$select=id").json()
    assert key == {"d": [{"id": made.json()["id"]}]}
    again = assets.upload("notes", b"x")
    assert (again.status_code, again.json()) == (409, '"release" and "asset_key" must be unique.')


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00", b"--boundary\r\n"])
def test_files_arrive_byte_by_byte(assets: Assets, content: bytes) -> None:
    asset = assets.get(assets.upload("raw", content).json()["id"])["asset"]
    downloaded = assets.storage("GET", asset["href"])
    assert (downloaded.content, downloaded.headers["Content-Type"]) == (content, "text/plain")


def test_a_file_is_replaced_and_goes_with_its_row(assets: Assets) -> None:
    row = assets.upload("notes", b"old").json()["id"]
    old = assets.get(row)["asset"]["href"]
    changed = assets.call("PATCH", f"release_asset({row})", files={"asset": ("new.txt", b"new", "text/plain")})
    assert changed.status_code == 200
    new = assets.get(row)["asset"]
    assert (new["filename"], assets.storage("GET", new["href"]).content) == ("new.txt", b"new")
    assert assets.storage("GET", old).status_code == 404
    assert assets.call("DELETE", f"release_asset({row})").status_code == 200
    assert assets.storage("GET", new["href"]).status_code == 404


def test_the_storage_takes_signatures_not_tokens(assets: Assets) -> None:
    href = assets.get(assets.upload("notes", b"text").json()["id"])["asset"]["href"]
    token = {"Authorization": f"Bearer {assets.emulator.token}"}
    assert assets.storage("GET", href, headers=token).status_code == 400
    assert assets.storage("GET", href.partition("?")[0]).status_code == 403
    part = assets.storage("GET", href, headers={"Range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, b"ex")


def test_a_large_file_is_sent_in_parts(assets: Assets) -> None:
    content = b"0123456789abcdef" * (SMALLEST_PART // 16) + b"end"
    row, begun = assets.begin("big")
    assert [part["chunkSize"] for part in begun["uploadParts"]] == [SMALLEST_PART, 3]
    parts = assets.send(begun, content)
    body = {"uuid": begun["uuid"], "providerCommitData": {"Parts": parts}}
    committed = assets.call("POST", f"release_asset({row})/commitUpload", json=body)
    assert committed.status_code == 200
    asset = assets.get(row)["asset"]
    assert (asset["href"], asset["size"], asset["filename"]) == (committed.json()["href"], len(content), "big.bin")
    downloaded = assets.storage("GET", asset["href"]).content
    assert hashlib.sha256(downloaded).digest() == hashlib.sha256(content).digest()
    assert assets.call("POST", f"release_asset({row})/commitUpload", json=body).status_code == 401


def test_parts_that_are_missing_or_spoilt_are_not_committed(assets: Assets) -> None:
    row, begun = assets.begin("big")
    parts = assets.send(begun, b"x" * BEGIN["size"])  # type: ignore[operator]
    for wrong in (parts[:1], [parts[0], {"PartNumber": 2, "ETag": "undefined"}], [], None, [{"PartNumber": 1}]):
        body = {"uuid": begun["uuid"], "providerCommitData": {"Parts": wrong}}
        assert assets.call("POST", f"release_asset({row})/commitUpload", json=body).status_code == 500, wrong
    assert assets.get(row)["asset"] is None


def test_an_upload_belongs_to_its_row_and_can_be_cancelled(assets: Assets) -> None:
    row, begun = assets.begin("big")
    other, _begun = assets.begin("other")
    assert assets.call("POST", f"release_asset({other})/cancelUpload", json={"uuid": begun["uuid"]}).status_code == 401
    assert assets.call("POST", f"release_asset({row})/cancelUpload", json={"uuid": begun["uuid"]}).status_code == 204
    assert assets.storage("PUT", begun["uploadParts"][0]["url"], data=b"x").status_code == 404
    assert assets.call("POST", f"release_asset({row})/commitUpload", json={"uuid": begun["uuid"]}).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "Invalid begin upload payload"),
        ({"asset": None}, 400, "Invalid begin upload payload"),
        ({"asset": {"filename": "x"}}, 400, "Invalid begin upload payload"),
        ({"asset": BEGIN | {"more": 1}}, 400, "Invalid begin upload payload"),
        ({"asset": BEGIN, "other": BEGIN}, 400, "Invalid begin upload payload"),
        ({"asset_key": BEGIN}, 400, "The provided field 'asset_key' is not a valid webresource"),
        ({"asset": BEGIN | {"chunk_size": 10}}, 400, "Chunk size is too small"),
    ],
)
def test_an_upload_that_makes_no_sense_does_not_begin(assets: Assets, body: Any, status: int, message: str) -> None:
    row = assets.upload("notes", b"").json()["id"]
    answer = assets.call("POST", f"release_asset({row})/beginUpload", json=body)
    assert (answer.status_code, answer.json()) == (status, message)


def test_too_long_a_name_is_refused_before_anything_is_uploaded(assets: Assets) -> None:
    row = assets.upload("notes", b"").json()["id"]
    for refused in (
        assets.upload("long", b"", "a" * 256),
        assets.call("POST", f"release_asset({row})/beginUpload", json={"asset": BEGIN | {"filename": "a" * 256}}),
    ):
        assert (refused.status_code, "less than or equal to 255" in refused.json()) == (400, True)


def test_what_is_not_a_file_is_refused(assets: Assets) -> None:
    text = assets.call("POST", "release_asset", files={"release": (None, "1"), "asset": (None, "text")})
    assert (text.status_code, text.json()) == (400, "WebResource field must be a blob.")
    data = {"release": 1, "asset_key": "k", "asset": {"filename": "x", "href": "y"}}
    json = assets.call("POST", "release_asset", json=data)
    assert (json.status_code, json.json()) == (400, "Use multipart requests to upload a file.")
    assert assets.call("POST", "release_asset(99)/beginUpload", json={"asset": BEGIN}).status_code == 401
    assert assets.call("POST", "release(1)/beginUpload", json={"asset": BEGIN}).status_code == 500
