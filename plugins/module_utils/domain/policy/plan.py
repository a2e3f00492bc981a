# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan file judged by a policy, as the module balena_policy declares it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...engine import dates, plan_file, plan_signing
from ...engine.plan import DeclarationError
from ...engine.task import Followed
from ...engine.visible import visible_in
from ...engine.wording import counted, listed
from . import content, reading
from .facts import Planned
from .judging import Judgement, judge, sentence
from .rules import Policy

Want = Mapping[str, Any]


def check(want: Want) -> Followed:
    """What the rules say of a plan; a problem if one of them denies it.

    :param want: the options of the module balena_policy.
    :raises DeclarationError: the policy makes no sense, a file is not a plan, or its signature does not count.
    """
    policy = reading.read(want["policy"], want["timezone"])
    plan = _plan(want, policy)
    earlier = [_planned(path, "earlier", policy) for path in want["earlier"] or ()]
    found = judge(policy, plan, earlier, dates.now())
    return Followed(_result(found), _problem(want["plan"], found))


def _plan(want: Want, policy: Policy) -> Planned:
    path = want["plan"]
    text = plan_file.read_whole(path, "plan")
    who = ""
    if want.get("plan_signers"):
        who = plan_signing.verify(text, path, want["plan_signers"], want.get("plan_signer"), "plan")
    elif want.get("plan_signer"):
        raise DeclarationError("plan_signer says nothing without plan_signers")
    return Planned(content.complete(plan_file.parse(text, path, "plan"), path, "plan"), policy, who)


def _planned(path: str, option: str, policy: Policy) -> Planned:
    text = plan_file.read_whole(path, option)
    return Planned(content.complete(plan_file.parse(text, path, option), path, option), policy)


def _result(found: Judgement) -> dict[str, Any]:
    verdict = "denied" if found.denied else "warned" if found.warned else "allowed"
    result = {"verdict": verdict, "denied": found.denied, "warned": found.warned, "facts": found.facts}
    shown: dict[str, Any] = visible_in(result)
    return {**shown, "warnings": [sentence(said) for said in found.warned]}


def _problem(path: str, found: Judgement) -> str | None:
    if not found.denied:
        return None
    rules = counted(len(found.denied), "rule denies", "rules deny")
    said = listed([sentence(said).rstrip(".") for said in found.denied], len(found.denied), between="; ")
    return f"{rules} the plan {path}. {said}"
