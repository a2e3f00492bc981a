# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules whose work an action does: they need no Python on the host, and so there is nothing to run there."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from .options import Options


def needs_action(options: Options) -> None:
    """Run as a process of its own: say that this is not how it is used."""
    module = AnsibleModule(supports_check_mode=True, **options.rules())
    module.fail_json(
        msg=f"{module._name} is done by the action of the same name, which talks to the host's shell. Use it in a task,"
        " by its full name, with the whole collection installed on the controller"
    )
