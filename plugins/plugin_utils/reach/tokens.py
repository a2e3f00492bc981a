# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token for the tunnel: the one that is given, else the balena CLI's, if it is for this server."""

from __future__ import annotations

import functools

from ...module_utils.sdk.errors import BalenaError


def token_for(api_url: str, given: str | None) -> str | None:
    """The token, or None if there is none."""
    return str(given).strip() if given else _of_cli(api_url)


@functools.lru_cache(maxsize=8)
def _of_cli(api_url: str) -> str | None:
    from ...module_utils.sdk import Balena

    try:
        return Balena(api_url=api_url).tokens.get() or None
    except (BalenaError, ImportError, OSError):
        return None
