# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a file into a release asset: a small one with one request, a large one in parts that travel side by side."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Union

from .. import errors
from .._answers import where
from .._bodies import UNKNOWN_TYPE
from ..utils import BalenaWebResourceFile
from ._namespace import Row

if TYPE_CHECKING:
    from .. import Balena

RESOURCE = "release_asset"
#: The largest file that is sent with one request, and the usual size of a part. Storages refuse smaller parts.
PART_SIZE = 5 * 1024 * 1024
#: Bytes a second that even a slow line carries; a part has as much time as it needs at this speed.
_SLOWEST = 16 * 1024
#: What Python's own table lacks, or names differently from one version to the next.
_TYPES = {
    ".7z": "application/x-7z-compressed",
    ".bz2": "application/x-bzip2",
    ".conf": "text/plain",
    ".deb": UNKNOWN_TYPE,
    ".gz": "application/gzip",
    ".img": UNKNOWN_TYPE,
    ".ini": "text/plain",
    ".iso": UNKNOWN_TYPE,
    ".js": "application/javascript",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".rpm": "application/x-redhat-package-manager",
    ".toml": "application/toml",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".xml": "application/xml",
    ".yaml": "text/yaml",
    ".yml": "text/yaml",
}

#: Where a file comes from: its path, or its content with a name.
Asset = Union[str, os.PathLike[str], BalenaWebResourceFile]
#: Called with ``{"total": bytes of the file, "uploaded": bytes that the server has}``.
UploadProgress = Callable[[dict[str, int]], object]


class Source(NamedTuple):
    """A file that is about to be uploaded.

    Args:
        name: how it is called, without folders.
        type: its MIME type.
        size: how many bytes it has.
        path: where it is; None if ``content`` holds it.
        content: what is in it, unless it is read from ``path``.
    """

    name: str
    type: str
    size: int
    path: str | None
    content: bytes

    @classmethod
    def of(cls, asset: Asset) -> Source:
        """Look at a file, without reading it.

        Raises:
            BalenaUsageError: there is no such file.
        """
        if isinstance(asset, BalenaWebResourceFile):
            return cls(asset.name, asset.type or UNKNOWN_TYPE, asset.size, None, asset.content)
        path = os.fspath(asset)
        with _reading(path):
            size = os.stat(path).st_size
            if not os.path.isfile(path):
                raise errors.BalenaUsageError(f"Cannot read {path}: it is not a file")
        return cls(os.path.basename(path), type_of(path), size, path, b"")

    def read(self, start: int, length: int) -> bytes:
        """Read a part of the file.

        Raises:
            BalenaUsageError: it cannot be read, or is shorter than it was.
        """
        if self.path is None:
            return self.content[start : start + length]
        with _reading(self.path), open(self.path, "rb") as file:
            file.seek(start)
            part = file.read(length)
        if len(part) != length:
            raise errors.BalenaUsageError(f"Cannot upload {self.path}: it was changed meanwhile")
        return part


def type_of(path: str) -> str:
    """Return the MIME type that the ending of a name stands for; the same on every machine."""
    import mimetypes

    ending = os.path.splitext(path)[1].lower()
    return _TYPES.get(ending) or mimetypes.MimeTypes().types_map[1].get(ending) or UNKNOWN_TYPE


@contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise errors.BalenaUsageError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


class Upload:
    """One upload.

    Args:
        sdk: the SDK instance.
        source: the file.
        part_size: bytes of a part.
        parallel: how many parts travel at the same time.
        progress: told how far the upload is.
    """

    def __init__(
        self, sdk: Balena, source: Source, part_size: int, parallel: int, progress: UploadProgress | None
    ) -> None:
        self._sdk, self._source = sdk, source
        self._part_size, self._parallel, self._progress = part_size, parallel, progress
        self._uploaded = 0
        self._lock = threading.Lock()
        self._failed = threading.Event()

    def run(self, key: Row, existing: int | None) -> Row:
        """Upload the file and return the asset.

        Args:
            key: ``asset_key`` and ``release``.
            existing: the id of the asset whose file is to be replaced; None to create one.
        """
        if self._source.size <= PART_SIZE:
            return self._in_one(key, existing)
        asset = existing if existing is not None else self._sdk.pine.post(RESOURCE, {**key, "asset": None})["id"]
        self._in_parts(asset)
        return self._read(asset)

    def _read(self, asset: int) -> Row:
        row: Row = self._sdk.pine.get(RESOURCE, asset)
        return row

    def _in_one(self, key: Row, existing: int | None) -> Row:
        source = self._source
        file = BalenaWebResourceFile(source.read(0, source.size), source.name, source.type)
        self._tell(0)
        if existing is None:
            created: Row = self._sdk.pine.post(RESOURCE, {**key, "asset": file})
        else:
            self._sdk.pine.patch(RESOURCE, {"asset": file}, existing)
        self._tell(source.size)
        return created if existing is None else self._read(existing)

    def _in_parts(self, asset: int) -> None:
        source = self._source
        about = {
            "filename": source.name,
            "content_type": source.type,
            "size": source.size,
            "chunk_size": self._part_size,
        }
        begun = self._sdk.pine.action(RESOURCE, asset, "beginUpload", {"asset": about})
        try:
            upload, parts = begun["asset"]["uuid"], begun["asset"]["uploadParts"]
            wanted = [(part["url"], int(part["chunkSize"]), int(part["partNumber"])) for part in parts]
            if sum(size for _url, size, _number in wanted) != source.size:
                raise ValueError("the parts are not those of the file")
        except (KeyError, TypeError, ValueError):
            address = f"{self._sdk.options.api_prefix}{RESOURCE}({asset})/beginUpload"
            raise errors.BalenaInvalidResponseError(
                f"{where('POST', address)} was answered without the addresses of the parts"
            ) from None
        done = self._send_all(wanted)
        self._sdk.pine.action(RESOURCE, asset, "commitUpload", {"uuid": upload, "providerCommitData": {"Parts": done}})

    def _send_all(self, parts: list[tuple[str, int, int]]) -> list[Row]:
        from concurrent.futures import ThreadPoolExecutor

        starts, start = [], 0
        for _url, size, _number in parts:
            starts.append(start)
            start += size
        with ThreadPoolExecutor(self._parallel) as pool:
            sent = [pool.submit(self._send, *part, at) for part, at in zip(parts, starts, strict=True)]
        failures = [error for one in sent if (error := one.exception()) and not isinstance(error, _Skipped)]
        if failures:
            raise failures[0]
        return [one.result() for one in sent]

    def _send(self, url: str, size: int, number: int, start: int) -> Row:
        """Send one part, unless another one failed, and return what the storage calls it."""
        if self._failed.is_set():
            raise _Skipped
        try:
            part = self._source.read(start, size)
            with without_query():
                answer = self._sdk.request.send(
                    method="PUT",
                    url=url,
                    body=part,
                    json=False,
                    send_token=False,
                    response_format="none",
                    timeout=self._sdk.options.timeout + size / _SLOWEST,
                )
            tag = answer.headers.get("ETag")
            if not tag:
                raise errors.BalenaInvalidResponseError(f"{where('PUT', url)} was answered without an ETag")
            self._tell(size)
        except BaseException:
            self._failed.set()
            raise
        return {"PartNumber": number, "ETag": tag.strip('"')}

    def _tell(self, more: int) -> None:
        with self._lock:
            self._uploaded += more
            if self._progress is not None:
                self._progress({"total": self._source.size, "uploaded": self._uploaded})


class _Skipped(Exception):
    """A part that was not sent since another one failed."""


@contextmanager
def without_query() -> Iterator[None]:
    """Keep the query of an address of the storage out of errors: whoever has it can read or write the file."""
    try:
        yield
    except errors.BalenaRequestError as error:
        error.request_options["url"] = str(error.request_options.get("url", "")).partition("?")[0]
        raise
