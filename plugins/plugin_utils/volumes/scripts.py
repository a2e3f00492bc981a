# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the host OS of a device to pack a volume into a stream, or to make it of one.

Whatever ends a script, a lost connection too, it starts the containers again that it stopped, and leaves no part of a
volume behind.
"""

from __future__ import annotations

from shlex import quote

from ..reach.engine import ENGINE

#: Where the engine of balenaOS has volumes, if what it says itself is not a folder.
_ELSEWHERE = "/mnt/data/docker/volumes"

_BEGIN = f"""\
say() {{ printf '%s %s\\n' MARK "$1" >&2; }}
e=$({ENGINE}) || {{ say "problem no container engine was found"; exit 1; }}
"""

LIST = _BEGIN + 'exec "$e" volume ls -q'

_FIND = """\
d=$("$e" volume inspect --format '{{.Mountpoint}}' VOLUME) || exit 1
[ -d "$d" ] || d=ELSEWHERE/VOLUME/_data
[ -d "$d" ] || { say "problem the folder of the volume is missing"; exit 1; }
"""

USERS = _BEGIN + "exec \"$e\" ps --filter volume=VOLUME --filter status=running --format '{{.Names}}'"

_AROUND = """\
stopped=
finish() {
  for c in $stopped; do
    if "$e" start "$c" >/dev/null; then say "started $c"; else say "unstarted $c"; fi
  done
  rm -rf "$t" "$n"
}
t=$(mktemp -d) || exit 1
n=
trap finish EXIT
trap 'exit 1' HUP INT TERM PIPE
for c in STOP; do
  stopped="$stopped $c"
  "$e" stop "$c" >/dev/null || { say "problem container $c cannot be stopped"; exit 1; }
  say "stopped $c"
done
rest() {
  for c in $stopped; do
    [ "$("$e" inspect --format '{{.State.Running}}' "$c")" = false ] && continue
    say "problem container $c was started by somebody else meanwhile"
    exit 1
  done
}
mkfifo "$t/p" || exit 1
sha256sum < "$t/p" > "$t/sum" &
"""

#: The status of each end of the pipe, none of which may fail unnoticed.
_STREAM = """\
status=$({ { tar -cf - -C "$d" . || echo tar >&4; } | { gzip -c || echo gzip >&4; } | tee "$t/p" >&3; } 4>&1)
wait
[ -z "$status" ] || { say "problem failed: $status"; exit 1; }
"""

_PACK = f"""\
exec 3>OUTPUT
{_STREAM}
rest
say "sum $(cut -c 1-64 < "$t/sum")"
[ ! -f "$d.restored" ] || say "restored $(head -c 200 "$d.restored")"
"""

#: Which archive was restored, and what an archive of the volume is since then: not all that tar packs does each tar
#: restore, such as the times of folders.
_UNPACK = f"""\
n=$d.restoring-TOKEN
o=$d.before-TOKEN
mkdir "$n" || exit 1
tee "$t/p" | gzip -dc | tar -xpf - -C "$n"
status=$?
wait
[ "$(cut -c 1-64 < "$t/sum")" = EXPECTED ] || {{ say "problem what arrived is not what was sent"; exit 1; }}
[ "$status" = 0 ] || exit 1
rest
rm -f "$d.restored"
mv "$d" "$o" && mv "$n" "$d" || {{ [ -d "$d" ] || mv "$o" "$d"; say "problem the volume cannot be replaced"; exit 1; }}
rm -rf "$o"
sha256sum < "$t/p" > "$t/sum" &
exec 3>/dev/null
{_STREAM}
echo "EXPECTED $(cut -c 1-64 < "$t/sum")" > "$d.restored"
"""


def filled(script: str, mark: str, volume: str = "") -> str:
    """A script with its names.

    :param mark: what its reports begin with.
    :param volume: as the engine calls it.
    """
    names = {"MARK": mark, "VOLUME": quote(volume), "ELSEWHERE": _ELSEWHERE}
    for name, value in names.items():
        script = script.replace(name, value)
    return script


def pack(mark: str, volume: str, stop: list[str], *, only_sum: bool = False) -> str:
    """Write the volume to standard output, packed, and say the checksum of that.

    :param stop: the containers to stop meanwhile.
    :param only_sum: write nothing.
    """
    body = _PACK.replace("OUTPUT", "/dev/null" if only_sum else "&1")
    return filled(_BEGIN + _FIND + _around(stop) + body, mark, volume)


def unpack(mark: str, volume: str, stop: list[str], checksum: str, token: str) -> str:
    """Make the volume of what comes from standard input, all of it or nothing."""
    body = _UNPACK.replace("TOKEN", token).replace("EXPECTED", checksum)
    return filled(_BEGIN + _FIND + _around(stop) + body, mark, volume)


def _around(stop: list[str]) -> str:
    return _AROUND.replace("STOP", " ".join(map(quote, stop)))
