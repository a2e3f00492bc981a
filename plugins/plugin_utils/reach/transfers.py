# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files through a pipe: whole and verified, or not at all.

What is sent goes into a file beside the target. Only when its checksum is right does it take the target's name, so a
connection that breaks leaves the target as it was. All of it needs a POSIX shell and what busybox has.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from ansible.module_utils.common.text.converters import to_text

from .framing import Frame

MISSING, IS_FOLDER, DAMAGED = 66, 67, 68

_PUT = """\
o={target}
if [ -d "$o" ]; then exit {is_folder}; fi
if [ -e "$o" ] && [ ! -f "$o" ]; then exec cat > "$o"; fi
if [ -L "$o" ]; then o=$(readlink -f "$o") || exit 1; fi
case $o in */*) t=${{o%/*}}/{temporary};; *) t={temporary};; esac
trap 'rm -f "$t"' EXIT
trap 'exit 1' HUP INT TERM
if [ -f "$o" ]; then cp -p "$o" "$t" || exit 1; fi
cat > "$t" || exit 1
if command -v sha256sum >/dev/null; then s=$(sha256sum < "$t"); s=${{s%% *}}; else s=$(wc -c < "$t"); s=$((s)); fi
case $s in {sha256}|{size}) ;; *) exit {damaged};; esac
mv -f "$t" "$o" 2>/dev/null || cat "$t" > "$o"
"""

_FETCH = """\
f={source}
if [ -d "$f" ]; then exit {is_folder}; fi
if [ ! -e "$f" ]; then exit {missing}; fi
if [ -f "$f" ] && command -v sha256sum >/dev/null; then s=$(sha256sum < "$f") || exit 1; {say}; fi
exec cat < "$f"
"""


def digest(file: IO[bytes]) -> tuple[str, int]:
    """Checksum and size of a file, which is read block by block and then wound back."""
    found, size = hashlib.sha256(), 0
    while block := file.read(1 << 20):
        found.update(block)
        size += len(block)
    file.seek(0)
    return found.hexdigest(), size


def put_script(target: str, sha256: str, size: int) -> str:
    """The shell script that takes a file from its standard input."""
    return _PUT.format(
        target=shlex.quote(target), temporary=f".balena-{secrets.token_hex(6)}", sha256=sha256, size=size,
        is_folder=IS_FOLDER, damaged=DAMAGED,
    )  # fmt: skip


def fetch_script(source: str, frame: Frame) -> str:
    """The shell script that writes a file to its standard output, and tells its checksum before."""
    return _FETCH.format(
        source=shlex.quote(source), is_folder=IS_FOLDER, missing=MISSING, say=frame.say("sum:${s%% *}")
    )


def why(rc: int, errors: bytes) -> str:
    """Why one of these scripts failed, from its exit code and standard error."""
    if rc == IS_FOLDER:
        return "it is a directory"
    if rc == DAMAGED:
        return "its checksum is not that of the file here. Try again"
    return to_text(errors).strip() or f"exit code {rc}"


@contextmanager
def beside(path: str) -> Iterator[tuple[IO[bytes], str]]:
    """A temporary file beside a local path, which is removed unless it has been given that name."""
    folder, name = os.path.split(os.path.abspath(path))
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:100]}.", dir=folder)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file, temporary
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
