# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a device could not be reached: what ssh, the tunnel and the engine say, as a sentence with what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...module_utils.engine.visible import one_line

GUIDE = "docs/reaching-devices.md of the collection"


@dataclass(frozen=True)
class Failure:
    """A command was not started, or its end was not seen.

    :param patience: for how many seconds further attempts make sense, because it may pass by itself.
    """

    sentence: str
    patience: float = 0


LONG, SHORT = 600.0, 5.0


#: What the tunnel answers, by status.
_TUNNEL = {
    "401": "the tunnel refused the token (HTTP 401): it is wrong or has expired. Give a token that is valid",
    "403": "the tunnel does not allow this address (HTTP 403). Check balena_uuid and the port, which is 22222",
    "407": (
        "the tunnel refused (HTTP 407): the token is wrong or has expired, or it gives no access to this device. Give a"
        " valid token of a user who may use the device, or of an API key with that permission"
    ),
    "503": (
        "the device is offline, or not connected to the VPN (HTTP 503). Try again when it is online; on the same"
        " network, balena_reach: local needs no tunnel"
    ),
    "no token": (
        "no token was found for the tunnel. Set BALENA_TOKEN in the environment or the variable balena_api_token, or "
        "log in with the balena CLI"
    ),
}

_KEY = (
    "the device does not accept your SSH key. Add the public key to your balena account (module balena_ssh_key) or to"
    " os.sshKeys in the device's config.json, load the private key into the agent or name it in"
    " ansible_ssh_private_key_file, and log in as root, or on a production device as your balena user"
)
_CHANGED = (
    "the host key of the device has changed: it was provisioned anew, or somebody is in between. If you know why,"
    " remove the old key with: ssh-keygen -R {alias}"
)
_UNKNOWN = (
    "the host key of the device is not known, or differs from the known one. Log in once by hand and check it, or"
    " accept keys at first sight with ansible_ssh_extra_args: -o StrictHostKeyChecking=accept-new"
)
_BURST = (
    "the ssh server of the device closed the connection before anybody logged in, as it does when too many arrive at"
    " once. Try again, with fewer forks"
)
_SILENT = "the device did not answer in time. Check that it is up; ansible_timeout sets for how long to wait"

#: What ssh says, first match first: the sentence, and the patience that it is worth.
_SSH = (
    (r"REMOTE HOST IDENTIFICATION HAS CHANGED", _CHANGED, 0),
    (r"Host key verification failed", _UNKNOWN, 0),
    (r"Permission denied \(|Too many authentication failures", _KEY, 0),
    (r"Could not resolve hostname", "the address of the device has no meaning here. Check ansible_host", 0),
    (r"connect to host .*(refused|unreachable|No route)", "nothing answers at the device's address. Check that"
     " ansible_host is right and that the device is on this network, or use balena_reach: tunnel", 0),
    (r"timed out|Timeout, server", _SILENT, 0),
    (r"kex_exchange_identification|banner exchange|Connection (closed|reset) by|Connection to .* closed", _BURST, LONG),
    (r"too long for Unix domain socket|ControlPath .*too long", "the path of ssh's control socket is too long. Set"
     " control_path_dir in the section [ssh_connection] of ansible.cfg to a short one", 0),
)  # fmt: skip

#: What the engine says when it does not start a command, and the patience that it is worth.
_ENGINE = (
    (r"No such container|is not running|is restarting|is paused|marked for removal|cannot exec in a stopped"
     r"|container not found|procReady not received|process_linux", "it cannot run commands at the moment", LONG),
    (r"Cannot connect to the .* daemon|connection refused|dial unix", "the engine of the device is not running. Look at"
     " 'systemctl status balena-engine' on its host OS", LONG),
    (r"unable to find user|no matching entries in passwd", "the container does not know this user. Correct"
     " ansible_user, which is the user in the container", 0),
    (r"no such file or directory|executable file not found", "it has no /bin/sh. Ansible needs a shell in the"
     " container", 0),
    (r"permission denied", "the user who logs in may not use the engine. Log in as root", 0),
)  # fmt: skip


def of_tunnel(status: str, message: str) -> Failure:
    """What the ProxyCommand has reported."""
    known = _TUNNEL.get(status)
    if known:
        return Failure(known)
    again = not status or status == "429" or status.startswith("5")
    return Failure(
        f"{message}. Check balena_tunnel_address, and that the controller may connect to it", LONG if again else 0
    )


def of_ssh(errors: bytes, alias: str) -> Failure:
    """What ssh wrote before anything was started."""
    text = without_debug(errors)
    for pattern, sentence, patience in _SSH:
        if re.search(pattern, text):
            hints = re.findall(r"^.*(?:UNPROTECTED PRIVATE KEY|Load key|no such identity).*$", text, re.MULTILINE)
            more = f". ssh says: {one_line(hints[0].strip(' @'))}" if hints and sentence is _KEY else ""
            return Failure(sentence.format(alias=alias) + more, patience)
    return Failure(f"ssh could not log in: {_last_lines(text)}")


def of_engine(errors: bytes, service: str) -> Failure:
    """What the engine wrote instead of running a command in a container."""
    text = without_debug(errors)
    for pattern, sentence, patience in _ENGINE:
        if re.search(pattern, text, re.IGNORECASE):
            return Failure(f"service {service!r}: {sentence}. The engine says: {_last_lines(text)}", patience)
    return Failure(f"service {service!r}: the engine did not run the command: {_last_lines(text)}")


def without_debug(errors: bytes) -> str:
    """What was written, without the lines of C(ssh -v)."""
    lines = errors.decode("utf-8", "replace").splitlines()
    return "\n".join(line for line in lines if not re.match(r"debug\d: |OpenSSH_|.*Pseudo-terminal will not", line))


def _last_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return one_line("; ".join(lines[-3:]))[:400] if lines else "it said nothing"


def services(listing: Mapping[str, list[str]]) -> str:
    """The services of a device for a sentence, each with the state of its containers."""
    found = [f"{name} ({', '.join(states)})" for name, states in sorted(listing.items())]
    return one_line(", ".join(found)) if found else "none"
