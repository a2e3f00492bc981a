# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of the collection supports, said once."""

from __future__ import annotations

_START = """
attributes:
"""

_SHARED = """
  action_group:
    description: Use C(group/community.balena.balena) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - community.balena.balena
  action:
    description:
      - Runs inside the controller, so that the host of the task needs neither Python nor a connection.
        A play over the hosts of a balena inventory needs no C(delegate_to).
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
    details: It runs in the controller and works in bulk; give it many devices in one task instead.
"""

_OF_CHANGES = """
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: full
  idempotent:
    description: Running it again with the same options and nothing changed in between makes no write.
    support: full
"""

_OF_READING = """
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
    details: It only reads, and does the same in check mode.
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: N/A
    details: It changes nothing.
  idempotent:
    description: Running it again with the same options and nothing changed in between makes no write.
    support: full
    details: It never writes.
"""


class ModuleDocFragment:
    """Attributes: DOCUMENTATION for modules that change things, INFO for those that only read."""

    # Annotated, since the lint of the documentation takes a plain assignment to be one literal.
    DOCUMENTATION: str = _START + _SHARED + _OF_CHANGES

    INFO: str = _START + _SHARED + _OF_READING
