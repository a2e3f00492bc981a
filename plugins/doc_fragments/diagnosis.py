# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which checks of the health of devices are made, and how they are judged."""

from __future__ import annotations


class ModuleDocFragment:
    """The options C(checks) and C(thresholds)."""

    DOCUMENTATION = """
options:
  checks:
    description:
      - The checks to make, by their names. Without it, all that are possible.
      - Over the API these are V(connection), V(vpn), V(api), V(storage), V(memory), V(temperature), V(cpu),
        V(undervoltage), V(services), V(release) and V(supervisor).
      - On the host OS they are V(api), V(storage), V(inodes), V(filesystem), V(memory), V(temperature), V(load),
        V(undervoltage), V(services), V(restarts), V(engine), V(supervisor), V(clock), V(time_sync), V(dns),
        V(certificate), V(shutdowns), V(wifi) and V(modem).
    type: list
    elements: str
  thresholds:
    description:
      - From which figures on a check is a warning or bad, by its name. A dictionary with C(warn) and C(bad), of which
        each can be left out, or be null for never.
      - A figure at the threshold is beyond it. That of V(certificate), V(wifi) and V(modem) is the worse the smaller it
        is.
      - Checks that only tell yes or no have the figure 1 or 0, so V(1) means yes.
      - The guide on diagnosing has a table of all checks with their units and thresholds.
    type: dict
"""
