# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An option that selects or sets a bound is left out or says something: empty, it never means everything."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.emptiness import NEVER_EMPTY
from tests.support.modules import MODULES, argument_spec, module_of

EMPTY: tuple[Any, ...] = (None, "", "  ", "\n", {}, [])
OTHERWISE_EMPTY: dict[str, tuple[Any, ...]] = {
    "devices": ([None], [""], ["kitchen", " "]),
    "has_tags": ([None], [""]),
    "with_tags": ({"site": None}, {"site": ""}, {"site": []}, {"site": {}}, {"": "x"}),
    "canary": ({"stage": None},),
}


def problem(name, /, **given):
    return module_of(name).OPTIONS.emptied(argument_spec(name), given)


@pytest.mark.parametrize("name", MODULES)
def test_no_module_takes_an_empty_selector_or_bound(name):
    spec = argument_spec(name)
    for option in NEVER_EMPTY.keys() & spec.keys():
        for value in (*EMPTY, *OTHERWISE_EMPTY.get(option, ())):
            for word in (option, *spec[option].get("aliases", ())):
                said = problem(name, **{word: value})
                assert said, (word, value)
                assert said.startswith(word), said


def test_an_empty_list_of_devices_can_mean_none_when_the_task_says_that_this_is_fine():
    assert problem("balena_tag", devices=[], allow_empty=True) == ""
    assert problem("balena_tag", devices=[], allow_empty="yes") == ""
    assert problem("balena_tag", devices=[], allow_empty=False)
    assert problem("balena_tag", devices=None, allow_empty=True)


def test_text_that_turns_out_to_be_empty_is_found_once_it_is_understood():
    options, spec = module_of("balena_tag").OPTIONS, argument_spec("balena_tag")
    validated: dict[str, Any] = {"name": "a", "with_tags": {}, "filter": None}
    assert options.emptied(spec, {"with_tags": "{}"}) == ""
    assert "with_tags" in options.emptied(spec, {"with_tags": "{}"}, validated)
    assert options.emptied(spec, {"name": "a"}, validated) == ""


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("balena_env_var", "variables"),
        ("balena_env_var", "name"),
        ("balena_tag", "tags"),
        ("balena_application", "tags"),
        ("balena_device", "each"),
        ("balena_fleet", "purge"),
    ],
)
def test_what_is_purged_against_is_never_null(name, option):
    assert option in problem(name, **{option: None})
    assert option in problem(name, **{option: " "})
    assert problem(name, **{option: {}}) == ""
