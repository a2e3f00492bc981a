# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the connection plugins: those of ansible-core's ssh, and where a device is."""

from __future__ import annotations

import json
from typing import Any

import yaml
from ansible.plugins.connection import ssh

#: The one in C, where there is one, takes a tenth of the time, which every worker of a play spends.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: How a password is given, and other ways to transfer files: balenaOS has none of these.
_WITHOUT = frozenset({
    "password", "password_mechanism", "sshpass_prompt", "pkcs11_provider", "sftp_executable", "scp_executable",
    "scp_extra_args", "sftp_extra_args", "sftp_batch_mode", "ssh_transfer_method", "scp_if_ssh", "use_tty",
})  # fmt: skip


def _plain(value: Any) -> Any:
    """Without the versions of ansible-core, which would be taken for ours."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key not in ("version_added", "deprecated")}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _options_of_ssh() -> str:
    options = yaml.load(ssh.DOCUMENTATION, Loader=_LOADER)["options"]  # noqa: S506 - a safe one
    kept = {name: _plain(option) for name, option in options.items() if name not in _WITHOUT}
    # JSON is YAML too.
    return json.dumps({"options": kept})


class ModuleDocFragment:
    """What both plugins document."""

    DOCUMENTATION = r"""
options:
  uuid:
    description:
      - Full uuid of the device, 32 or 62 hexadecimal digits.
      - Not needed if the host is called by it.
    type: str
    vars:
      - name: balena_uuid
  reach:
    description:
      - V(tunnel) goes through the cloud, wherever the device is.
      - V(local) goes to the address in C(ansible_host), on the local network.
    type: str
    choices: [tunnel, local]
    default: tunnel
    vars:
      - name: balena_reach
  tunnel_address:
    description:
      - Host and port of the tunnel for O(reach=tunnel).
      - By default port 443 of C(tunnel.<domain>) if O(api_url) is C(https://api.<domain>/).
    type: str
    env:
      - name: BALENA_TUNNEL_ADDRESS
    vars:
      - name: balena_tunnel_address
  api_url:
    description: Address of the balena API, which tells the tunnel's.
    type: str
    default: https://api.balena-cloud.com/
    env:
      - name: BALENA_API_URL
    vars:
      - name: balena_api_url
  api_token:
    description:
      - A session token or an API key for the tunnel. It is handed on in the environment, never in a command line.
      - If neither this nor an environment variable is set, the login that the balena CLI stored is used,
        if O(api_url) is the server that the settings of the CLI name.
    type: str
    env:
      - name: BALENA_API_KEY
      - name: BALENA_TOKEN
    vars:
      - name: balena_api_token
  validate_certs:
    description: Whether to verify the certificate of the tunnel.
    type: bool
    default: true
    env:
      - name: BALENA_VALIDATE_CERTS
    vars:
      - name: balena_validate_certs
  ca_path:
    description: Path of a file with the certificates of the authorities to trust, for a server with a private one.
    type: path
    env:
      - name: BALENA_CA_PATH
    vars:
      - name: balena_ca_path
  port:
    description: Port of the ssh server of the host OS.
    type: int
    default: 22222
  timeout:
    description: Seconds to wait until the device has answered, and for the prompts of C(become).
    type: int
    default: 30
  start_timeout:
    description:
      - Seconds until a command has to be started. One that the device or its engine has not started until then is
        called off for good.
    type: float
    default: 60.0
    vars:
      - name: balena_start_timeout
  retry_for:
    description:
      - Seconds in which to try again what has not been started for a reason that may pass by itself, such as an ssh
        server with too many visitors or a container that restarts. What has been started is never repeated.
    type: float
    default: 60.0
    vars:
      - name: balena_retry_for
  reconnection_retries:
    description:
      - How often to try again what has not been started for any other reason, such as a device that is offline.
      - What has been started is never repeated.
    type: int
    default: 0
  pipelining:
    description:
      - Whether to run modules without writing them to a file first. It takes a third of the time, and works with every
        C(become) that does not need a terminal.
    type: bool
    default: true
requirements:
  - an OpenSSH client on the controller
"""

    #: Those of the ansible-core that is installed. (With a type, since yamllint of ansible-test takes what is assigned
    #: without one for a text.)
    SSH: str = _options_of_ssh()
