# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command in a service's container, through the engine of the host OS."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from .failures import LONG, SHORT, Failure, of_engine, services
from .framing import Frame

LABEL = "io.balena.service-name"
#: balenaOS has balena-engine; before 2.9 it was docker.
ENGINE = "command -v balena-engine || command -v docker"


@dataclass(frozen=True)
class Service:
    """The container to run in.

    :param commit: of the release whose container it is, if several run; the newest one otherwise.
    :param user: in the container; None for that of its image.
    """

    name: str
    commit: str | None = None
    user: str | None = None

    def script(self, frame: Frame, command: str, known: str | None) -> str:
        """The command for the host OS that runs a framed command in the container.

        :param known: id of the container, if it has been found before.
        """
        steps = [
            f"e=$({ENGINE}) || {{ {frame.say('no-engine')}; exit 1; }}",
            frame.say("host"),
            f"c={known}" if known else self._find(frame),
            frame.say("container:$c"),
            f'exec "$e" exec -i {self._user()}"$c" {command}',
        ]
        return "/bin/sh -c " + shlex.quote("\n".join(steps))

    def _user(self) -> str:
        return f"-u {shlex.quote(self.user)} " if self.user else ""

    def _filters(self) -> str:
        label = shlex.quote(f"label={LABEL}={self.name}")
        return f"--filter {label}" + (f" --filter {shlex.quote(f'name=_{self.commit}')}" if self.commit else "")

    def _find(self, frame: Frame) -> str:
        """The newest running container of the service; if none runs, all services with their states."""
        row = shlex.quote('{{.Label "' + LABEL + '"}}|{{.Status}}|{{.Names}}')
        listed = f'"$e" ps -a --filter label={LABEL} --format {row} </dev/null'
        say = frame.say("service:$row")
        return "\n".join(
            [
                f'c=$("$e" ps -q --no-trunc --filter status=running {self._filters()} </dev/null)'
                f" || {{ {frame.say('engine-failed')}; exit 1; }}",
                "c=$(printf '%s\\n' \"$c\" | head -n 1)",
                f'[ -n "$c" ] || {{ {listed} | while IFS= read -r row; do {say}; done; {frame.say("none")}; exit 1; }}',
            ]
        )

    def failure(self, said: Mapping[str, list[str]], errors: bytes) -> Failure | None:
        """Why a command was not started; None if the host OS itself said nothing."""
        if "no-engine" in said:
            return Failure(
                "the device has no container engine: neither balena-engine nor docker is there. Is it balenaOS?"
            )
        if "none" in said:
            return self._not_running(said.get("service", []))
        return of_engine(errors, self.name) if "host" in said else None

    def _not_running(self, rows: list[str]) -> Failure:
        found: dict[str, list[str]] = {}
        commits: list[str] = []
        for row in rows:
            service, _bar, rest = row.partition("|")
            state, _bar, name = rest.rpartition("|")
            found.setdefault(service, []).append(state)
            commits += [name.rpartition("_")[2]] if service == self.name else []
        if self.name not in found:
            return Failure(
                f"the device has no container of service {self.name!r}. Its services: {services(found)}", SHORT
            )
        states = services({self.name: found[self.name]})
        if self.commit and not any(commit.startswith(self.commit) for commit in commits):
            return Failure(
                f"no container of service {self.name!r} is of release {self.commit}. There is {states}", LONG
            )
        return Failure(
            f"no container of service {self.name!r} is running: {states}. See its logs (module balena_device_log_info)",
            LONG,
        )
