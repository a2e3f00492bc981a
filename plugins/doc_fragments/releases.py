# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that make devices run releases."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of RELEASES in plugins/module_utils/options.py."""

    DOCUMENTATION = r"""
options:
  allow_invalidated:
    description:
      - Whether a release may be named that is invalidated.
      - A release whose build failed or has not ended is always refused, as the API does.
    type: bool
    default: false
"""
