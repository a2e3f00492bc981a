# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.settings``: the settings that balena's command line tools share, from files and the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._arguments import check_arguments
from .errors import BalenaDependencyError, BalenaSettingsPermissionError, BalenaUsageError

if TYPE_CHECKING:
    from . import Balena

# The domain of device URLs is not below these (recorded); elsewhere it is "devices.<balenaUrl>".
_DEVICE_DOMAINS = {
    "balena-cloud.com": "balena-devices.com",
    "balena-staging.com": "balena-staging-devices.com",
    "resin.io": "resindevice.io",
}
_Settings = dict[str, Any]
# In this order, because later ones are built from earlier ones. A plain value is a default, a function derives one.
_DEFAULTS: dict[str, Any] = {
    "balenaUrl": "balena-cloud.com",
    "apiUrl": lambda s: f"https://api.{s['balenaUrl']}",
    "vpnUrl": lambda s: f"vpn.{s['balenaUrl']}",
    "registryUrl": lambda s: f"registry.{s['balenaUrl']}",
    "registry2Url": lambda s: f"registry2.{s['balenaUrl']}",
    "tunnelUrl": lambda s: f"tunnel.{s['balenaUrl']}",
    "deltaUrl": lambda s: f"https://delta.{s['balenaUrl']}",
    "dashboardUrl": lambda s: f"https://dashboard.{s['balenaUrl']}",
    "proxyUrl": lambda s: _DEVICE_DOMAINS.get(str(s["balenaUrl"]), f"devices.{s['balenaUrl']}"),
    "dataDirectory": lambda s: os.path.join(_home(), ".balena"),
    "projectsDirectory": lambda s: os.path.join(_home(), "BalenaProjects"),
    "cacheDirectory": lambda s: os.path.join(s["dataDirectory"], "cache"),
    "binDirectory": lambda s: os.path.join(s["dataDirectory"], "bin"),
    "imageCacheTime": 7 * 24 * 60 * 60 * 1000,
    "tokenRefreshInterval": 60 * 60 * 1000,
    "apiKeyVariable": "BALENA_API_KEY",
}


@check_arguments
class Settings:
    """Settings by their names in the reference: ``apiUrl``, ``dataDirectory`` …; times are in milliseconds.

    Where a setting is given more than once, the last of these counts: ``~/.balenarc.yml``, ``balenarc.yml`` in the
    working directory, an environment variable ``BALENARC_API_URL``. They are read at each call; nothing is sent.

    Args:
        balena: the connection that this belongs to (settings are the same for all).
    """

    def __init__(self, balena: Balena | None = None) -> None:
        self._balena = balena

    def get(self, key: str) -> Any:
        """Return one setting.

        Args:
            key: for example ``apiUrl``.

        Raises:
            BalenaUsageError: there is no such setting, or a settings file is not valid.
            BalenaSettingsPermissionError: a settings file cannot be read.
            BalenaDependencyError: there is a settings file, and PyYAML is not installed.
        """
        settings = self.get_all()
        if key not in settings:
            raise BalenaUsageError(f"Setting not found: {key}")
        return settings[key]

    def get_all(self) -> dict[str, Any]:
        """Return all settings; errors as for :meth:`get`."""
        given = {
            **_from_file(os.path.join(_home(), ".balenarc.yml")),
            **_from_file(os.path.abspath("balenarc.yml")),
            **_from_environment(os.environ),
        }
        settings: _Settings = dict(given)
        for name, default in _DEFAULTS.items():
            settings.setdefault(name, default(settings) if callable(default) else default)
        return settings


def _home() -> str:
    return os.path.expanduser("~")


def _from_file(path: str) -> _Settings:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BalenaSettingsPermissionError(f"Cannot read {path}: {error.strerror}") from None
    except UnicodeError:
        raise BalenaUsageError(f"The settings file {path} is not text in UTF-8") from None
    try:
        import yaml
    except ImportError as error:
        raise BalenaDependencyError(f"The Python package 'PyYAML' is needed to read {path}: {error}") from error
    try:
        settings = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BalenaUsageError(f"The settings file {path} is not valid YAML{_line(error)}") from None
    if settings is None:
        return {}
    if not isinstance(settings, Mapping):
        raise BalenaUsageError(f"The settings file {path} must hold names and values")
    return {_modern(str(name)): value for name, value in settings.items()}


def _line(error: Any) -> str:
    """Where a file is wrong; the error's own text repeats what stands there."""
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _from_environment(environment: Mapping[str, str]) -> _Settings:
    """Read ``BALENARC_BALENA_URL`` as ``balenaUrl``; the same with the old prefix ``RESINRC_``."""
    settings: _Settings = {}
    for prefix in ("RESINRC_", "BALENARC_"):
        for variable, value in environment.items():
            if variable.startswith(prefix) and len(variable) > len(prefix):
                name = _modern(_camel_case(variable[len(prefix) :]))
                settings[name] = int(value) if isinstance(_DEFAULTS.get(name), int) and value.isdigit() else value
    return settings


def _camel_case(name: str) -> str:
    first, *others = name.lower().split("_")
    return first + "".join(part.capitalize() for part in others)


def _modern(name: str) -> str:
    return "balenaUrl" if name == "resinUrl" else name
