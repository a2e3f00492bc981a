# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a host for facts about itself, all in one script: from /proc, /sys and a few tools, as far as there are any."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from ...module_utils.engine.near import near
from ...module_utils.engine.visible import visible_in
from . import fact_parsers
from .shell import Shell, ShellFailure

#: The most bytes that are read of each part of what a host says.
_MOST = 262_144

#: What the engine tells of a container, on one line, as JSON: by the name of the fact, where the engine has it.
_TOLD = {
    "id": "json .Id",
    "name": "json .Name",
    "image": "json .Config.Image",
    "state": "json .State.Status",
    "exit_code": "json .State.ExitCode",
    "started_at": "json .State.StartedAt",
    "restart_count": "json .RestartCount",
    # Where there is none, engines that print what they were told word for word have no such key.
    "health": 'with index .State "Health"}}{{json .Status}}{{else}}null{{end',
    "labels": "json .Config.Labels",
}
_FORMAT = "{" + ",".join(f'"{name}":{{{{{where}}}}}' for name, where in _TOLD.items()) + "}"
_ENGINE = f"""\
for engine in balena-engine docker; do command -v $engine >/dev/null && break; engine=; done
if [ "$engine" ] && ids=$(quick $engine ps -aq --no-trunc); then
  echo "$engine"
  quick $engine ps -a --no-trunc --format '{{{{.ID}}}} {{{{.Status}}}}'
  [ -z "$ids" ] || quick $engine inspect --format '{_FORMAT}' $ids
fi"""

#: By subset, the parts that are asked for: a name, and the commands that print it.
SUBSETS: dict[str, dict[str, str]] = {
    "platform": {
        "system": "uname -s; uname -n; uname -r; uname -v; uname -m",
        "release": "cat /etc/os-release || cat /usr/lib/os-release",
    },
    "hardware": {
        "memory": "cat /proc/meminfo",
        "load": "cat /proc/loadavg",
        "uptime": "cat /proc/uptime",
        "processors": "grep -c ^processor /proc/cpuinfo",
    },
    "mounts": {"mounted": "cat /proc/mounts", "sizes": "quick df -P -k"},
    "network": {
        "addresses": "ip -o -4 addr || ifconfig -a",
        "addresses6": "cat /proc/net/if_inet6",
        "routes": "cat /proc/net/route",
    },
    "date_time": {"date": "date +'%s %z %Z'"},
    "temperatures": {
        "zones": 'for zone in /sys/class/thermal/thermal_zone*; do echo "${zone##*/} $(cat "$zone/temp")'
        ' $(cat "$zone/type")"; done'
    },
    "containers": {"engine": _ENGINE},
}

#: Tools that lie where an ordinary user does not look, and a bound for those that ask a service that may hang.
_BEGIN = """\
LC_ALL=C
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
if timeout 5 true 2>/dev/null; then quick() { timeout 20 "$@"; }; else quick() { "$@"; }; fi"""


def gather(shell: Shell, subsets: list[str]) -> dict[str, Any]:
    """The facts of a host; what is not known, or not told in a way that can be understood, is absent.

    :raises ShellFailure: a subset that there is not.
    """
    parts = {part: commands for name in chosen(subsets) for part, commands in SUBSETS[name].items()}
    mark = f"--{secrets.token_hex(12)} "
    asked = [
        f"echo; echo '{mark}{part}'\n{{ {commands}\n}} 2>/dev/null | head -c {_MOST}"
        for part, commands in parts.items()
    ]
    answer = shell.run("\n".join([_BEGIN, *asked, "exit 0"]))
    said: dict[str, str] = {}
    for piece in answer.output.split(b"\n" + mark.encode())[1:]:
        name, _line, text = piece.partition(b"\n")
        said[name.decode("ascii", "replace")] = _usable(text.decode("utf-8", "replace"))
    facts: dict[str, Any] = {}
    for read in fact_parsers.ALL:
        facts |= read(said)
    readable: dict[str, Any] = visible_in({f"ansible_{name}": value for name, value in facts.items()})
    return readable


def _usable(text: str) -> str:
    """What is left without lines that are longer than any that is expected: a host could keep the parsers busy."""
    return "\n".join(line for line in text.split("\n") if len(line) <= (65_536 if line.startswith("{") else 1000))


def chosen(subsets: Iterable[str]) -> list[str]:
    """The subsets that a list like C([all, !containers]) means; C(platform) alone for C(min).

    :raises ShellFailure: there is no such subset.
    """
    wanted: set[str] = set()
    unwanted: set[str] = set()
    known = ["all", "min", *SUBSETS]
    for subset in subsets:
        name = subset.removeprefix("!")
        if name not in known:
            raise ShellFailure(f"gather_subset: '{name}' is unknown; choose from {', '.join(known)}{near(name, known)}")
        names = set(SUBSETS) if name == "all" else {"platform"} if name == "min" else {name}
        (unwanted if subset.startswith("!") else wanted).update(names)
    return [name for name in SUBSETS if name in (wanted or set(SUBSETS)) - unwanted]
