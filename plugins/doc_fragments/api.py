# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection options, as modules (DOCUMENTATION) and as plugins (PLUGINS) document them."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of plugins/module_utils/connection.py."""

    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - Address of the balena API.
      - The default is balenaCloud; an openBalena server has an address such as V(https://api.balena.example.com/).
      - If not set, the value of the environment variable E(BALENA_API_URL) is used.
    type: str
    default: https://api.balena-cloud.com/
  api_token:
    description:
      - A session token or an API key.
      - If not set, the value of the environment variable E(BALENA_TOKEN), then E(BALENA_API_KEY) is used,
        then the login that the balena CLI stored on the machine that runs the task, if O(api_url) is the server that
        the settings of the CLI name.
    type: str
  validate_certs:
    description:
      - Whether to verify the certificate of the API.
      - If not set, the value of the environment variable E(BALENA_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - Path of a file with the certificates of the authorities to trust, for a server with a private one.
      - If not set, the value of the environment variable E(BALENA_CA_PATH) is used.
    type: path
  timeout:
    description:
      - Seconds to wait for an answer of the API, all of it, before a request fails; at most a day.
      - If not set, the value of the environment variable E(BALENA_TIMEOUT) is used.
    type: float
    default: 59.0
  request_limit:
    description:
      - Send at most this many requests in a minute, at most a million; further ones wait. Unlimited if not set.
      - If not set, the value of the environment variable E(BALENA_REQUEST_LIMIT) is used.
    type: int
  max_connections:
    description:
      - How many requests may be under way at the same time, at most 128.
      - If not set, the value of the environment variable E(BALENA_MAX_CONNECTIONS) is used.
    type: int
    default: 16
requirements:
  - requests >= 2.28
  - semver >= 3.0
"""

    PLUGINS = r"""
options:
  api_url:
    description:
      - Address of the balena API.
      - The default is balenaCloud; an openBalena server has an address such as V(https://api.balena.example.com/).
    type: str
    default: https://api.balena-cloud.com/
    env:
      - name: BALENA_API_URL
  api_token:
    description:
      - A session token or an API key.
      - Of the environment variables, E(BALENA_TOKEN) comes first.
      - If neither the option nor an environment variable is set, the login that the balena CLI stored is used,
        if O(api_url) is the server that the settings of the CLI name.
    type: str
    # Of those that are set, ansible-core takes the last one.
    env:
      - name: BALENA_API_KEY
      - name: BALENA_TOKEN
  validate_certs:
    description: Whether to verify the certificate of the API.
    type: bool
    default: true
    env:
      - name: BALENA_VALIDATE_CERTS
  ca_path:
    description: Path of a file with the certificates of the authorities to trust, for a server with a private one.
    type: path
    env:
      - name: BALENA_CA_PATH
  timeout:
    description: Seconds to wait for an answer of the API, all of it, before a request fails; at most a day.
    type: float
    default: 59.0
    env:
      - name: BALENA_TIMEOUT
  request_limit:
    description:
      - Send at most this many requests in a minute, at most a million; further ones wait. Unlimited if not set.
    type: int
    env:
      - name: BALENA_REQUEST_LIMIT
  max_connections:
    description: How many requests may be under way at the same time, at most 128.
    type: int
    default: 16
    env:
      - name: BALENA_MAX_CONNECTIONS
requirements:
  - requests >= 2.28
  - semver >= 3.0
"""
