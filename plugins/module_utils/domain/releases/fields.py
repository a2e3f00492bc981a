# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared of a release: how each option is stored and shown."""

from __future__ import annotations

from ...engine.fields import Resource, flag, text

RELEASE = Resource(
    "release",
    (text("commit", "commit"),),
    (
        flag("final", "is_final"),
        flag("invalidated", "is_invalidated"),
        text("note", "note"),
        text("known_issues", "known_issue_list"),
    ),
)
