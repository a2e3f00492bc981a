# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name means one thing: options and result keys of the same name agree in all modules, the inventory and roles.

Where a name has to mean something else, that is said here, with the reason.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import yaml

from tests.support.ansible_runs import CHECKOUT
from tests.support.modules import (
    COLLECTION,
    MODULES,
    SHELL_MODULES,
    documentation,
    documented,
    fragment_options,
    fragments,
    returned,
)
from tests.support.repository import load, read
from tests.support.roles import ROLES, role_options

#: Options that are not of the same type, default, choices or aliases everywhere -> why.
OTHER_SHAPE = {
    "assets": "declares the files of a release by key; the info module only says whether to read them",
    "limit": "a share of devices, but a number of releases, of which a share would say nothing",
    "members": "those of organizations and applications have roles, those of teams have none",
    "offline": "what can be done about offline devices depends on what is done with the others",
    "os_type": "one is installed unless another is asked for, but all are listed",
    "purge": "of one thing it is wanted or not; of a whole fleet, for each kind of thing on its own",
    "scope": "what there is differs: there are no variables of a user, and no keys of a service",
    "secrets": "a document needs their values; an export says which there are",
    "services": "tells whether to read them; the inventory also, of which services it makes hosts",
    "state": "what states there are is what a thing can be",
    "variables": "declares them by name; the inventory only says whether to read them",
}

#: Options whose description names what it is about, so that it is another in each module. All else is word for word
#: the same, which a doc fragment does best.
ABOUT_ITS_SUBJECT = {
    "allow_empty", "application", "assets", "class", "device_type", "device_types", "filter", "final", "force",
    "has_tags", "invalidated", "limit", "members", "name", "new_name", "offline", "organization", "os_type",
    "poll_interval", "purge", "purge_tags", "release", "scope", "secrets", "sections", "service", "since", "state",
    "support_access_until", "tags", "uuid", "value", "version", "wait", "wait_timeout", "with_tags",
}  # fmt: skip

#: The same of the modules that talk to a shell, whose names are those of ansible-core's modules.
SHELL_OWN_SHAPE = {
    "dest": "where a fetched file goes has to be said; a link is at a path",
    "src": "what a link leads to can be missing, and so can what content replaces",
    "services": "tells whether to read them; the inventory also, of which services it makes hosts",
    "state": "what states there are is what a thing can be",
}

#: What a result has in common with all others of its kind, word for word the same.
COMMON_RESULTS = ("changes", "diff", "failed_items", "result")

INVENTORY = "plugins/inventory/balena.py"
SHAPE = ("type", "elements", "default", "choices", "aliases")


def inventory_options() -> dict[str, Any]:
    """The options that the inventory plugin documents."""
    found = re.search(r'^DOCUMENTATION = r"""(.*?)^"""', read(INVENTORY), re.MULTILINE | re.DOTALL)
    assert found
    options: dict[str, Any] = yaml.safe_load(found.group(1))["options"]
    return options


def by_name(places: Mapping[str, Mapping[str, Any]], parts: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """For each name what is said of it (these parts of it, as text), and where."""
    found: dict[str, dict[str, list[str]]] = {}
    for place, names in places.items():
        for name, said in names.items():
            text = json.dumps({part: said.get(part) for part in parts if said.get(part) is not None}, sort_keys=True)
            found.setdefault(name, {}).setdefault(text, []).append(place)
    return found


def differing(found: Mapping[str, Mapping[str, list[str]]]) -> dict[str, Any]:
    """The names of which not the same is said everywhere."""
    return {name: said for name, said in found.items() if len(said) > 1}


def test_options_of_the_same_name_are_of_the_same_type():
    places = {name: documented(name) for name in MODULES}
    found = differing(by_name({**places, "the inventory": inventory_options()}, SHAPE))
    unexpected = {name: said for name, said in found.items() if name not in OTHER_SHAPE}
    assert unexpected == {}, "make them the same, give one another name, or say why in OTHER_SHAPE"
    assert sorted(found) == sorted(OTHER_SHAPE), "declared, but the same by now"


def test_options_of_the_same_name_are_described_in_the_same_words():
    found = differing(by_name({name: documented(name) for name in MODULES}, ["description"]))
    unexpected = {name: said for name, said in found.items() if name not in ABOUT_ITS_SUBJECT}
    assert unexpected == {}, "use a doc fragment, or the same words, or add the name to ABOUT_ITS_SUBJECT"
    assert set(found) == ABOUT_ITS_SUBJECT, "declared, but the same by now"


@pytest.mark.parametrize("role", ROLES)
def test_variables_of_roles_are_what_the_options_of_their_names_are(role):
    shapes = by_name({name: documented(name) for name in MODULES}, ("type", "elements"))
    for variable, said in role_options(role).items():
        option = variable.removeprefix(f"{role}_")
        if option in shapes and option not in OTHER_SHAPE:
            assert by_name({role: {option: said}}, ("type", "elements"))[option].keys() <= shapes[option].keys(), (
                variable
            )


def test_results_of_the_same_name_are_of_the_same_type():
    assert differing(by_name({name: returned(name) for name in MODULES}, ("type", "elements"))) == {}


def test_what_all_results_have_is_returned_under_the_same_condition():
    found = by_name({name: returned(name) for name in MODULES}, ["returned"])
    assert [name for name in COMMON_RESULTS if len(found[name]) > 1] == []


def fragment_names() -> list[str]:
    """All doc fragments, as modules name them."""
    names = []
    for path in sorted((CHECKOUT / "plugins" / "doc_fragments").glob("[a-z]*.py")):
        parts = vars(importlib.import_module(f"{COLLECTION}.doc_fragments.{path.stem}").ModuleDocFragment)
        names += [
            path.stem if part == "DOCUMENTATION" else f"{path.stem}.{part.lower()}" for part in parts if part.isupper()
        ]
    return names


def test_every_doc_fragment_is_used():
    used = {
        fragment
        for plugin in (INVENTORY, "plugins/connection/host.py", "plugins/connection/container.py")
        for fragment in re.findall(r"^  - community\.balena\.(\S+)$", read(plugin), re.MULTILINE)
    }
    used |= {fragment for name in MODULES + SHELL_MODULES for fragment in fragments(name)}
    assert sorted(used) == fragment_names()


def test_plugins_connect_with_the_options_of_modules():
    modules, plugins = fragment_options("api"), fragment_options("api.plugins")
    assert list(modules) == list(plugins)
    for name, said in modules.items():
        assert {part: said.get(part) for part in SHAPE} == {part: plugins[name].get(part) for part in SHAPE}, name
        variables = re.findall(r"E\((\w+)\)", str(said["description"]))
        # Modules take the first variable that is set, and ansible-core takes the last one for plugins.
        assert variables == [source["name"] for source in reversed(plugins[name]["env"])], name


def test_the_environment_variables_are_those_that_are_documented():
    spec = importlib.import_module(f"{COLLECTION}.module_utils.connection").CONNECTION_SPEC
    for name, said in fragment_options("api.plugins").items():
        assert spec[name]["fallback"][1] == [source["name"] for source in reversed(said["env"])], name


def test_plugins_were_added_in_versions_that_there_are():
    known = {*load("changelogs/changelog.yaml")["releases"], load("galaxy.yml")["version"]}
    for name in MODULES + SHELL_MODULES:
        assert documentation(name)["version_added"] in known, name
        added = {said["version_added"] for said in documented(name).values() if "version_added" in said}
        assert added <= known, name


def test_options_and_results_of_the_modules_of_the_shell_mean_one_thing_among_them():
    places = {name: documented(name) for name in SHELL_MODULES}
    shapes = differing(by_name(places, SHAPE))
    assert sorted(shapes) == [name for name in sorted(SHELL_OWN_SHAPE) if name in shapes], shapes
    assert differing(by_name({name: returned(name) for name in SHELL_MODULES}, ("type", "elements"))) == {}
