# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every task is done: its options, and a function that plans (or, for an info module, reads).

A task goes through L(perform), whether as a module in a process of its own (module.py) or inside the controller
(plugin_utils/action.py). There is one result shape: C(changed), C(diff), C(changes), C(failed_items), and what the plan
returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from . import plan_files
from .accounts import Keeper
from .connection import connect
from .domain.reaching import touched
from .engine import report
from .engine.apply import Outcome, apply
from .engine.explain import explain
from .engine.guard import guard
from .engine.kinds import printable
from .engine.masking import Masker
from .engine.patience import Patience
from .engine.plan import Act, Plan, Step
from .engine.task import Followed, Foreseen, Progress, Task
from .engine.visible import visible_in
from .jmespath_option import compile_query
from .options import Conclude, Params, in_one_word
from .sdk import Balena
from .sdk.errors import BalenaError

#: What a module declares: from the API as it is and the options to a plan, and to a task where that needs more.
#: The options are Any here: each planner and reader has a type of its own for them, which a test compares with the
#: module's argument spec.
Planner = Callable[[Balena, Any], "Plan | Task"]
#: What an info module returns: from the API and the options to the result.
Reader = Callable[[Balena, Any], Mapping[str, Any]]
#: What it waits for after that, if it waits: from the options and the result to what came of it.
Waiter = Callable[[Any, Mapping[str, Any], Progress], Followed]


class TaskFailure(Exception):
    """A task failed: the message and all else that its result holds."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = {**result, "msg": printable(result["msg"])}
        super().__init__(self.result["msg"])


def silent(line: str) -> None:
    """Shows nothing: what a module process writes while it runs would spoil its result."""


def perform(
    planner: Planner,
    params: Params,
    *,
    check_mode: bool,
    progress: Progress = silent,
    outcome: Conclude | None = None,
) -> dict[str, Any]:
    """Plan, guard, and (unless in check mode) apply and wait.

    The plan is made with a client that refuses to write, so that nothing can be written before it is complete.

    :param progress: shows a line of text while the task waits, or a step takes its time.
    :param outcome: says what came of the task, see L(Options).
    :returns: the task's result.
    :raises TaskFailure: with a result that says what was wrong, what was done and what was not.
    """
    params = in_one_word(params)
    masker = Masker(params)
    try:
        shown = _perform(planner, params, masker, check_mode, lambda line: progress(masker.text(line)))
        return masker.result(_concluded(outcome, params, shown, check_mode))
    except TaskFailure as failure:
        raise TaskFailure(masker.result(_concluded(outcome, params, failure.result, check_mode))) from failure.__cause__


def _concluded(outcome: Conclude | None, params: Params, result: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    return {**result, "outcome": outcome(params, result, check_mode)} if outcome else result


def _perform(planner: Planner, params: Params, masker: Masker, check_mode: bool, progress: Progress) -> dict[str, Any]:
    result: dict[str, Any] = {}
    try:
        patience = Patience.of(params)
        balena = connect(params, read_only=True)
        masker.learn(balena.tokens.get())
        task = patience.through(lambda: _foreseen(balena, _plan(balena, planner, params), params, check_mode))
        masker.learn_changes(task.plan.steps)
        if check_mode:
            return _result(task.plan)
        outcome = Outcome()
        if task.plan.steps:
            writing, keeper = connect(params), Keeper(balena, task, params)
            task, outcome = _apply(writing, task, patience, lambda: _plan(balena, planner, params), progress)
            result = _told(task, outcome)
            keeper.end(outcome)
            if not outcome.complete:
                raise TaskFailure(result)
            if task.read:
                outcome.read = task.read(writing, outcome)
                result.update(task.result(outcome) if task.result else {})
        if task.wait:
            result = result or _result(task.plan)
            followed = task.wait(balena, outcome, progress)
            result.update(visible_in(followed.result))  # an account of what was seen, which roles make reports of
            problem = followed.problem
            if task.after:
                problem = _settle(task, params, patience, outcome, result, problem, progress)
            if problem:
                raise TaskFailure({**result, "msg": problem})
        return result or _result(task.plan)
    except BalenaError as error:  # anything else is a mistake of ours, and looks like one
        raise TaskFailure({**failure_of(error), **result}) from error


def _plan(balena: Balena, planner: Planner, params: Params) -> Task:
    task = Task.of(planner(balena, params))
    guard(task.plan, params.get("max_changes"), touched(task.plan))
    return task


def _foreseen(balena: Balena, task: Task, params: Params, check_mode: bool) -> Task:
    """A task whose result says what its plan will cost, where that is asked for.

    :raises DeclarationError: the plan costs more than allowed, or is not that of C(plan_from).
    """
    plan_files.check(params, task.plan, check_mode=check_mode)
    foreseen = task.foresee(balena, check_mode=check_mode) if task.foresee and task.plan.steps else Foreseen()
    plan_files.keep(params, task.plan, foreseen)
    cost = {"forecast": foreseen.forecast} if foreseen.forecast else {}
    return replace(task, plan=replace(task.plan, result={**task.plan.result, **cost}))


def _apply(
    balena: Balena, task: Task, patience: Patience, again: Callable[[], Task], progress: Progress
) -> tuple[Task, Outcome]:
    """Make all steps.

    :param again: plans what is left, when the server was away in the middle of it.
    :returns: what was planned last, and what became of all steps.
    """
    outcome = apply(balena, task.plan, task.writers, progress)
    while not outcome.complete and patience.lasts(failure.error for failure in outcome.failed):
        before, task = outcome, again()
        outcome = apply(balena, task.plan, task.writers, progress)
        outcome.done = [*before.done, *outcome.done]
        outcome.made = {**before.made, **outcome.made}
        outcome.earlier = [*before.earlier, *before.failed]
    return task, outcome


def _settle(
    task: Task,
    params: Params,
    patience: Patience,
    outcome: Outcome,
    result: dict[str, Any],
    problem: str | None,
    progress: Progress,
) -> str | None:
    """Make what is to be changed after the waiting.

    :param result: gets those changes too.
    :returns: what is wrong, by now.
    """
    after, writing = task.after, connect(params)
    if after is None:
        return problem
    plan = patience.through(lambda: after(writing))
    made = apply(writing, plan, task.writers, progress)
    while not made.complete and patience.lasts(failure.error for failure in made.failed):
        outcome.done += made.done
        plan = patience.through(lambda: after(writing))
        made = apply(writing, plan, task.writers, progress)
    outcome.done += made.done
    result.update(_made(outcome.done))
    if made.complete:
        return problem
    return ". ".join(text for text in (problem, f"Afterwards: {report.failure_message(made)}") if text)


def _told(task: Task, outcome: Outcome) -> dict[str, Any]:
    """What a task returns as far as its outcome alone says it."""
    told = {**_known(task.plan), **_made(outcome.done)} if outcome.complete else _incomplete(task.plan, outcome)
    return {**told, **_more(task, outcome)}


def _more(task: Task, outcome: Outcome) -> dict[str, Any]:
    return visible_in(task.result(outcome)) if task.result else {}


def perform_read(
    reader: Reader,
    params: Params,
    *,
    wait: Waiter | None = None,
    check_mode: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Read and report, and (unless in check mode) wait if the module does; never a change.

    :param progress: shows a line of text while the task waits.
    :raises TaskFailure: with a result that says what was wrong.
    """
    params = in_one_word(params)
    masker = Masker(params)
    try:
        shaped = compile_query(params.get("query"))
        balena = connect(params, read_only=True)
        masker.learn(balena.tokens.get())
        read = Patience.of(params).through(lambda: reader(balena, params))
        if wait and not check_mode:
            followed = wait(params, read, lambda line: progress(masker.text(line)))
            read = {**read, **followed.result}
            if followed.problem:
                raise TaskFailure(masker.result({"changed": False, **read, "msg": followed.problem}))
        return {"changed": False, **shaped(read)}
    except BalenaError as error:
        raise TaskFailure(masker.result(failure_of(error))) from error


def _result(plan: Plan) -> dict[str, Any]:
    return {**_made(plan.steps), **_known(plan)}


def _known(plan: Plan) -> dict[str, Any]:
    """The part of the result that does not depend on what was done."""
    return {"warnings": list(plan.warnings), **plan.result}


def _made(steps: Iterable[Step]) -> dict[str, Any]:
    """The part of the result that is about steps."""
    seen = [step for step in steps if not (isinstance(step, Act) and step.leaves_no_trace)]
    return {"changed": bool(seen), "changes": report.count(seen), "diff": report.diff(seen)}


def _incomplete(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    return {
        **_known(plan),
        **_made(outcome.done),
        "msg": report.failure_message(outcome),
        "failed_items": report.failed_items(outcome),
    }


def failure_of(error: Exception) -> dict[str, Any]:
    """A failure in words, with what a program may want to look at: the error's code and the HTTP status."""
    status = getattr(error, "status_code", None)
    failure = {"msg": explain(error), "changed": False, "error_code": getattr(error, "code", type(error).__name__)}
    return {**failure, "status_code": status} if status else failure
