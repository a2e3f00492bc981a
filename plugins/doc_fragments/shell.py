# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules have in common that need nothing but a POSIX shell on the host."""

from __future__ import annotations

_ATTRIBUTES = """
notes:
  - Works over every connection, such as C(ssh), C(local) or a container's. The host needs a POSIX shell (such as the
    C(ash) of busybox, C(dash) or C(bash)) with the usual tools of POSIX, and no Python.
  - A leading C(~) in a path is the home of the user on the host. All other characters are those of the name, blanks at
    the ends and bytes that are not UTF-8 included.
attributes:
  action:
    description: Runs inside the controller, and talks to the shell of the host.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
    details: It is a conversation with the host. Start what takes long in the background there.
  become:
    description: Is usable alongside C(become) keywords.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    support: full
    platforms: posix
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
"""


class ModuleDocFragment:
    """The attributes and notes."""

    # Annotated, since the lint of the documentation takes a plain assignment to be one literal.
    DOCUMENTATION: str = _ATTRIBUTES
