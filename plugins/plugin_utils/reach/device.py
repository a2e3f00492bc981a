# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a device, which its host OS and its containers share: ansible-core's ssh, told where to go.

ansible-core builds the ssh command of its options. It runs here, in a frame (L(Frame)): what was not started may be
tried again, what was started never is, and a failure of ssh, of the tunnel or of the engine is never taken for the
command's.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.connection.ssh import Connection as SshConnection
from ansible.utils.display import Display
from ansible.utils.path import unfrackpath

from ..balena_tunnel import REPORT_VARIABLE, TOKEN_VARIABLES
from ..becoming import passes_input
from . import transfers
from .address import AddressError, proxy_command, tunnel_address, uuid_of
from .escalating import Escalation
from .failures import Failure, of_ssh, of_tunnel
from .framing import Frame
from .opening import Attempts, Unreached, is_open, open_once
from .reporting import Report, read_report
from .ssh_process import EscalationTimeout, Job, Outcome, run
from .tokens import token_for

display = Display()

#: Options of ansible-core's ssh that have no meaning here, with the value that its code is to see.
WITHOUT = {
    "password": None, "password_mechanism": "disable", "sshpass_prompt": "", "pkcs11_provider": None,
    "sftp_executable": "sftp", "scp_executable": "scp", "scp_extra_args": "", "sftp_extra_args": "",
    "sftp_batch_mode": True, "ssh_transfer_method": "piped", "scp_if_ssh": False, "use_tty": False,
}  # fmt: skip


class DeviceConnection(SshConnection):
    """What both connection plugins share."""

    transport = "ssh"
    has_tty = False

    def get_option(self, option: str, hostvars: Any = None) -> Any:
        """An option; those that mean nothing here have a fixed value."""
        return WITHOUT[option] if option in WITHOUT else super().get_option(option, hostvars=hostvars)

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Options as ansible-core finds them. A password for ssh is not used: balenaOS knows keys alone."""
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        self._play_context.password = None

    def is_pipelining_enabled(self, wrap_async: bool = False) -> bool:
        """There is never a terminal, so nothing stands against pipelining but the become plugin."""
        is_on = self.get_option("pipelining") and (not self.become or passes_input(self.become))
        return bool(is_on and not wrap_async)

    # What ansible-core calls.

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command. Its exit code, standard output and standard error are its own, and nobody else's.

        :raises AnsibleConnectionFailure: it was not started, or the connection was lost before it ended.
        """
        become = self.become if sudoable else None
        done = self._perform(to_text(cmd, errors="surrogate_or_strict"), in_data or None, become=become)
        return done.rc, done.stdout, done.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        """Send a file. The target is the whole file or, if anything fails, what it was before.

        :raises AnsibleError: the other side could not write it.
        """
        path = to_bytes(in_path, errors="surrogate_or_strict")
        if not os.path.exists(path):
            raise AnsibleFileNotFound(f"file or module does not exist: {to_text(in_path)}")
        with open(path, "rb") as file:
            script = transfers.put_script(to_text(out_path, errors="surrogate_or_strict"), *transfers.digest(file))
            done = self._perform(script, file)
        if done.rc:
            raise AnsibleError(f"{to_text(out_path)} was not written: {transfers.why(done.rc, done.stderr)}")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Fetch a file. The local file is whole, or not there.

        :raises AnsibleError: it is not there, cannot be read, or did not arrive as it was.
        """
        frame = Frame()
        script = transfers.fetch_script(to_text(in_path, errors="surrogate_or_strict"), frame)
        target = to_text(unfrackpath(out_path, follow=False), errors="surrogate_or_strict")
        with transfers.beside(target) as (file, temporary):
            done = self._perform(script, None, sink=file, frame=frame)
            if done.rc == transfers.MISSING:
                raise AnsibleFileNotFound(f"{to_text(in_path)} does not exist on {self._title()}")
            if done.rc:
                raise AnsibleError(f"{to_text(in_path)} was not read: {transfers.why(done.rc, done.stderr)}")
            file.flush()
            file.seek(0)
            told = done.said.get("sum", [""])[-1]
            if told and transfers.digest(file)[0] != told:
                raise AnsibleError(
                    f"{to_text(in_path)} changed while it was read, or was damaged on the way. Try again"
                )
            os.replace(temporary, target)

    def reset(self) -> None:
        """End the shared connection; the next command opens a new one."""
        self._prepare()
        super().reset()

    def run_on_host(self, command: str, source: IO[bytes] | None = None, sink: IO[bytes] | None = None) -> Outcome:
        """Run a command on the host OS of the device, also if this is the connection to a container.

        :param source: what the command reads, while it runs.
        :param sink: where its standard output goes, while it runs.
        :raises AnsibleConnectionFailure: it was not started, or the connection was lost before it ended.
        """
        return self._perform(command, source, sink=sink)

    # What runs.

    def _perform(
        self, command: str, source: bytes | IO[bytes] | None, *, sink: IO[bytes] | None = None,
        become: Any = None, frame: Frame | None = None,
    ) -> Outcome:  # fmt: skip
        """Run a command to its end, in as many attempts as are needed to start it."""
        self._prepare()
        try:
            return self._attempts(lambda: self._run_once(command, source, sink, become, frame or Frame()))
        except Unreached as error:
            raise AnsibleConnectionFailure(f"{self._title()}: {error}") from None

    def _attempts(self, attempt: Callable[[], Outcome]) -> Outcome:
        """Try until it was started, or there is no point in another attempt."""
        attempts = Attempts(self.get_option("retry_for"), int(self.get_option("reconnection_retries")))
        while True:
            try:
                return attempt()
            except Unreached as error:
                pause = attempts.pause_after(error)
                if pause is None:
                    error.is_final = True
                    raise
                display.vv(f"not started yet, next attempt in {pause:.1f} s: {error}", host=self.host)
                time.sleep(pause)

    def _run_once(
        self, command: str, source: bytes | IO[bytes] | None, sink: IO[bytes] | None, become: Any, frame: Frame
    ) -> Outcome:
        self._open()
        if sink is not None:
            sink.seek(0)
            sink.truncate()
        with Report() as report:
            job = Job(
                self._command(self._frame(frame, command)), self._environment(report), frame, source, sink,
                Escalation(become), self.get_option("start_timeout"), 2 + self.get_option("timeout"),
            )  # fmt: skip
            done = self._run_job(job)
            if not done.started:
                raise Unreached(self._failure(done, report))
        if not done.ended:
            raise AnsibleConnectionFailure(f"{self._title()}: {self._loss(done)}")
        return done

    def _run_job(self, job: Job) -> Outcome:
        display.vvv(f"SSH: EXEC {to_text(b' '.join(job.argv))}", host=self.host)
        try:
            done = run(job)
        except OSError as error:
            raise AnsibleError(
                f"ssh cannot be run: {error}. Install an ssh client, or set ansible_ssh_executable"
            ) from None
        except EscalationTimeout:
            name = getattr(self.become, "name", "become")
            raise AnsibleConnectionFailure(
                f"{self._title()}: {name} neither asked for a password nor went on"
            ) from None
        shown = "censored due to no log" if self._play_context.no_log else (done.rc, done.stdout, done.stderr)
        display.vvvv(f"rc={done.rc} started={done.started} ended={done.ended}: {shown}", host=self.host)
        return done

    def _open(self) -> None:
        """Have the shared connection, opened by one process at a time."""
        self._build_command("ssh", "ssh")
        path = self.control_path and self.control_path % {"directory": unfrackpath(self.control_path_dir)}
        if path and "%" not in path:
            open_once(Path(f"{path}.opening"), lambda: is_open(path), self._open_now)

    def _open_now(self) -> None:
        def attempt() -> Outcome:
            frame = Frame()
            with Report() as report:
                argv = self._command(frame.wrap(":"), debug=True)
                done = self._run_job(
                    Job(argv, self._environment(report), frame, start_within=self.get_option("start_timeout"))
                )
                if not done.ended:
                    raise Unreached(self._failure(done, report))
            return done

        self._attempts(attempt)

    # What both plugins fill in.

    def _frame(self, frame: Frame, command: str) -> str:
        """The command for the host OS."""
        return frame.wrap(command)

    def _failure(self, done: Outcome, report: str) -> Failure:
        """Why a command was not started."""
        told = read_report(report)
        if told:
            return of_tunnel(*told)
        if done.late:
            limit = self.get_option("start_timeout")
            return Failure(
                f"the device did not start the command within {limit} s, so it was called off. Look at its load"
            )
        return of_ssh(done.stderr, self.host)

    def _loss(self, _done: Outcome) -> str:
        return (
            "the connection was lost while the command ran, so its result is not known, and it was not repeated. Check"
            " that the device is online, and run the play again"
        )

    def _title(self) -> str:
        return f"device {self.host.removesuffix('.balena')[:7]}" if self._uuid else f"device at {self.host}"

    # Where to go.

    def _prepare(self) -> None:
        """Find out the address.

        :raises AnsibleConnectionFailure: the variables do not tell it.
        """
        given = self.get_option("host")
        self._uuid = uuid_of([self.get_option("uuid"), given])
        wrong = self.get_option("uuid")
        if wrong and uuid_of([wrong]) is None:
            raise AnsibleConnectionFailure(
                f"balena_uuid must be the full uuid, 32 or 62 hexadecimal digits, not '{wrong}'"
            )
        if self.get_option("reach") == "local":
            self._options_of_device = self._local(given)
        elif self._uuid is None:
            raise AnsibleConnectionFailure("no balena_uuid: the tunnel needs the full uuid of the device")
        else:
            self._options_of_device = self._through_tunnel()
            self.set_option("host", f"{self._uuid}.balena")
        self.host = self.get_option("host")

    def _local(self, address: str) -> list[str]:
        if self._uuid and uuid_of([address]):
            raise AnsibleConnectionFailure(
                "no ansible_host: balena_reach: local needs the device's address on the network"
            )
        return [f"HostKeyAlias={self._uuid}.balena"] if self._uuid else []

    def _through_tunnel(self) -> list[str]:
        try:
            address = tunnel_address(self.get_option("api_url"), self.get_option("tunnel_address"))
        except AddressError as error:
            raise AnsibleConnectionFailure(str(error)) from None
        # As the library that the API is asked with: it is how AWX names a private authority.
        trusted = self.get_option("ca_path") or os.environ.get("REQUESTS_CA_BUNDLE")
        proxy = proxy_command(address, trusted, self.get_option("validate_certs"))
        return [f"ProxyCommand={proxy}", f"HostKeyAlias={self._uuid}.balena"]

    def _build_command(self, binary: str, subsystem: str, *other_args: Any) -> list[bytes]:
        """ansible-core's command. Options that the user gave come first, and ssh takes the first of each."""
        ours = [*self._options_of_device, "ServerAliveInterval=15", "ServerAliveCountMax=3"]
        options = [word for option in ours for word in ("-o", option)]
        built: list[bytes] = super()._build_command(binary, subsystem, *options, *other_args)
        return built

    def _command(self, command: str, debug: bool = False) -> list[bytes]:
        """The ssh process for a command. What ssh -v writes belongs to no command, but tells how logging in went."""
        built = self._build_command(self.get_option("ssh_executable"), "ssh")
        shown = [word for word in built if debug or not re.fullmatch(rb"-v+", word)]
        return [*shown, b"-T", to_bytes(self.host), to_bytes(command, errors="surrogate_or_strict")]

    def _environment(self, report: str) -> dict[str, str]:
        """The environment of ssh, and so of its ProxyCommand: the one place where the token is."""
        found = {name: value for name, value in os.environ.items() if name not in TOKEN_VARIABLES}
        token = token_for(self.get_option("api_url"), self.get_option("api_token"))
        return {**found, REPORT_VARIABLE: report, **({TOKEN_VARIABLES[0]: token} if token else {})}
