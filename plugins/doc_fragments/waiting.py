# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that can wait for devices."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of WAITING, FAILURES, PATIENCE and SOAK, in plugins/module_utils/options.py."""

    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the devices are as declared; also when nothing had to be changed. Not in check mode.
      - A device counts as done, or as failed, when two looks in a row show it.
      - Running as an action, the task shows a line of progress when something changed.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at most. The task then fails, and still returns who is done, pending and failed.
    type: float
    default: 1800.0
  poll_interval:
    description: Seconds between two looks at the devices; each look is one request for all of them.
    type: float
    default: 10.0
  success_percentage:
    description: The waiting ends well as soon as this share of the devices is done.
    type: float
    default: 100.0
  max_failures:
    description:
      - The waiting ends as soon as more devices than this have failed.
      - If not set, the waiting goes on for the others.
    type: int
"""

    FAILURES = r"""
options:
  max_failure_percentage:
    description:
      - The waiting ends as soon as more than this share of the devices has failed. In a rollout, this is a share of all
        devices that it has reached.
    type: float
  min_devices:
    description: O(max_failure_percentage) counts when there are at least this many devices.
    type: int
    default: 1
"""

    PATIENCE = r"""
options:
  patience:
    description:
      - Seconds for which the server may be away in one go (no connection, or an answer such as 503) without the task
        failing. It tries again until then.
      - A task that waits goes on waiting meanwhile, beyond its time-out if need be. With V(0), its looks at the devices
        may fail until the time-out.
    type: float
    default: 0.0
"""

    SOAK = r"""
options:
  soak:
    description:
      - With O(wait), seconds during which the devices are watched after enough of them are done. Those that go offline
        or fall back count as failed then, and the task fails when too few are left or too many have failed.
    type: float
    default: 0.0
"""
