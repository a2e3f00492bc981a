# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of modules that say what attributes a file of the host has."""

from __future__ import annotations

_OPTIONS = """
options:
  owner:
    description: The user that owns it, by name or number. Left out, it stays as it is.
    type: str
  group:
    description: The group that owns it, by name or number. Left out, it stays as it is.
    type: str
  mode:
    description:
      - Who may do what, octal in quotes (V('0644')) or symbolic (V(u=rw,g=r,o=)). Left out, it stays as it is, and
        what is made gets what the host gives by default.
    type: raw
"""


class ModuleDocFragment:
    """Owner, group and mode."""

    # Annotated, since the lint of the documentation takes a plain assignment to be one literal.
    DOCUMENTATION: str = _OPTIONS
