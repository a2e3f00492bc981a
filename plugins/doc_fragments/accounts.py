# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that leave an account of what they changed."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of ACCOUNTS in plugins/module_utils/options.py."""

    DOCUMENTATION = r"""
options:
  account_to:
    description:
      - Leave an account of what is changed in this file on the controller, by which
        M(community.balena.balena_undo) gives back what there was before. Only you can read it.
      - It is written before the first change and at the end, also when the task fails half-way. A task that changes
        nothing leaves the file as it is. An account that is complete is replaced by that of the next task that changes
        something; to one that is not, the next task adds what it does.
      - Secrets are in it as fingerprints, so that what they were before cannot be given back.
    type: path
    version_added: 2.0.0
"""
