# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large a plan may be, and counts that are declared as a number or as a percentage."""

from __future__ import annotations

from .plan import DeclarationError, Plan
from .report import count
from .wording import counted


def guard(plan: Plan, max_changes: str | int | None, touched: int) -> None:
    """Stop a plan that is larger than its author allowed, before its first write.

    :param max_changes: a number of changes, or a percentage of the subjects (C("10%")) that may be touched, however
        many changes each of them has.
    :param touched: how many of the subjects the plan changes.
    :raises DeclarationError: the plan is larger; or C(max_changes) is neither a number nor a percentage.
    """
    if max_changes is None:
        return
    limit, by_share = share(max_changes, plan.subjects, option="max_changes"), str(max_changes).strip().endswith("%")
    if (touched if by_share else len(plan.steps)) > limit:
        counts = ", ".join(f"{number} to {action}" for action, number in count(plan.steps).items() if number)
        allowed = f"{max_changes}, that is {limit} of {plan.subjects}" if by_share else counted(limit, "change")
        raise DeclarationError(
            f"Nothing was written: the plan has {counted(len(plan.steps), 'change')} ({counts}) and touches "
            f"{touched} of {counted(plan.subjects, 'subject')}, more than max_changes allows ({allowed})"
        )


def share(amount: str | int, total: int, *, option: str) -> int:
    """How many a count or a percentage is of a total; a percentage is rounded up, so that 1 % of 5 is one.

    :raises DeclarationError: not a whole number or percentage of 0 or more.
    """
    text = str(amount).strip()
    number = text[:-1].strip() if text.endswith("%") else text
    try:
        value = float(number) if text.endswith("%") else int(number)
    except ValueError:
        value = -1
    if not 0 <= value <= (100 if text.endswith("%") else float("inf")):
        raise DeclarationError(f"{option} must be a whole number or a percentage such as 10%, not '{amount}'")
    return -int(-total * value // 100) if text.endswith("%") else int(value)
