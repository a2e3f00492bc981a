# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that are replaced: the old one is touched only when the new one is there.

A key that was to be replaced must stay when its successor could not be made, or whoever uses it is locked out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .plan import Change, Need


def after_successors(olds: Iterable[Change], successors: Iterable[Change]) -> list[Change]:
    """The changes of old things, each of which needs that its successor is made.

    :param successors: those whose key an old thing's key begins with.
    """
    news = {change.key: change for change in successors}
    return [replace(old, needs=_needs(old, news)) for old in olds]


def _needs(old: Change, news: dict[tuple[str, ...], Change]) -> tuple[Need, ...]:
    found = [news[old.key[:length]] for length in range(len(old.key) + 1) if old.key[:length] in news]
    return tuple(
        Need(new.resource, new.action, new.key, "its successor could not be made, so it stays as it is")
        for new in found
    )
