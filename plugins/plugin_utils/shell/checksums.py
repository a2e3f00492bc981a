# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksums by what tool a host has, and the same here."""

from __future__ import annotations

import hashlib
from functools import cache

from .shell import ShellFailure

#: A function of the shell that names the best tool there is, and one that says the checksum of a file by it.
SUM = """\
tool() { for t in sha256sum sha1sum md5sum cksum; do command -v $t >/dev/null 2>&1 && echo $t && return; done; }
sum() { t=$(tool); set -- $($t < "$1" 2>/dev/null); echo "$t $1"; }"""

_HASHES = {"sha256sum": "sha256", "sha1sum": "sha1", "md5sum": "md5"}
_POLYNOMIAL = 0x04C11DB7


def checksum(data: bytes, tool: str) -> str:
    """What a tool of the host says of data.

    :raises ShellFailure: the host has no such tool.
    """
    if tool in _HASHES:
        return hashlib.new(_HASHES[tool], data, usedforsecurity=False).hexdigest()
    if tool == "cksum":
        return str(_cksum(data))
    raise ShellFailure("the host has none of sha256sum, sha1sum, md5sum and cksum, so files cannot be compared")


def sha256(data: bytes) -> str:
    """The checksum that results have, whatever tool compared."""
    return hashlib.sha256(data).hexdigest()


@cache
def _table() -> list[int]:
    found = []
    for byte in range(256):
        value = byte << 24
        for _bit in range(8):
            value = (value << 1 ^ _POLYNOMIAL if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        found.append(value)
    return found


def _cksum(data: bytes) -> int:
    """The checksum of POSIX's tool, which is of the data and of their length."""
    table, value, length = _table(), 0, len(data)
    for byte in data + length.to_bytes((length.bit_length() + 7) // 8, "little"):
        value = (value << 8 & 0xFFFFFFFF) ^ table[value >> 24 ^ byte]
    return value ^ 0xFFFFFFFF
