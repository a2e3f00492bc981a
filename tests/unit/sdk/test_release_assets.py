# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of releases on their way to the storage and back, over HTTP."""

from __future__ import annotations

import json
import threading
import time
import tracemalloc
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaConnectionError,
    BalenaError,
    BalenaInvalidParameterError,
    BalenaInvalidResponseError,
    BalenaRequestError,
    BalenaUsageError,
    ReleaseAssetAlreadyExists,
)
from tests.support.local_server import Answer, LocalServer, Seen

MEBIBYTE = 1024 * 1024
SECRET = "X-Amz-Signature=secret%2Fsignature"


class Storage(LocalServer):
    """The API of one release without assets, and the storage of its files."""

    def __init__(self) -> None:
        super().__init__(self.reply)
        self.existing: int | None = None
        self.parts: dict[int, bytes] = {}
        self.refuse: dict[int, Answer] = {}
        self.committed: Any = None
        self.forgets = False
        self.under_way = self.most = 0
        self._counting = threading.Lock()

    def reply(self, seen: Seen) -> Answer:
        path, _mark, query = seen.path.partition("?")
        if seen.method == "PUT":
            return self.part(int(dict(urllib.parse.parse_qsl(query))["partNumber"]), seen)
        if path.endswith("/beginUpload"):
            return Answer(body={"asset": {"uuid": "u", "uploadParts": list(self.places(seen))}})
        if path.endswith("/commitUpload"):
            self.committed = seen
            return Answer(body={"href": "h"})
        if path.startswith("/file"):
            return Answer(body=b"\x00content", headers={"Content-Type": "application/octet-stream"})
        if seen.method == "GET" and "$select=id" in query:
            return Answer(body={"d": [{"id": self.existing}] if self.existing else []})
        if seen.method == "GET":
            return Answer(body={"d": [{"id": 7, "asset": {"href": f"{self.url}file?{SECRET}", "size": 8}}]})
        return Answer(body={"id": 7} if seen.method == "POST" else "OK")

    def places(self, seen: Seen) -> Iterator[dict[str, Any]]:
        asked = json.loads(seen.body)["asset"]
        left, number = asked["size"], 0
        while left > 0:
            number += 1
            size = min(left, asked["chunk_size"])
            left -= size
            yield {"url": f"{self.url}up?partNumber={number}&{SECRET}", "partNumber": number, "chunkSize": size}

    def part(self, number: int, seen: Seen) -> Answer:
        if number in self.refuse:
            return self.refuse[number]
        if self.forgets:
            seen.body = b""
        self.parts[number] = seen.body
        with self._counting:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        return Answer(body=b"", headers={"ETag": f'"tag-{number}"'}, before=self.finish_a_part)

    def finish_a_part(self) -> None:
        time.sleep(0.05)
        with self._counting:
            self.under_way -= 1


@pytest.fixture
def storage() -> Iterator[Storage]:
    running = Storage()
    with running:
        yield running


@pytest.fixture
def balena(storage: Storage) -> Iterator[Balena]:
    with Balena(token="t0ken", api_url=storage.url, max_retries=0) as opened:
        yield opened


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A file of eleven parts of 1 MiB, the last of which is short."""
    path = tmp_path / "image.img"
    path.write_bytes(b"".join(bytes([number]) * MEBIBYTE for number in range(10)) + b"end")
    return path


def upload(balena: Balena, asset: Any, **options: Any) -> Any:
    return balena.models.release.asset.upload(asset=asset, asset_key="k", release=5, **options)


def test_a_large_file_goes_in_parts_side_by_side(balena: Balena, storage: Storage, big: Path) -> None:
    upload(balena, big, chunk_size=MEBIBYTE, parallel_uploads=3)
    assert b"".join(storage.parts[number] for number in sorted(storage.parts)) == big.read_bytes()
    assert 1 < storage.most <= 3
    parts = [f'{{"PartNumber":{number},"ETag":"tag-{number}"}}' for number in range(1, 12)]
    assert ",".join(parts).encode() in storage.committed.body


def test_the_token_stays_with_the_api(balena: Balena, storage: Storage, big: Path) -> None:
    upload(balena, big, chunk_size=4 * MEBIBYTE)
    balena.models.release.asset.download(7).read()
    for seen in storage.requests:
        assert ("Authorization" in seen.headers) == seen.path.startswith("/v7/"), seen.path


def test_a_large_file_is_not_read_as_a_whole(balena: Balena, storage: Storage, big: Path) -> None:
    storage.forgets = True
    with big.open("r+b") as file:
        file.truncate(48 * MEBIBYTE)
    tracemalloc.start()
    upload(balena, big, chunk_size=MEBIBYTE, parallel_uploads=2)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 12 * MEBIBYTE  # the server of this test, in the same process, holds parts too


def test_progress_is_told_for_each_part(balena: Balena, big: Path) -> None:
    told: list[dict[str, int]] = []
    upload(balena, big, chunk_size=4 * MEBIBYTE, on_upload_progress=told.append)
    size = big.stat().st_size
    assert [now["total"] for now in told] == [size] * 3
    assert sorted(now["uploaded"] for now in told) == [now["uploaded"] for now in told]
    assert told[-1]["uploaded"] == size


@pytest.mark.parametrize("parallel", [1, 4])
@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Answer(403, b"<Error>AccessDenied</Error>"), BalenaRequestError, "AccessDenied"),
        (Answer(200, b""), BalenaInvalidResponseError, "without an ETag"),
        (Answer(drop=True), BalenaConnectionError, "PUT"),
    ],
)
def test_an_upload_whose_part_fails_is_not_completed(
    answer: Answer, error: type[BalenaError], words: str, parallel: int, balena: Balena, storage: Storage, big: Path
) -> None:
    storage.refuse[2] = answer
    with pytest.raises(error, match=words) as raised:
        upload(balena, big, chunk_size=MEBIBYTE, parallel_uploads=parallel)
    assert storage.committed is None
    assert len(storage.parts) <= 2 * parallel  # the others are not sent any more
    assert "secret" not in f"{raised.value} {vars(raised.value)}"


@pytest.mark.parametrize("left_out", [1, 11])
def test_a_file_that_is_not_asked_for_as_a_whole_is_not_completed(
    left_out: int, balena: Balena, storage: Storage, big: Path
) -> None:
    whole = storage.places
    storage.places = lambda seen: (part for part in whole(seen) if part["partNumber"] != left_out)  # type: ignore[method-assign]
    with pytest.raises(BalenaInvalidResponseError, match="without the addresses of the parts"):
        upload(balena, big, chunk_size=MEBIBYTE)
    assert storage.committed is None and storage.parts == {}


def test_a_file_that_shrinks_meanwhile_is_not_completed(balena: Balena, storage: Storage, big: Path) -> None:
    def cut(_progress: dict[str, int]) -> None:
        big.write_bytes(b"short")

    with pytest.raises(BalenaUsageError, match=r"image\.img: it was changed meanwhile"):
        upload(balena, big, chunk_size=MEBIBYTE, parallel_uploads=1, on_upload_progress=cut)
    assert storage.committed is None


def test_an_asset_is_overwritten_only_when_asked_to(balena: Balena, storage: Storage, tmp_path: Path) -> None:
    storage.existing = 7
    file = tmp_path / "manual.txt"
    file.write_text("hello")
    with pytest.raises(ReleaseAssetAlreadyExists, match="combination of 5 and k already exists"):
        upload(balena, file)
    upload(balena, str(file), overwrite=True)
    assert [seen.method for seen in storage.requests] == ["GET", "GET", "PATCH", "GET"]
    assert b'filename="manual.txt"\r\nContent-Type: text/plain\r\n\r\nhello' in storage.requests[2].body


@pytest.mark.parametrize("name", ["missing.bin", ".", "with\0null"])
def test_what_is_not_a_file_is_refused_before_anything_is_sent(
    name: str, balena: Balena, storage: Storage, tmp_path: Path
) -> None:
    with pytest.raises(BalenaUsageError, match="Cannot read"):
        upload(balena, f"{tmp_path}/{name}")
    assert storage.requests == []


@pytest.mark.parametrize("option", ["chunk_size", "parallel_uploads"])
def test_there_are_parts_of_some_size(option: str, balena: Balena, storage: Storage, big: Path) -> None:
    with pytest.raises(BalenaInvalidParameterError, match=option):
        upload(balena, big, **{option: 0})
    assert storage.requests == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.img", "application/octet-stream"),
        ("A.TAR.GZ", "application/gzip"),
        ("notes.md", "text/markdown"),
        ("a.json", "application/json"),
        ("a.zip", "application/zip"),
        ("no-ending", "application/octet-stream"),
        ("a.whatever", "application/octet-stream"),
    ],
)
def test_the_type_of_a_file_is_that_of_its_ending(
    name: str, kind: str, balena: Balena, storage: Storage, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(b"x")
    upload(balena, file)
    assert f"Content-Type: {kind}\r\n".encode() in storage.requests[-1].body


def test_a_download_goes_into_a_file(balena: Balena, tmp_path: Path) -> None:
    balena.models.release.asset.download({"asset_key": "k", "release": 5}).save(tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"\x00content"


@pytest.mark.parametrize("key", [{"release": 5}, {"release": 5, "asset_key": None}, {}, "7", None])
def test_a_key_that_names_no_asset_removes_none(key: Any, balena: Balena, storage: Storage) -> None:
    with pytest.raises(BalenaError):
        balena.models.release.asset.remove(key)
    assert "DELETE" not in storage.methods
