# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that write a plan into a file, and make one of a file: C(plan_to), C(plan_summary) and C(plan_from)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .engine import plan_file
from .engine.plan import DeclarationError, Plan
from .engine.plan_text import markdown
from .engine.task import Foreseen

_WRITTEN = ("plan_to", "plan_summary")


def check(params: Mapping[str, Any], plan: Plan, *, check_mode: bool) -> None:
    """Refuse what cannot be meant, and a plan that is not the one of C(plan_from).

    :raises DeclarationError: names the option, or what is different.
    """
    written = [name for name in _WRITTEN if params.get(name)]
    if written and not check_mode:
        raise DeclarationError(
            f"{written[0]} writes down a plan that is not made yet, so it needs check mode (--check)"
        )
    if params.get("plan_from"):
        plan_file.check(params["plan_from"], plan, _server(params))


def keep(params: Mapping[str, Any], plan: Plan, foreseen: Foreseen) -> None:
    """Write the files that are asked for.

    :raises DeclarationError: one cannot be written.
    """
    if not any(params.get(name) for name in _WRITTEN):
        return
    content = plan_file.content_of(plan, _server(params), foreseen)
    if params.get("plan_to"):
        plan_file.write(params["plan_to"], content)
    if params.get("plan_summary"):
        plan_file.write_whole(params["plan_summary"], markdown(content), "plan_summary")


def _server(params: Mapping[str, Any]) -> str:
    return str(params["api_url"]).strip().rstrip("/")
