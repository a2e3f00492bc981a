# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that write a plan into a file, and make one of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .domain.forecast.about import NOTHING
from .domain.forecast.summary import markdown
from .engine import plan_file, plan_signing
from .engine.plan import DeclarationError, Plan
from .engine.task import Foreseen

_WRITTEN = ("plan_to", "plan_summary")
#: Options that say nothing without another one.
_NEEDS = {"plan_sign_key": "plan_to", "plan_signers": "plan_from", "plan_signer": "plan_signers"}


def check(params: Mapping[str, Any], plan: Plan, *, check_mode: bool) -> None:
    """Refuse what cannot be meant, and a plan that is not the one of C(plan_from).

    :raises DeclarationError: names the option, or what is different.
    """
    for name, needed in _NEEDS.items():
        if params.get(name) and not params.get(needed):
            raise DeclarationError(f"{name} says nothing without {needed}")
    written = [name for name in _WRITTEN if params.get(name)]
    if written and not check_mode:
        raise DeclarationError(
            f"{written[0]} writes down a plan that is not made yet, so it needs check mode (--check)"
        )
    if path := params.get("plan_from"):
        # Read once: what is verified is what counts.
        text = plan_file.read_whole(path, "plan_from")
        if signers := params.get("plan_signers"):
            plan_signing.verify(text, path, signers, params.get("plan_signer"), "plan_from")
        plan_file.check(path, plan_file.parse(text, path, "plan_from"), plan, plan_file.server_of(params))


def keep(params: Mapping[str, Any], plan: Plan, foreseen: Foreseen) -> None:
    """Write the files that are asked for.

    :raises DeclarationError: one cannot be written, or the plan cannot be signed.
    """
    if not any(params.get(name) for name in _WRITTEN):
        return
    content = {**NOTHING, **plan_file.content_of(plan, plan_file.server_of(params), foreseen)}
    if path := params.get("plan_to"):
        text = plan_file.as_text(content)
        signature = plan_signing.sign(text, params["plan_sign_key"]) if params.get("plan_sign_key") else None
        plan_file.write_whole(path, text, "plan_to")
        if signature is not None:
            plan_file.write_whole(f"{path}{plan_signing.SUFFIX}", signature, "plan_to")
    if params.get("plan_summary"):
        summary = markdown(content).encode("utf-8", "surrogatepass")
        plan_file.write_whole(params["plan_summary"], summary, "plan_summary")
