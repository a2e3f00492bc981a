# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that divide devices into waves."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of WAVES in plugins/module_utils/options.py."""

    DOCUMENTATION = r"""
options:
  waves:
    description:
      - How many devices are reached after each wave. A list of counts and percentages, such as V([5, 10%, 100%]); each
        says how many it is together with all waves before it, and percentages are rounded up.
      - Or growth by a factor until all are reached, as a dictionary of C(start) and C(growth). Starting at 5 with a
        growth of 2 means 5, 10, 20, 40 devices and so on.
      - The order of the devices is fixed, so that every wave goes on where the one before it ended, also when it is
        run again. Devices that the last wave does not reach take no part.
    type: raw
    default: [1%, 10%, 50%, 100%]
  canary:
    description:
      - Devices with these tags and values go first, in a wave of their own that is number 1. They count towards the
        waves after it.
    type: dict
  keep_out_tag:
    description: Devices that have this tag, whatever its value, are left alone.
    type: str
  seed:
    description:
      - The devices are ordered by a hash of this text and their uuids, so that it is not always the same ones that go
        first. Without it they are in the order of their uuids.
    type: str
"""
