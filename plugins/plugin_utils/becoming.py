# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What become plugins can do, in every version of ansible-core."""

from __future__ import annotations

from typing import Any


def passes_input(become: Any) -> bool:
    """Whether what is sent to a command gets past this become plugin. Old versions of ansible-core know su by name."""
    known = getattr(become, "pipelining", None)
    return become.name != "su" if known is None else bool(known)
