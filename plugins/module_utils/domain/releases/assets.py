# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that belong to a release.

The API keeps a file's name, type and size, and no checksum. So a file of another size is another file; of one with the
same size the storage is asked. It marks most files with an MD5 sum (of the whole, or of the sums of the parts in which
they came): when that is the sum of the declared file, nothing is read. Otherwise what is there is compared with the
declared file while it arrives, up to the first difference.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict

from ...engine.apply import Made, Outcome, Writers
from ...engine.kinds import kind_of
from ...engine.plan import Change, DeclarationError, Key, NewId, Row, compare
from ...sdk.models._asset_upload import PART_SIZE, type_of
from ...sdk.models.release import ReleaseModel
from ..query import Record

if TYPE_CHECKING:
    from ...sdk import Balena

RESOURCE = "release_asset"
#: How the assets of a release are read.
EXPAND: dict[str, Any] = {RESOURCE: {"$select": ["id", "asset_key", "asset"]}}
_LONGEST_KEY = 255
_BLOCK = 1024 * 1024
#: So many parts of files travel at the same time.
_PARTS = 5


@dataclass(frozen=True)
class File:
    """A declared file.

    :param path: where it is.
    :param size: how many bytes it has.
    """

    path: str
    size: int

    @cached_property
    def sha256(self) -> str:
        """Its checksum."""
        return self._sum(hashlib.sha256())

    def marks(self) -> Iterator[str]:
        """What a storage calls it if it came as a whole, or in parts of the usual size."""
        yield self._sum(_md5())
        sums = b"".join(_md5(part).digest() for part in self.blocks(PART_SIZE))
        yield f"{_md5(sums).hexdigest()}-{max(1, math.ceil(self.size / PART_SIZE))}"

    def blocks(self, size: int = _BLOCK) -> Iterator[bytes]:
        """Its content, a piece after the other.

        :raises DeclarationError: it cannot be read.
        """
        try:
            with open(self.path, "rb") as file:
                while block := file.read(size):
                    yield block
        except OSError as error:
            raise DeclarationError(f"{self.path} cannot be read: {error.strerror}") from error

    def _sum(self, made: Any) -> str:
        for block in self.blocks():
            made.update(block)
        found: str = made.hexdigest()
        return found


def _md5(content: bytes = b"") -> Any:
    return hashlib.md5(content, usedforsecurity=False)


class Assets(TypedDict):
    """The assets that a release should have."""

    assets: dict[str, Any] | None
    purge_assets: bool


@dataclass(frozen=True)
class Declared:
    """What a task says of the assets of a release.

    :param files: the file of each that there must be, by key.
    :param absent: keys that there must not be.
    :param purge: whether there may be no others.
    """

    files: Mapping[str, File]
    absent: Sequence[str]
    purge: bool

    @classmethod
    def of(cls, want: Assets) -> Declared | None:
        """What a task declares; None if it says nothing of assets.

        :raises DeclarationError: a key that the API refuses, or a file that is not there.
        """
        given = want["assets"]
        if given is None:
            return None
        files = {str(key): _file(str(key), path) for key, path in given.items() if path is not None}
        if len({str(key) for key in given}) < len(given):
            raise DeclarationError(f"assets: declared twice: {', '.join(sorted(map(str, given)))}")
        for key in map(str, given):
            if not 0 < len(key) <= _LONGEST_KEY:
                raise DeclarationError(
                    f"assets: the key of an asset has 1 to {_LONGEST_KEY} characters, not {len(key)}"
                )
        return cls(files, [str(key) for key, path in given.items() if path is None], want["purge_assets"])

    def changes(self, balena: Balena, release: int | NewId, under: Key, rows: Iterable[Record] = ()) -> list[Change]:
        """What has to change for a release to have these files.

        :param release: the release's id.
        :param under: its readable key.
        :param rows: its assets as they are (L(EXPAND)).
        """
        desired = [
            Row((*under, key), {"size": file.size, "sha256": file.sha256}, {"release": release, "asset_key": key})
            for key, file in self.files.items()
        ]
        actual = balena.map_parallel(lambda row: self._actual(balena, under, row), rows)
        absent = [(*under, key) for key in self.absent]
        changes = compare(RESOURCE, desired, actual, absent=absent, purge=self.purge)
        uploads = sum(change.action != "delete" for change in changes)
        return [self._with_source(release, change, max(1, _PARTS // max(1, uploads))) for change in changes]

    def _actual(self, balena: Balena, under: Key, row: Record) -> Row:
        key, stored = row["asset_key"], row["asset"] or {}
        file = self.files.get(key)
        fields = {"size": stored.get("size")}
        if file is not None:
            same = stored.get("size") == file.size and _is_stored(balena, row["id"], file)
            fields["sha256"] = file.sha256 if same else None
        return Row((*under, key), fields, {"asset_key": key}, row["id"])

    def _with_source(self, release: int | NewId, change: Change, parallel: int) -> Change:
        if change.action == "delete":
            return change
        key = change.key[-1]
        return Change(
            change.action,
            RESOURCE,
            change.key,
            change.before,
            change.after,
            {"release": release, "asset_key": key},
            change.id,
            arguments={"path": self.files[key].path, "parallel": parallel},
        )

    def resulting(self, rows: Iterable[Record], changes: Iterable[Change]) -> dict[str, Any]:
        """The assets as they will be once the changes are made."""
        found = describe(rows)
        for change in changes:
            key = change.key[-1]
            if change.action == "delete":
                found.pop(key)
            else:
                path = self.files[key].path
                found[key] = _described(os.path.basename(path), self.files[key].size, type_of(path))
        return dict(sorted(found.items()))


def _file(key: str, path: Any) -> File:
    """The file that is declared for an asset.

    :raises DeclarationError: there is no such file.
    """
    if not isinstance(path, str) or not path:
        raise DeclarationError(f"assets.{key} must be the path of a file, not {kind_of(path) if path else 'empty'}")
    where = os.path.expanduser(path)
    try:
        size = os.stat(where).st_size
        if not os.path.isfile(where):
            raise DeclarationError(f"assets.{key}: {where} is not a file")
        with open(where, "rb"):
            return File(where, size)
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise DeclarationError(f"assets.{key}: {where} cannot be read: {problem}") from error


def _is_stored(balena: Balena, asset: int, file: File) -> bool:
    """Whether an asset of the same size holds the same bytes."""
    with ReleaseModel(balena).asset.download(asset) as stored:
        mark = str(stored.headers.get("ETag") or "").removeprefix("W/").strip('"')
        if mark in file.marks():
            return True
        return all(stored.read(len(block)) == block for block in file.blocks()) and not stored.read(1)


def _described(name: str | None, size: int | None, kind: str | None) -> dict[str, Any]:
    return {"filename": name, "size": size, "content_type": kind}


def describe(rows: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """Assets as tasks return them, by key; what was never uploaded completely has no file name and no size."""
    found = {}
    for row in sorted(rows, key=lambda row: row["asset_key"]):
        stored = row["asset"] or {}
        found[row["asset_key"]] = _described(stored.get("filename"), stored.get("size"), stored.get("content_type"))
    return found


def _upload(balena: Balena, change: Change, outcome: Outcome) -> Made:
    """Upload the file of an asset, which may be there by now."""
    made = ReleaseModel(balena).asset.upload(
        asset=change.arguments["path"],
        asset_key=change.identity["asset_key"],
        release=change.identity["release"],
        parallel_uploads=change.arguments["parallel"],
        overwrite=True,
        on_upload_progress=_telling(change.key[-1], outcome.progress),
    )
    return Made(made["id"])


WRITERS: Writers = {(RESOURCE, "create"): _upload, (RESOURCE, "update"): _upload}


def _telling(key: str, show: Callable[[str], object]) -> Callable[[Mapping[str, int]], None]:
    """Shows how far the upload of a large file is, every ten percent."""
    last = 0

    def tell(now: Mapping[str, int]) -> None:
        nonlocal last
        percent = 100 * now["uploaded"] // max(1, now["total"])
        if now["total"] > PART_SIZE and percent // 10 > last // 10:
            last = percent
            show(f"asset {key}: {percent} % of {math.ceil(now['total'] / _BLOCK)} MiB uploaded")

    return tell
