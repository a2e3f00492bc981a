# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the numbers may be that rollouts and updates are declared with."""

from __future__ import annotations

from ..engine.limits import INTERVAL, SHARE, TIME, Bounds

#: By the names of the options; in another option, behind its name.
BOUNDS: dict[str, Bounds] = {
    "soak": TIME,
    "max_wait": TIME,
    "max_failure_percentage": SHARE,
    "min_devices": Bounds(least=1),
    "probe.timeout": INTERVAL,
    "probe.retries": Bounds(),
    "diagnosis.settle": TIME,
}
