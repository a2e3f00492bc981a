# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of any bytes, with those that a shell is most likely to make something else of."""

from __future__ import annotations

import os

from hypothesis import strategies as st

_AWKWARD = [
    b"\n", b"'", b'"', b"$HOME", b"$(id)", b"`id`", b"\\", b"\\n", b"-", b"--", b"-n", b" ", b"\t", b"~", b"~root",
    b"!", b"*", b"?", b"[a]", b"#", b"%s", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\r", b"&& exit 7", b";", b"=",
    b"\x1b[2J", b"{{ x }}", "ü".encode(),
]  # fmt: skip


def any_bytes(*, without: bytes = b"\0", least: int = 0) -> st.SearchStrategy[bytes]:
    """Bytes, awkward ones above all, without those that the place they are for cannot have."""
    piece = st.one_of(st.sampled_from(_AWKWARD), st.binary(max_size=4))
    joined = st.lists(piece, max_size=6).map(b"".join)
    return joined.map(lambda data: bytes(byte for byte in data if byte not in without)).filter(
        lambda data: len(data) >= least
    )


def any_text(*, without: bytes = b"\0", least: int = 0) -> st.SearchStrategy[str]:
    """The same as text, as Python has the bytes of arguments and names."""
    return any_bytes(without=without, least=least).map(os.fsdecode)


def any_name() -> st.SearchStrategy[str]:
    """The name of a file."""
    return any_text(without=b"\0/", least=1).filter(lambda name: name not in (".", "..") and len(name) < 60)
