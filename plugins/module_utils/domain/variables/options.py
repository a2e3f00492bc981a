# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of balena_env_var and balena_env_var_info."""

from __future__ import annotations

from typing import Any

from ..options import DeviceSelection, Forecast, ReadMore


class Holders(DeviceSelection):
    """What variables are meant, by what they belong to."""

    scope: str
    kind: str
    service: str | None


class Declared(Holders, Forecast):
    """The options of the module balena_env_var."""

    name: str | None
    value: Any | None
    variables: dict[str, Any] | None
    state: str
    purge: bool
    secret: bool
    check_config: str


class Asked(Holders, ReadMore):
    """The options of the module balena_env_var_info."""

    names: list[str] | None
    values: bool
