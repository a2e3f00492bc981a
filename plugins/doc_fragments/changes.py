# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of every module that changes something."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of _CHANGE_SPEC in plugins/module_utils/options.py."""

    DOCUMENTATION = r"""
options:
  max_changes:
    description:
      - Fail, before anything is written, when the plan has more changes than this.
      - A number of changes, or a percentage such as V(10%) of the subjects (devices, applications) that the task is
        about. The percentage counts the subjects that are touched, however many changes each of them has.
      - What all devices of an application get, such as its variables and its release, touches all subjects.
    type: str
"""
