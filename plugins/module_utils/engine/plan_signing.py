# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures of plan files, as ssh-keygen makes and verifies them.

What is verified are the bytes that are read then, not the file: whoever may write it cannot put another plan in its
place in between.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from . import plan_file
from .plan import DeclarationError
from .visible import one_line

#: What signatures are for, so that one of an e-mail, say, by the same key, is not one of a plan.
NAMESPACE = "plan@community.balena"
#: What the name of a file's signature ends with, as ssh-keygen has it.
SUFFIX = ".sig"
#: Seconds that ssh-keygen may take: a key on a token has to be touched.
_PATIENCE = 120


class _Said(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: bytes
    stderr: bytes


def sign(text: bytes, key: str) -> bytes:
    """The signature of a text.

    :param key: the path of a private key without a passphrase, or of any key that an agent holds.
    :raises DeclarationError: it cannot be signed; names C(plan_sign_key).
    """
    option = "plan_sign_key"
    if not Path(key).is_file():
        raise DeclarationError(f"{option}: {key} does not exist or is not a file")
    done = _run(option, ["sign", "-f", key, "-n", NAMESPACE], text)
    if done.returncode or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise DeclarationError(
            f"{option}: the plan cannot be signed with {key}: {_reason(done)}. A key with a passphrase has to be in "
            "the ssh-agent (ssh-add)"
        )
    return done.stdout


def verify(text: bytes, path: str, signers: str, signer: str | None, option: str) -> str:
    """Who has signed a text.

    :param text: what the file holds.
    :param path: the file, whose signature lies beside it.
    :param signers: the path of a file of allowed signers, as ssh-keygen describes it.
    :param signer: who has to be the one that signed; None: anyone of these.
    :param option: what names the file, for messages.
    :returns: the identity of the signer in the file of allowed signers.
    :raises DeclarationError: there is no signature, or none that counts.
    """
    if not Path(signers).is_file():
        raise DeclarationError(f"plan_signers: {signers} does not exist or is not a file")
    beside = f"{path}{SUFFIX}"
    if not Path(beside).exists():
        raise DeclarationError(f"{option}: {path} is not signed: {beside} is missing. plan_sign_key signs a plan")
    signature = plan_file.read_whole(beside, option)
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        # Looked at twice, so a copy that nobody else can change meanwhile.
        copy = Path(folder, "signature")
        copy.write_bytes(signature)
        who = signer or _signer(copy, signers, path, option)
        arguments = ["verify", "-f", signers, "-I", who, "-n", NAMESPACE, "-s", str(copy)]
        done = _run(option, arguments, text)
    if done.returncode:
        raise DeclarationError(
            f"{option}: the signature {beside} is not one of {one_line(who)} for {path} as it is: {_reason(done)}"
        )
    return who


def _signer(signature: Path, signers: str, path: str, option: str) -> str:
    """Whose key a signature was made with."""
    done = _run(option, ["find-principals", "-f", signers, "-s", str(signature)])
    names = [name for line in _lines(done.stdout) for name in line.split(",") if not name.startswith("!")]
    if done.returncode or not names:
        raise DeclarationError(f"{option}: {path} is not signed with a key of {signers}: {_reason(done)}")
    return names[0]


def _run(option: str, arguments: Sequence[str], text: bytes = b"") -> _Said:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise DeclarationError(
            f"{option}: signatures need ssh-keygen of OpenSSH 8.2 or newer, which is not found on the controller. "
            "Install the OpenSSH client there"
        )
    try:
        return asyncio.run(_ask([program, "-Y", *arguments], text))
    except (OSError, asyncio.TimeoutError) as error:
        reason = "it took too long" if isinstance(error, asyncio.TimeoutError) else error.strerror or str(error)
        raise DeclarationError(f"{option}: ssh-keygen could not be run: {reason}") from None


async def _ask(command: Sequence[str], text: bytes) -> _Said:
    """Run a command to its end. No module is at hand here whose C(run_command) could."""
    # Nobody is there to type a passphrase: whatever asks for one gets an answer at once, which is no.
    environment = {**os.environ, "LC_ALL": "C", "SSH_ASKPASS": "/bin/false", "SSH_ASKPASS_REQUIRE": "force"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True
    )
    try:
        stdout, stderr = await asyncio.wait_for(process.communicate(text), _PATIENCE)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
        raise
    return _Said(process.returncode or 0, stdout, stderr)


def _reason(done: _Said) -> str:
    """What ssh-keygen says, in one line."""
    said = [line.rstrip(".") for line in _lines(done.stderr) or _lines(done.stdout)]
    return one_line(": ".join(said)[:300]) or f"ssh-keygen says nothing (exit status {done.returncode})"


def _lines(output: bytes) -> list[str]:
    return [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
