# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugins, loaded before Ansible forks.

ansible-core loads a connection plugin in the worker of each host and task, where it compiles a collection's files anew
and reads their documentation. Workers inherit what the process that they are forked from has loaded.
"""

from __future__ import annotations

from ansible.plugins.loader import connection_loader

NAMES = ("community.balena.container", "community.balena.host")


def load_connections() -> None:
    """Load both connection plugins in this process, if it has not loaded them yet."""
    for name in NAMES:
        connection_loader.get(name, class_only=True)
