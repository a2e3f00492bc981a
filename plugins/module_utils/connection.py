# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options, once for modules, actions and the inventory plugin.

The doc fragment C(community.balena.api) documents exactly what C(CONNECTION_SPEC) declares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import env_fallback, missing_required_lib

from .option_bounds import BOUNDS
from .sdk import Balena
from .sdk.errors import BalenaError

CLOUD_API_URL = "https://api.balena-cloud.com/"

#: How each connection option is declared to Ansible. Keys are the options' names.
CONNECTION_SPEC: dict[str, dict[str, Any]] = {
    "api_url": {"type": "str", "default": CLOUD_API_URL, "fallback": (env_fallback, ["BALENA_API_URL"])},
    "api_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["BALENA_TOKEN", "BALENA_API_KEY"])},
    "validate_certs": {"type": "bool", "default": True, "fallback": (env_fallback, ["BALENA_VALIDATE_CERTS"])},
    "ca_path": {"type": "path", "fallback": (env_fallback, ["BALENA_CA_PATH"])},
    "timeout": {"type": "float", "default": 59.0, "fallback": (env_fallback, ["BALENA_TIMEOUT"])},
    "request_limit": {"type": "int", "fallback": (env_fallback, ["BALENA_REQUEST_LIMIT"])},
    "max_connections": {"type": "int", "default": 16, "fallback": (env_fallback, ["BALENA_MAX_CONNECTIONS"])},
}


def connect(params: Mapping[str, Any], *, read_only: bool = False) -> Balena:
    """Open the SDK with the connection options of a task or an inventory source.

    :param params: a mapping that holds the keys of :data:`CONNECTION_SPEC` (others are ignored).
    :param read_only: refuse every write before it leaves (check mode, planning, inventory).
    :raises BalenaError: a needed Python library is missing, an option has a value that cannot work,
        or there is no token: neither given, nor in the environment, nor stored by C(balena login).
    """
    require_libraries()
    url = str(params["api_url"]).strip()
    if not url.startswith(("http://", "https://")):
        raise BalenaError(f"api_url must start with https:// or http://, not '{url}'")
    if urlsplit(url).username is not None or urlsplit(url).password is not None:
        raise BalenaError("api_url must not hold a user name or a password: a token identifies who asks, see api_token")
    for option in ("timeout", "max_connections", "request_limit"):
        number = params.get(option)
        if number is not None and (wrong := BOUNDS[option].problem(option, number)):
            raise BalenaError(wrong)
    balena = Balena(
        api_url=url,
        token=params.get("api_token"),
        validate_certs=params["validate_certs"],
        ca_path=params.get("ca_path"),
        timeout=params["timeout"],
        request_limit=params.get("request_limit"),
        max_connections=params["max_connections"],
        read_only=read_only,
    )
    if not balena.tokens.get():
        elsewhere = balena.foreign_log_in
        why = f"The balena CLI is logged in to {elsewhere}, so its token is not sent to {url}. " if elsewhere else ""
        raise BalenaError(
            f"{why}No API token: set the option api_token, or BALENA_TOKEN in the environment, "
            "or log in with the balena CLI"
        )
    return balena


def require_libraries() -> None:
    """Fail with Ansible's usual sentence when a Python library that everything needs is not installed.

    :raises BalenaError: names the library and the interpreter that lacks it.
    """
    # Imported here: the sanity import test loads this file where neither library exists.
    for library in ("requests", "semver"):
        try:
            __import__(library)
        except ImportError:
            raise BalenaError(missing_required_lib(library)) from None
