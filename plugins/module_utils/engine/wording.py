# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How messages say numbers."""

from __future__ import annotations


def counted(number: float, one: str, many: str | None = None) -> str:
    """A number and what it counts: C(1 device), C(2 devices); with a verb C(1 device is), C(0 devices are).

    :param one: what follows the number 1.
    :param many: what follows any other number; by default C(one) with an s.
    """
    said = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{said} {one if number == 1 else many or one + 's'}"
