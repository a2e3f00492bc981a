# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloading an OS image: from a server over HTTP into a file."""

from __future__ import annotations

import gzip
import json
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaConnectionError,
    BalenaError,
    BalenaRequestError,
    BalenaUsageError,
    OSImageNotFound,
)

MEGABYTE = 1024 * 1024


class ImageServer(ThreadingHTTPServer):
    """Knows one device type, and sends the image that a test gives it."""

    daemon_threads = True
    chunks: list[bytes]
    headers: dict[str, str]
    status = 200

    def send_image(self, chunks: list[bytes], **headers: str) -> None:
        self.chunks = chunks
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: ImageServer

    def do_GET(self) -> None:
        if self.path.startswith("/v7/device_type"):
            body = json.dumps({"d": [{"slug": "raspberrypi3"}]}).encode()
            self.answer(200, {"Content-Type": "application/json", "Content-Length": str(len(body))}, [body])
        else:
            self.answer(self.server.status, self.server.headers, self.server.chunks)

    def answer(self, status: int, headers: dict[str, str], chunks: list[bytes]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(chunk)

    def log_message(self, *_arguments: Any) -> None:
        """Be quiet."""


@pytest.fixture
def server() -> Iterator[ImageServer]:
    with ImageServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def balena(server: ImageServer) -> Iterator[Balena]:
    with Balena(api_url=server.url, token="secret-token", data_directory=False, max_retries=0) as balena:
        yield balena


def download(balena: Balena, **options: Any) -> Any:
    return balena.models.os.download(device_type="raspberrypi3", version="2.113.31", **options)


def test_a_large_image_reaches_the_file_without_going_through_memory(
    server: ImageServer, balena: Balena, tmp_path: Path
) -> None:
    chunk = bytes(range(256)) * 4096
    server.send_image([chunk] * 48, Content_Length=str(48 * MEGABYTE))
    image = download(balena)
    tracemalloc.start()
    try:
        size = image.save(tmp_path / "os.img")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 48 * MEGABYTE == (tmp_path / "os.img").stat().st_size
    assert (tmp_path / "os.img").read_bytes()[-MEGABYTE:] == chunk
    assert peak < 8 * MEGABYTE


def test_progress_is_told_to_a_callback(server: ImageServer, balena: Balena, tmp_path: Path) -> None:
    server.send_image([b"x" * MEGABYTE] * 2, Content_Length=str(2 * MEGABYTE))
    steps: list[tuple[int, int | None]] = []
    download(balena).save(tmp_path / "os.img", progress=lambda received, total: steps.append((received, total)))
    assert len(steps) > 2
    assert steps == sorted(steps)
    assert steps[-1] == (2 * MEGABYTE, 2 * MEGABYTE)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Content_Length": "3000"}, id="connection closed early"),
        pytest.param({"X_Transfer_Length": "3000"}, id="fewer bytes than announced"),
        pytest.param({"X_Transfer_Length": "1000"}, id="more bytes than announced"),
    ],
)
def test_an_incomplete_download_is_an_error_and_leaves_no_file(
    server: ImageServer, balena: Balena, tmp_path: Path, headers: dict[str, str]
) -> None:
    server.send_image([b"x" * 2000], **headers)
    with pytest.raises(BalenaConnectionError):
        download(balena).save(tmp_path / "os.img")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_download_keeps_the_file_that_was_there(server: ImageServer, balena: Balena, tmp_path: Path) -> None:
    (tmp_path / "os.img").write_bytes(b"the old image")
    server.send_image([b"x" * 2000], Content_Length="3000")
    with pytest.raises(BalenaConnectionError):
        download(balena).save(tmp_path / "os.img")
    assert [path.name for path in tmp_path.iterdir()] == ["os.img"]
    assert (tmp_path / "os.img").read_bytes() == b"the old image"


def test_stopping_from_the_callback_leaves_no_file(server: ImageServer, balena: Balena, tmp_path: Path) -> None:
    server.send_image([b"x" * MEGABYTE] * 4, Content_Length=str(4 * MEGABYTE))

    def stop(received: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(balena).save(tmp_path / "os.img", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_said_so(server: ImageServer, balena: Balena, tmp_path: Path) -> None:
    server.send_image([b"x"], Content_Length="1")
    with pytest.raises(BalenaError, match=r"Cannot write .*os\.img: No such file or directory"):
        download(balena).save(tmp_path / "missing" / "os.img")


@pytest.mark.parametrize("announced", ["wire", "file", "nothing"])
def test_a_zipped_answer_is_unzipped_and_its_length_checked(
    server: ImageServer, balena: Balena, tmp_path: Path, announced: str
) -> None:
    content = b"balenaOS " * 100_000
    zipped = gzip.compress(content)
    lengths = {"wire": len(zipped), "file": len(content)}
    more = {"X_Transfer_Length": str(lengths[announced])} if announced in lengths else {}
    server.send_image([zipped], Content_Encoding="gzip", **more)
    assert download(balena).save(tmp_path / "os.img") == len(content)
    assert (tmp_path / "os.img").read_bytes() == content


def test_a_zipped_answer_that_ends_early_is_an_error(server: ImageServer, balena: Balena, tmp_path: Path) -> None:
    zipped = gzip.compress(zlib.compress(bytes(range(256)) * 4000, level=0))
    server.send_image([zipped[: len(zipped) // 2]], Content_Encoding="gzip", X_Transfer_Length=str(len(zipped)))
    with pytest.raises(BalenaConnectionError):
        download(balena).save(tmp_path / "os.img")
    assert list(tmp_path.iterdir()) == []


def test_the_image_can_be_read_like_a_file_or_in_chunks(server: ImageServer, balena: Balena) -> None:
    server.send_image([b"balena", b"OS"], Content_Length="8", Content_Type="application/octet-stream")
    with download(balena) as image:
        assert (image.mime, image.length) == ("application/octet-stream", 8)
        assert image.read(6) + image.read() == b"balenaOS"
    assert b"".join(download(balena)) == b"balenaOS"


def test_reading_to_the_end_checks_the_length_too(server: ImageServer, balena: Balena) -> None:
    server.send_image([b"balena"], X_Transfer_Length="8")
    with pytest.raises(BalenaConnectionError, match="6 of 8 bytes"):
        download(balena).read()
    with pytest.raises(BalenaConnectionError, match="6 of 8 bytes"):
        list(download(balena))


def test_a_version_without_image_is_said_so(server: ImageServer, balena: Balena) -> None:
    server.status = 404
    server.send_image([b"Not found"], Content_Length="9")
    with pytest.raises(OSImageNotFound, match="No image found for device type"):
        download(balena)


def test_a_wifi_key_appears_in_no_error(server: ImageServer, balena: Balena) -> None:
    server.status = 400
    server.send_image([b"no"], Content_Length="2")
    with pytest.raises(BalenaRequestError) as failure:
        download(balena, wifi_key="the wifi's secret", wifi_ssid="home")
    assert "wifi" not in repr(vars(failure.value)) + str(failure.value)


def test_a_misspelt_option_is_refused_before_anything_is_sent(balena: Balena) -> None:
    with pytest.raises(BalenaUsageError, match="wifi_pasword"):
        download(balena, wifi_pasword="secret")
    with pytest.raises(BalenaUsageError, match="file_type"):
        balena.models.os.get_config(1, version="5.1.20", file_type=".zip")
