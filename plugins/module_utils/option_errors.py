# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the options of a task: all of it at once, in the same words in process and as a module.

ansible-core validates options by their specification. It lets pass, or stumbles over, what its conversions make no
sense of: a mapping where text is meant, null in a list, numbers that are not finite, characters that cannot be sent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.module_utils.errors import UnsupportedError

from . import option_bounds
from .engine.kinds import kind_of, printable, unusable
from .engine.near import near

Spec = Mapping[str, Mapping[str, Any]]
#: Says what in a value, which stands at a place, nobody can use.
Judge = Callable[[Any, str], Iterator[str]]

_NUMBERS = {"int": "a whole number", "float": "a number"}
_CHOICES = re.compile(
    r"value of (?P<option>\S+) must be one (?:or more )?of: (?P<known>.*?)"
    r"(?:, got: |\. Got no match for: )(?P<got>.*?)(?: found in .*)?$",
    re.DOTALL,
)
#: How ansible-core since 2.19 calls its own kinds of text, lists and dictionaries.
_TAGGED_TYPE = re.compile(r"_AnsibleTagged(\w+)")
_PYTHON_TYPE = re.compile(r"<class '(?:\w+\.)*(\w+)'>")


def validate(rules: Mapping[str, Any], given: Mapping[str, Any]) -> ValidationResult:
    """What ansible-core makes of options, as C(AnsibleModule) does.

    :param rules: what C(Options.rules) returns.
    :param given: the options by name, as they were given.
    """
    return ArgumentSpecValidator(**rules).validate(tame(rules["argument_spec"], given))


def explain(
    spec: Spec,
    given: Mapping[str, Any],
    found: ValidationResult,
    name: str,
    *,
    prefix: str = "",
    judges: Mapping[str, Judge] | None = None,
) -> str:
    """All that is wrong, in one text; an empty one if nothing is.

    :param found: what ansible-core says of the options, once they are tame (L(tame)).
    :param prefix: what the names of the options begin with, as those of a role do with its name.
    :param judges: by name, what judges the values of options that reach a shell as they are. All others have to be
        such that they can be stored and sent to the API.
    """
    texts = []
    module = f"community.balena.{name.rpartition('.')[2]}"
    for error in found.errors.errors:
        text = _without_types(error.msg)
        if isinstance(error, UnsupportedError):
            text = f"Unsupported parameters for ({module}) module: {text.rstrip('.')}{_meant(spec, found)}"
        texts.append(text + _choice_meant(text))
    return printable("; ".join(dict.fromkeys([*texts, *_mistakes(spec, given, "", prefix, judges or {})])))


def tame(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The same options without what ansible-core stumbles over; L(explain) reports it."""
    return {name: _tamed(_option(spec, name), value) for name, value in given.items()}


def _tamed(option: Mapping[str, Any], value: Any) -> Any:
    kind, inner = option.get("type"), option.get("options")
    if kind in _NUMBERS and _not_finite(value):
        return 0
    if kind == "list" and isinstance(value, list):
        return [_tamed({"type": option.get("elements"), "options": inner}, item) for item in value]
    if kind in ("dict", "list") and inner and not isinstance(value, str):
        # A process gets its options as JSON, where keys are text.
        return tame(inner, {str(key): item for key, item in value.items()}) if isinstance(value, Mapping) else None
    return value


def _option(spec: Spec, name: str) -> Mapping[str, Any]:
    """What is said of an option under its name or an alias; nothing if the option does not exist."""
    found = spec.get(name) or next((said for said in spec.values() if name in said.get("aliases", ())), None)
    return {} if found is None else {"type": "str", **found}


def _mistakes(
    spec: Spec,
    given: Mapping[str, Any],
    path: str,
    prefix: str = "",
    judges: Mapping[str, Judge] = MappingProxyType({}),
) -> Iterator[str]:
    for name, value in given.items():
        option = _option(spec, name)
        if not option or value is None:
            continue
        own = own_name(spec, name).removeprefix(prefix)
        if own in judges:
            yield from _mistake(option, value, f"{path}{name}", judges[own])
        else:
            wrong = list(_mistake(option, value, f"{path}{name}"))
            yield from wrong or option_bounds.problems(own, option, value, f"{path}{name}")


def anything(value: Any, path: str) -> Iterator[str]:
    """What is wrong with data, which may be anything: nothing."""
    return iter(())


def own_name(spec: Spec, name: str) -> str:
    """The name of an option that may be given by an alias."""
    return next((own for own, said in spec.items() if name in said.get("aliases", ())), name)


def _mistake(option: Mapping[str, Any], value: Any, path: str, judge: Judge = unusable) -> Iterator[str]:
    kind, inner = option.get("type"), option.get("options")
    if kind == "list" and isinstance(value, list):
        element = {"type": option.get("elements", "raw"), "options": inner}
        for number, item in enumerate(value):
            yield from _mistake(element, item, f"{path}[{number}]", judge)
    elif kind == "dict" and inner and isinstance(value, Mapping):
        yield from _mistakes(inner, value, f"{path}.")
    elif kind == "dict" and inner and not (value is None or isinstance(value, str)):
        yield f"{path} must be a mapping of {', '.join(inner)}, not {kind_of(value)}"
    elif kind in ("str", "path") and (value is None or isinstance(value, (Mapping, list))):
        yield f"{path} must be text, not {kind_of(value)}"
    elif kind in _NUMBERS and (isinstance(value, bool) or _not_finite(value)):
        yield f"{path} must be {_NUMBERS[kind]}, not {kind_of(value) if isinstance(value, bool) else value}"
    else:
        yield from judge(value, path)


def _not_finite(value: Any) -> bool:
    """Whether this is, or will be read as, no finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return False
    try:
        return not math.isfinite(float(value))
    except OverflowError:  # a whole number that no float can hold
        return True
    except ValueError:
        return False


def _meant(spec: Spec, found: ValidationResult) -> str:
    """Which options may have been meant by those that there are not."""
    texts = []
    for unknown in sorted(found.unsupported_parameters, key=str):
        *parents, name = unknown if isinstance(unknown, tuple) else (unknown,)
        known: Spec = spec
        for parent in parents:
            known = _option(known, str(parent).partition("[")[0]).get("options") or {}
        texts.append(near(name, _names(known)))
    return "".join(texts)


def _names(spec: Spec) -> Iterable[str]:
    return [name for option, said in spec.items() for name in (option, *said.get("aliases", ()))]


def _choice_meant(text: str) -> str:
    """Which of the choices may have been meant, if the message is about one."""
    wrong = _CHOICES.match(text)
    return near(wrong["got"], wrong["known"].split(", ")) if wrong else ""


def _without_types(text: str) -> str:
    """The message without Python's names of types."""
    text = _TAGGED_TYPE.sub(lambda found: found[1].lower(), _PYTHON_TYPE.sub(r"\1", text))
    return text.replace("NoneType", "null")
