# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module is made of: its options, and a function that plans (or, for an info module, reads).

A task runs through L(perform), whether as a module in a process of its own (L(run_module)) or inside the
controller (plugin_utils/action.py). There is one result shape:
C(changed), C(diff), C(changes), C(failed_items), and what the plan returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ValidationResult

from . import option_bounds, option_errors
from .connection import CONNECTION_SPEC, connect
from .emptiness import NEVER_EMPTY, emptied
from .engine import report
from .engine.apply import Outcome, apply
from .engine.explain import explain
from .engine.guard import guard
from .engine.kinds import printable
from .engine.masking import Masker
from .engine.patience import Patience
from .engine.plan import Act, Plan, Step
from .engine.task import Progress, Task
from .engine.visible import visible_in
from .inert import inert_result
from .jmespath_option import compile_query
from .sdk import Balena
from .sdk.errors import BalenaError

Params = Mapping[str, Any]

#: Options of every module that changes something.
_CHANGE_SPEC: dict[str, dict[str, Any]] = {"max_changes": {"type": "str"}}

#: The options that say which application; C(fleet) is the word of the dashboard.
APPLICATION: dict[str, dict[str, Any]] = {"application": {"type": "str", "aliases": ["fleet"]}}

#: The options that say which devices, shared by all modules that act on devices (doc fragment C(devices)).
DEVICE_SELECTOR: dict[str, dict[str, Any]] = {
    "devices": {"type": "list", "elements": "raw"},
    **APPLICATION,
    "with_tags": {"type": "dict"},
    "has_tags": {"type": "list", "elements": "str"},
    "filter": {"type": "str"},
    "limit": {"type": "str"},
    "allow_empty": {"type": "bool", "default": False},
}

#: The same for a module that declares the application that devices belong to.
SELECTOR_IN_APPLICATION: dict[str, dict[str, Any]] = {
    **{name: spec for name, spec in DEVICE_SELECTOR.items() if name not in APPLICATION},
    "in_application": {"type": "str", "aliases": ["in_fleet"]},
}


#: How long the server may be away (doc fragments C(waiting) and C(waiting.patience)).
PATIENCE: dict[str, dict[str, Any]] = {"patience": {"type": "float", "default": 0.0}}

#: The options of modules that can wait for devices (doc fragment C(waiting)).
WAITING: dict[str, dict[str, Any]] = {
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "float", "default": 1800.0},
    "poll_interval": {"type": "float", "default": 10.0},
    "success_percentage": {"type": "float", "default": 100.0},
    "max_failures": {"type": "int"},
    **PATIENCE,
}

#: How devices are divided into waves (doc fragment C(rollout)).
WAVES: dict[str, dict[str, Any]] = {
    "waves": {"type": "raw", "default": ["1%", "10%", "50%", "100%"]},
    "canary": {"type": "dict"},
    "keep_out_tag": {"type": "str"},
    "seed": {"type": "str"},
}

#: Which releases devices may be made to run (doc fragment C(releases)).
RELEASES: dict[str, dict[str, Any]] = {"allow_invalidated": {"type": "bool", "default": False}}

#: What variables belong to (doc fragment C(variables)).
VARIABLES: dict[str, dict[str, Any]] = {
    "scope": {
        "type": "str",
        "required": True,
        "choices": ["application", "device", "service", "device_service", "build"],
    },
    "kind": {"type": "str", "choices": ["env", "config"], "default": "env"},
    "service": {"type": "str"},
}

#: What info modules that are not about devices choose by (doc fragment C(reading), SELECTION).
SELECTION: dict[str, dict[str, Any]] = {
    name: DEVICE_SELECTOR[name] for name in ("with_tags", "has_tags", "filter", "allow_empty")
}

#: The option of all info modules that shapes their result (doc fragment C(reading), QUERY).
QUERY: dict[str, dict[str, Any]] = {"query": {"type": "str"}}

#: The options of info modules that read rows of the API (doc fragment C(reading)).
READ_MORE: dict[str, dict[str, Any]] = {
    "fields": {"type": "list", "elements": "str"},
    "expand": {"type": "raw"},
    **QUERY,
}


@dataclass(frozen=True)
class Options:
    """The options of a module, as C(AnsibleModule) takes them, without those that all modules share.

    :param never_empty: the module's own options that never mean "all" when they are given and empty, besides those of
        L(NEVER_EMPTY), which are so in every module.
    :param never_null: its options that may be an empty list or dictionary, but not null: what is purged is purged
        against something.
    """

    argument_spec: dict[str, dict[str, Any]]
    mutually_exclusive: list[tuple[str, ...]] = field(default_factory=list)
    required_together: list[tuple[str, ...]] = field(default_factory=list)
    required_one_of: list[tuple[str, ...]] = field(default_factory=list)
    required_if: list[tuple[Any, ...]] = field(default_factory=list)
    required_by: dict[str, Any] = field(default_factory=dict)
    never_empty: tuple[str, ...] = ()
    never_null: tuple[str, ...] = ()

    def validate(self, given: Params, name: str, *, info: bool = False) -> tuple[ValidationResult, str]:
        """The options as a task gets them, and all that is wrong with them; an empty text if nothing is.

        :param given: the options by name, as they were given.
        :param name: the module's name, with or without what it belongs to.
        """
        rules = self.rules(info=info)
        found = option_errors.validate(rules, given)
        return found, self.mistakes(rules["argument_spec"], given, found, name)

    def mistakes(self, spec: Mapping[str, Any], given: Params, found: ValidationResult, name: str) -> str:
        """All that is wrong with options, in one text; an empty one if nothing is.

        :param found: what ansible-core says of them.
        """
        said = [self.emptied(spec, given), option_errors.explain(spec, given, found, name)]
        wrong = "; ".join(text for text in said if text)
        # A text can turn out to be an empty list or dictionary.
        params = found.validated_parameters
        return wrong or self.emptied(spec, given, params) or "; ".join(self._needed_but_null(spec, params))

    def _needed_but_null(self, spec: Mapping[str, Any], params: Params) -> Iterator[str]:
        """The options that have to be there and are null, which ansible-core takes for a value."""
        names = [name for name, one in spec.items() if one.get("required")]
        for option, value, needed, *one_is_enough in self.required_if:
            if params.get(option) == value and not any(one_is_enough):
                names += needed
        for name in dict.fromkeys(names):
            if params.get(name) is None:
                yield f"{name} is needed, and is null. Say what it should be"
        for ways in self.required_one_of:
            if all(params.get(name) is None for name in ways):
                yield f"one of {', '.join(ways)} is needed, and all that are given are null"

    def emptied(self, spec: Mapping[str, Any], given: Params, params: Params | None = None) -> str:
        """What is wrong with options that are given and empty; an empty text if nothing is.

        :param given: the options as the task has them, before anything is added to them.
        :param params: the same once they are validated.
        """
        aliases = {alias: name for name, one in spec.items() for alias in one.get("aliases", ())}
        if params is not None:
            own = [aliases.get(name, name) for name in given]
            given = {name: params[name] for name in (*own, "allow_empty") if name in params}
        names = {*(name for name in spec if name in NEVER_EMPTY), *self.never_empty}
        texts = [name for name, one in spec.items() if not option_bounds.may_be_blank(name, one)]
        return emptied(names, given, aliases=aliases, never_null=self.never_null, never_blank=texts)

    def rules(self, *, info: bool = False) -> dict[str, Any]:
        """The keyword arguments that C(AnsibleModule) and C(ArgumentSpecValidator) share."""
        spec = {**CONNECTION_SPEC, **({} if info else _CHANGE_SPEC), **self.argument_spec}
        return {
            "argument_spec": spec,
            "mutually_exclusive": self.mutually_exclusive,
            "required_together": self.required_together,
            "required_one_of": self.required_one_of,
            "required_if": self.required_if,
            "required_by": self.required_by,
        }


#: What a module declares: from the API as it is and the options to a plan, and to a task where that needs more.
Planner = Callable[[Balena, Params], "Plan | Task"]
#: What an info module returns: from the API and the options to the result.
Reader = Callable[[Balena, Params], Mapping[str, Any]]


class TaskFailure(Exception):
    """A task failed: the message and all else that its result holds."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = {**result, "msg": printable(result["msg"])}
        super().__init__(self.result["msg"])


def silent(line: str) -> None:
    """Shows nothing: what a module process writes while it runs would spoil its result."""


def perform(planner: Planner, params: Params, *, check_mode: bool, progress: Progress = silent) -> dict[str, Any]:
    """Plan, guard, and (unless in check mode) apply and wait.

    The plan is made with a client that refuses to write, so that nothing can be written before it is complete.

    :param progress: shows a line of text while the task waits.
    :returns: the task's result.
    :raises TaskFailure: with a result that says what was wrong, what was done and what was not.
    """
    masker = Masker(params)
    try:
        shown = _perform(planner, params, masker, check_mode, lambda line: progress(masker.text(line)))
        return masker.result(shown)
    except TaskFailure as failure:
        raise TaskFailure(masker.result(failure.result)) from failure.__cause__


def _perform(planner: Planner, params: Params, masker: Masker, check_mode: bool, progress: Progress) -> dict[str, Any]:
    result: dict[str, Any] = {}
    try:
        patience = Patience.of(params)
        balena = connect(params, read_only=True)
        masker.learn(balena.tokens.get())
        task = patience.through(lambda: _plan(balena, planner, params))
        masker.learn_changes(task.plan.steps)
        if check_mode:
            return _result(task.plan)
        outcome = Outcome()
        if task.plan.steps:
            writing = connect(params)
            task, outcome = _apply(writing, task, patience, lambda: _plan(balena, planner, params))
            result = _told(task, outcome)
            if task.read:
                outcome.read = task.read(writing, outcome)
                result.update(task.result(outcome) if task.result else {})
        if task.wait:
            result = result or _result(task.plan)
            followed = task.wait(balena, outcome, progress)
            result.update(visible_in(followed.result))  # an account of what was seen, which roles make reports of
            if followed.problem:
                raise TaskFailure({**result, "msg": followed.problem})
        return result or _result(task.plan)
    except BalenaError as error:  # anything else is a mistake of ours, and looks like one
        raise TaskFailure({**_failure(error), **result}) from error


def _plan(balena: Balena, planner: Planner, params: Params) -> Task:
    task = Task.of(planner(balena, params))
    guard(task.plan, params.get("max_changes"))
    return task


def _apply(balena: Balena, task: Task, patience: Patience, again: Callable[[], Task]) -> tuple[Task, Outcome]:
    """Make all steps.

    :param again: plans what is left, when the server was away in the middle of it.
    :returns: what was planned last, and what became of all steps.
    :raises TaskFailure: some were not made.
    """
    outcome = apply(balena, task.plan, task.writers)
    while not outcome.complete and patience.lasts(failure.error for failure in outcome.failed):
        before, task = outcome, again()
        outcome = apply(balena, task.plan, task.writers)
        outcome.done = [*before.done, *outcome.done]
        outcome.made = {**before.made, **outcome.made}
    if not outcome.complete:
        raise TaskFailure({**_incomplete(task.plan, outcome), **_more(task, outcome)})
    return task, outcome


def _told(task: Task, outcome: Outcome) -> dict[str, Any]:
    """What a task returns as far as its outcome alone says it."""
    return {**_result(task.plan), **_made(outcome.done), **_more(task, outcome)}


def _more(task: Task, outcome: Outcome) -> dict[str, Any]:
    return visible_in(task.result(outcome)) if task.result else {}


def perform_read(reader: Reader, params: Params) -> dict[str, Any]:
    """Read and report; never a change.

    :raises TaskFailure: with a result that says what was wrong.
    """
    masker = Masker(params)
    try:
        shaped = compile_query(params.get("query"))
        balena = connect(params, read_only=True)
        masker.learn(balena.tokens.get())
        read = Patience.of(params).through(lambda: reader(balena, params))
        return {"changed": False, **shaped(read)}
    except BalenaError as error:
        raise TaskFailure(masker.result(_failure(error))) from error


class _Module(AnsibleModule):
    """An ordinary module that names all mistakes in its options at once.

    It keeps secret values to itself from the start: also while it looks at its options.
    """

    params: dict[str, Any]

    def __init__(self, options: Options, *, info: bool = False) -> None:
        """Read and check the options; fails if they are wrong."""
        self._options = options
        self._given: Params = {}
        self._checked = False
        super().__init__(supports_check_mode=True, **options.rules(info=info))
        self._checked = True
        if wrong := self._mistakes():
            self.fail_json(wrong)

    def _load_params(self) -> None:
        """Read the options, and remember them as they were given."""
        super()._load_params()
        self._given = {name: value for name, value in self.params.items() if not name.startswith("_ansible_")}
        self.params = option_errors.tame(self.argument_spec, self.params)

    def _mistakes(self) -> str:
        return self._options.mistakes(self.argument_spec, self._given, self.validation_result, self._name)

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """Fail; options that are wrong are found before there is a plan, and are shown together with all others."""
        kwargs.setdefault("invocation", invocation(self.params))
        if not self._checked and hasattr(self, "validation_result"):
            msg = self._mistakes()
        super().fail_json(msg, **kwargs)

    def _log_invocation(self) -> None:
        """Write the options into the system's log, as modules do, unless one is secret or wrong (it may be no text)."""
        if not (self.params.get("secret") or self._mistakes()):
            super()._log_invocation()


def run_module(options: Options, planner: Planner) -> None:
    """Run as an ordinary module in a process of its own."""
    module = _Module(options)
    _exit(module, lambda: perform(planner, module.params, check_mode=module.check_mode))


def run_info_module(options: Options, reader: Reader) -> None:
    """Run an info module in a process of its own."""
    module = _Module(options, info=True)
    _exit(module, lambda: perform_read(reader, module.params))


def invocation(params: Params) -> dict[str, Any]:
    """The options as the result may repeat them: without the values of a task that says they are secret."""
    shown = dict(params)
    if params.get("secret"):
        for name in ("value", "variables"):
            if shown.get(name) is not None:
                shown[name] = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    return {"module_args": shown}


def _exit(module: AnsibleModule, work: Callable[[], dict[str, Any]]) -> None:
    failed = False
    try:
        result = work()
    except TaskFailure as failure:
        result, failed = failure.result, True
    result = inert_result(result)
    for warning in result.pop("warnings", ()):
        module.warn(printable(warning))
    result.pop(report.SENSITIVE, None)  # a process cannot hide its result; only no_log can
    leave = module.fail_json if failed else module.exit_json
    leave(invocation=invocation(module.params), **result)


def _result(plan: Plan) -> dict[str, Any]:
    return {**_made(plan.steps), "warnings": list(plan.warnings), **plan.result}


def _made(steps: Iterable[Step]) -> dict[str, Any]:
    """The part of the result that is about steps."""
    seen = [step for step in steps if not (isinstance(step, Act) and step.leaves_no_trace)]
    return {"changed": bool(seen), "changes": report.count(seen), "diff": report.diff(seen)}


def _incomplete(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    return {
        **_result(plan),
        **_made(outcome.done),
        "msg": report.failure_message(outcome),
        "failed_items": report.failed_items(outcome),
    }


def _failure(error: Exception) -> dict[str, Any]:
    """A failure in words, with what a program may want to look at: the error's code and the HTTP status."""
    status = getattr(error, "status_code", None)
    failure = {"msg": explain(error), "changed": False, "error_code": getattr(error, "code", type(error).__name__)}
    return {**failure, "status_code": status} if status else failure
