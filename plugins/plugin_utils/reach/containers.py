# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a container: in the frame of its device's connection, through the engine of the host OS."""

from __future__ import annotations

from typing import IO, Any

from ansible.errors import AnsibleConnectionFailure

from .device import DeviceConnection
from .engine import Service
from .failures import Failure
from .framing import Frame
from .ssh_process import Outcome


class ContainerConnection(DeviceConnection):
    """Commands run in the container of a service; who logs in to the host OS is C(host_user)."""

    _container: str | None = None
    _is_outside = False
    _service: Service

    def _prepare(self) -> None:
        super()._prepare()
        name = self.get_option("service")
        if not name:
            raise AnsibleConnectionFailure("no balena_service: it is the name of the service whose container is meant")
        self._service = Service(str(name), self.get_option("release"), self.get_option("remote_user"))

    def _build_command(self, binary: str, subsystem: str, *other_args: Any) -> list[bytes]:
        inside = self.get_option("remote_user")
        self.set_option("remote_user", self.get_option("host_user"))
        try:
            return super()._build_command(binary, subsystem, *other_args)
        finally:
            self.set_option("remote_user", inside)

    def run_on_host(self, command: str, source: IO[bytes] | None = None, sink: IO[bytes] | None = None) -> Outcome:
        """Run a command outside of the container, on the host OS."""
        self._is_outside = True
        try:
            return super().run_on_host(command, source, sink)
        finally:
            self._is_outside = False

    def _frame(self, frame: Frame, command: str) -> str:
        if self._is_outside:
            return super()._frame(frame, command)
        return self._service.script(frame, frame.wrap(command), self._container)

    def _run_once(self, *arguments: Any) -> Outcome:
        done = super()._run_once(*arguments)
        self._container = done.said.get("container", [None])[-1]
        return done

    def _failure(self, done: Outcome, report: str) -> Failure:
        self._container = None
        if done.late and "host" in done.said:
            return Failure(
                f"the engine of the device did not start the command within {self.get_option('start_timeout')} s, so it"
                " was called off. Look at 'systemctl status balena-engine' on its host OS"
            )
        return self._service.failure(done.said, done.stderr + done.stdout) or super()._failure(done, report)

    def _loss(self, done: Outcome) -> str:
        self._container = None
        if done.rc == 255 or "host" not in done.said:
            return super()._loss(done)
        return (
            f"the container of service {self._service.name!r} went away while the command ran, so its result is not"
            " known, and it was not repeated. Run the play again"
        )

    def _title(self) -> str:
        return f"service {self.get_option('service')!r} on {super()._title()}"
