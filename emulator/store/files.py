# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file storage beside the database: what clients upload, whole or in parts, and download without a token."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import Any

from .values import new_uuid

PATH = "/_storage/"
SIGNATURE = "X-Amz-Signature"
SMALLEST_PART = 5 * 1024 * 1024


@dataclass
class Upload:
    """An upload in parts that has begun: for which field of which row, and the parts that have come."""

    resource: str
    row: int
    of_field: str
    filename: str
    content_type: str
    size: int
    chunk_size: int
    key: str = field(default_factory=new_uuid)
    parts: dict[int, bytes] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many parts there are to be."""
        return max(1, math.ceil(self.size / self.chunk_size))

    def length(self, number: int) -> int:
        """How long a part is to be."""
        return min(self.chunk_size, self.size - (number - 1) * self.chunk_size)


def signature(key: str) -> str:
    """What a URL has to say to be let in without a token."""
    return hashlib.sha256(f"storage/{key}".encode()).hexdigest()


def etag(content: bytes) -> str:
    """The mark of a content, as the storage names it in the header of that name."""
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def etag_of_parts(parts: list[bytes]) -> str:
    """The mark of a content that came in parts: that of their marks, and how many they are."""
    sums = b"".join(hashlib.md5(part, usedforsecurity=False).digest() for part in parts)
    return f'{etag(sums)[:-1]}-{len(parts)}"'


class Files:
    """What the storage holds: contents and their marks by key, and uploads in parts by uuid."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.marks: dict[str, str] = {}
        self.uploads: dict[str, Upload] = {}

    def add(self, base: str, filename: str, content_type: str, content: bytes) -> dict[str, Any]:
        """Keep a content; what the field of its row says of it."""
        key = new_uuid()
        self.contents[key], self.marks[key] = content, etag(content)
        return described(base, key, filename, content_type, len(content))

    def part_url(self, base: str, uuid: str, number: int) -> str:
        """Where a part is to be sent."""
        key = self.uploads[uuid].key
        return f"{base}{PATH}{key}?partNumber={number}&uploadId={uuid}&{SIGNATURE}={signature(key)}"

    def put(self, uuid: str, number: int, content: bytes) -> str | None:
        """Keep a part; its mark, or None when there is no such upload or part."""
        upload = self.uploads.get(uuid)
        if upload is None or not 1 <= number <= upload.count:
            return None
        upload.parts[number] = content
        return etag(content)

    def finish(self, base: str, uuid: str, marks: dict[int, str]) -> dict[str, Any] | None:
        """Put the parts together; None when the marks are not those of all its parts."""
        upload = self.uploads[uuid]
        if marks != {number: etag(part).strip('"') for number, part in upload.parts.items()}:
            return None
        if sorted(marks) != list(range(1, upload.count + 1)):
            return None
        del self.uploads[uuid]
        parts = [upload.parts[number] for number in sorted(upload.parts)]
        self.contents[upload.key], self.marks[upload.key] = b"".join(parts), etag_of_parts(parts)
        size = len(self.contents[upload.key])
        return described(base, upload.key, upload.filename, upload.content_type, size)


def described(base: str, key: str, filename: str, content_type: str, size: int) -> dict[str, Any]:
    """What a field that is a file holds."""
    href = f"{base}{PATH}{key}?{SIGNATURE}={signature(key)}"
    return {"filename": filename, "content_type": content_type, "size": size, "href": href}
