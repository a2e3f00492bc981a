# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options: what several modules have is declared once, and what is wrong with those of a task is said all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.arg_spec import ValidationResult

from . import option_bounds, option_errors
from .connection import CONNECTION_SPEC
from .emptiness import NEVER_EMPTY, emptied
from .engine.kinds import unspeakable

Params = Mapping[str, Any]
#: Options in which V(fleet) is another word for V(application).
_IN_BOTH_WORDS = ("scope", "sections")
#: What came of a task, from its options, its result, and whether it ran in check mode.
Conclude = Callable[[Any, Mapping[str, Any], bool], Mapping[str, Any]]

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

#: Which share of the devices may fail meanwhile (doc fragment C(waiting.failures)).
FAILURES: dict[str, dict[str, Any]] = {
    "max_failure_percentage": {"type": "float"},
    "min_devices": {"type": "int", "default": 1},
}

#: How long they are watched afterwards (doc fragment C(waiting.soak)).
SOAK: dict[str, dict[str, Any]] = {"soak": {"type": "float", "default": 0.0}}

#: How the health of devices is judged (doc fragment C(diagnosis)).
DIAGNOSIS: dict[str, dict[str, Any]] = {
    "checks": {"type": "list", "elements": "str"},
    "thresholds": {"type": "dict"},
}

#: How devices are divided into waves (doc fragment C(rollout)).
WAVES: dict[str, dict[str, Any]] = {
    "waves": {"type": "raw", "default": ["1%", "10%", "50%", "100%"]},
    "canary": {"type": "dict"},
    "keep_out_tag": {"type": "str"},
    "seed": {"type": "str"},
}

#: When work may begin (doc fragment C(windows)).
WINDOWS: dict[str, dict[str, Any]] = {
    "windows": {
        "type": "list",
        "elements": "dict",
        "options": {
            "start": {"type": "raw", "required": True},
            "end": {"type": "raw", "required": True},
            "days": {"type": "list", "elements": "str"},
            "timezone": {"type": "str"},
        },
    },
}

#: What the plan of a task may cost the devices (doc fragment C(forecast)).
FORECAST: dict[str, dict[str, Any]] = {
    "max_restarts": {"type": "int"},
    "max_reboots": {"type": "int"},
    "max_download": {"type": "str"},
}

#: Who has to have signed a plan file (doc fragment C(plan_files.signers)).
PLAN_SIGNERS: dict[str, dict[str, Any]] = {"plan_signers": {"type": "path"}, "plan_signer": {"type": "str"}}

#: Plans that are written by one run and made by another one (doc fragment C(plan_files)).
PLAN_FILES: dict[str, dict[str, Any]] = {
    "plan_to": {"type": "path"},
    "plan_summary": {"type": "path"},
    "plan_from": {"type": "path"},
    "plan_sign_key": {"type": "path", "no_log": False},
    **PLAN_SIGNERS,
}

#: Where an account of what is changed is left (doc fragment C(accounts)).
ACCOUNTS: dict[str, dict[str, Any]] = {"account_to": {"type": "path"}}

#: How a step through waves keeps the record of all of them (doc fragment C(record)).
RECORD: dict[str, dict[str, Any]] = {
    "wave": {"type": "int"},
    "record": {"type": "dict"},
    "planned": {"type": "list", "elements": "dict", "default": []},
}

#: Which releases devices may be made to run (doc fragment C(releases)).
RELEASES: dict[str, dict[str, Any]] = {"allow_invalidated": {"type": "bool", "default": False}}

#: What variables belong to (doc fragment C(variables)).
VARIABLES: dict[str, dict[str, Any]] = {
    "scope": {
        "type": "str",
        "required": True,
        "choices": ["application", "fleet", "device", "service", "device_service", "build"],
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


def in_one_word(params: Params) -> Params:
    """Options with C(application) where they say C(fleet), which means the same as a choice."""
    said = {name: params[name] for name in _IN_BOTH_WORDS if params.get(name) is not None}
    return {**params, **{name: _in_one_word(value) for name, value in said.items()}}


def _in_one_word(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_one_word(item) for item in value]
    return "application" if value == "fleet" else value


@dataclass(frozen=True)
class Options:
    """The options of a module, as C(AnsibleModule) takes them, without those that all modules share.

    :param never_empty: the module's own options that never mean "all" when they are given and empty, besides those of
        L(NEVER_EMPTY), which are so in every module.
    :param never_null: its options that may be an empty list or dictionary, but not null: what is purged is purged
        against something.
    :param outcome: what a task of the module returns as C(outcome), from its options and all else that it returns;
        also of a task that fails, which then returns C(msg).
    :param api: whether the module talks to the API, and so has the options of connections and of changes.
    :param verbatim: its options that reach a shell as they are, blanks and bytes that are not UTF-8 included, however
        long they are.
    :param data: its options that are sent as data, which may be anything.
    """

    argument_spec: dict[str, dict[str, Any]]
    mutually_exclusive: list[tuple[str, ...]] = field(default_factory=list)
    required_together: list[tuple[str, ...]] = field(default_factory=list)
    required_one_of: list[tuple[str, ...]] = field(default_factory=list)
    required_if: list[tuple[Any, ...]] = field(default_factory=list)
    required_by: dict[str, Any] = field(default_factory=dict)
    never_empty: tuple[str, ...] = ()
    never_null: tuple[str, ...] = ()
    outcome: Conclude | None = None
    api: bool = True
    verbatim: tuple[str, ...] = ()
    data: tuple[str, ...] = ()

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
        said = [self.emptied(spec, given), option_errors.explain(spec, given, found, name, judges=self._judges())]
        wrong = "; ".join(text for text in said if text)
        # A text can turn out to be an empty list or dictionary.
        params = found.validated_parameters
        return wrong or self.emptied(spec, given, params) or "; ".join(self._needed_but_null(spec, params))

    def _judges(self) -> dict[str, option_errors.Judge]:
        return {**dict.fromkeys(self.verbatim, unspeakable), **dict.fromkeys(self.data, option_errors.anything)}

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
        texts = [
            name
            for name, one in spec.items()
            if name not in (*self.verbatim, *self.data) and not option_bounds.may_be_blank(name, one)
        ]
        return emptied(names, given, aliases=aliases, never_null=self.never_null, never_blank=texts)

    def rules(self, *, info: bool = False) -> dict[str, Any]:
        """The keyword arguments that C(AnsibleModule) and C(ArgumentSpecValidator) share."""
        shared = {**CONNECTION_SPEC, **({} if info else _CHANGE_SPEC)} if self.api else {}
        spec = {**shared, **self.argument_spec}
        return {
            "argument_spec": spec,
            "mutually_exclusive": self.mutually_exclusive,
            "required_together": self.required_together,
            "required_one_of": self.required_one_of,
            "required_if": self.required_if,
            "required_by": self.required_by,
        }
