# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of the collection say of themselves: options, documentation, doc fragments, examples, results."""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType
from typing import Any

import yaml

from tests.support.ansible_runs import CHECKOUT

COLLECTION = "ansible_collections.community.balena.plugins"
FILES = {path.stem for path in (CHECKOUT / "plugins" / "modules").glob("[a-z]*.py")}
#: Those that do not talk to the API, but to the shell of their host, over its connection, or to nobody.
_WITHOUT_API = ("balena_policy", "balena_report", "balena_volume_archive")
SHELL_MODULES = sorted(name for name in FILES if name.startswith("shell_") or name in _WITHOUT_API)
MODULES = sorted(FILES - {*SHELL_MODULES})
#: Modules that never change anything, though their names do not end in _info: what they tell is not all that they do.
WAITING = ["balena_window"]
CHANGING = [name for name in MODULES if not (name.endswith("_info") or name in WAITING)]


@cache
def module_of(name: str) -> ModuleType:
    """The module's Python file."""
    return importlib.import_module(f"{COLLECTION}.modules.{name}")


@cache
def documentation(name: str) -> dict[str, Any]:
    """What the module's own DOCUMENTATION says, without its fragments."""
    found: dict[str, Any] = yaml.safe_load(module_of(name).DOCUMENTATION)
    return found


@cache
def returned(name: str) -> dict[str, Any]:
    """The keys of the module's result, with what RETURN says of them."""
    found: dict[str, Any] = yaml.safe_load(module_of(name).RETURN)
    return found


def argument_spec(name: str) -> dict[str, Any]:
    """All options of a module as Ansible gets them."""
    module = module_of(name)
    spec: dict[str, Any] = module.OPTIONS.rules(info=hasattr(module, "read"))["argument_spec"]
    return spec


def complete(name: str, /, **given: Any) -> Any:
    """All options of a module as its planner gets them: those that are given, and all others as they are without it."""
    return _complete(argument_spec(name), given)


def _complete(spec: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    found = {**{name: one.get("default") for name, one in spec.items()}, **given}
    for name, one in spec.items():
        if "options" in one and isinstance(found[name], list):
            found[name] = [_complete(one["options"], item) for item in found[name]]
    return found


def fragments(name: str) -> set[str]:
    """The collection's doc fragments that a module uses, in lower case."""
    return {
        fragment.removeprefix("community.balena.").lower()
        for fragment in documentation(name).get("extends_documentation_fragment", [])
    }


@cache
def fragment_options(fragment: str) -> dict[str, Any]:
    """The options that a fragment documents."""
    file, dot, part = fragment.partition(".")
    fragment_class = importlib.import_module(f"{COLLECTION}.doc_fragments.{file}").ModuleDocFragment
    text = getattr(fragment_class, part.upper() if dot else "DOCUMENTATION")
    found: dict[str, Any] = yaml.safe_load(text).get("options", {})
    return found


def documented(name: str) -> dict[str, Any]:
    """All documented options of a module, its fragments' among them."""
    options: dict[str, Any] = {}
    for fragment in fragments(name):
        options.update(fragment_options(fragment))
    return {**options, **documentation(name).get("options", {})}
