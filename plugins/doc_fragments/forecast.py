# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that say what they will cost the devices."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of FORECAST in plugins/module_utils/options.py."""

    DOCUMENTATION = r"""
options:
  max_restarts:
    description:
      - Fail, before anything is written, when the plan would start more containers anew than this, on all
        devices together.
      - What the plan will cost is forecast in check mode, and whenever one of O(max_restarts), O(max_reboots) and
        O(max_download) is given; see RV(forecast). That takes two requests.
    type: int
    version_added: 2.0.0
  max_reboots:
    description:
      - Fail, before anything is written, when the plan would make devices reboot more often than this, all devices
        together.
    type: int
    version_added: 2.0.0
  max_download:
    description:
      - Fail, before anything is written, when devices would have to download more than this, all of them together.
      - A number of bytes, or with a unit, such as V(500MB), V(1.5GB) or V(2GiB).
      - Sizes are those of whole images. Devices that download deltas need less. Sizes of the OS and of supervisors are
        not known.
    type: str
    version_added: 2.0.0
"""
