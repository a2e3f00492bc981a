# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that are steps of the roles that go through waves."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of RECORD in plugins/module_utils/options.py."""

    DOCUMENTATION = r"""
options:
  record:
    description:
      - The record of all steps so far, as an earlier step has returned it, or M(community.balena.balena_rollout_info)
        begun it. RV(record) is the same with this step added, and the step is shown in a few lines. The roles of this
        collection make their reports of it.
      - Once the record says that a step went wrong or that the waves were stopped, further steps are skipped, but for
        a rollback.
    type: dict
    version_added: 2.0.0
  wave:
    description: Number of the wave, as M(community.balena.balena_rollout_info) returns it.
    type: int
  planned:
    description: The waves, as M(community.balena.balena_rollout_info) returns them. For O(record).
    type: list
    elements: dict
    default: []
    version_added: 2.0.0
"""
