# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluated once per distinct value or by ansible-core for each host: the same inventory."""

from __future__ import annotations

from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable

from ansible_collections.community.balena.plugins.plugin_utils.inventory.building import HostWriter
from ansible_collections.community.balena.plugins.plugin_utils.inventory.marking import (
    DATA_TAGGING,
    mark,
    mark_composed,
)
from ansible_collections.community.balena.plugins.plugin_utils.inventory.memo import ConstructedOnce


def trusted(value: Any) -> Any:
    """A configuration value as a file gives it to ansible-core."""
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    if DATA_TAGGING and isinstance(value, str):
        from ansible.template import trust_as_template

        return trust_as_template(value)
    return value


class Plugin(BaseInventoryPlugin, Constructable):
    """A plugin with the options that are asked for while groups are constructed."""

    NAME = "test"

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.given = {"leading_separator": True, "use_extra_vars": False, "strict": False, **options}
        self.evaluations = 0
        super().parse(InventoryData(), DataLoader(), "/nowhere")
        self._vars = trusted(options.get("extra", {}))

    def get_option(self, option: str, hostvars: Any = None) -> Any:
        return self.given[option]

    def _compose(self, *args: Any, **kwargs: Any) -> Any:
        self.evaluations += 1
        return mark_composed(super()._compose(*args, **kwargs))


VALUES: list[dict[str, Any]] = [
    {"n": 1, "s": "a", "t": {"site": "oslo", "b.c": "x-y", "items": "5"}, "l": ["1", "2"], "note": None},
    {"n": True, "s": "1", "t": {"site": "Zürich 雪"}, "l": [], "note": ""},
    {"n": 1.0, "s": "True", "t": {}, "l": ["a b"], "note": "{{ 7 * 7 }}"},
    {"n": 0, "s": "", "t": {"site": "", "role": None}, "l": ["", "x"], "note": "{% raw %}"},
    {"n": None, "s": "[1, 2]", "t": {"site": "{{ s }}"}, "l": ["{{ s }}"], "note": "lookup('pipe', 'id')"},
    {"n": False, "s": "None", "t": {"site": 'it\'s "q"'}, "l": ["x" * 300], "note": "a\nb"},
    {"n": 1, "s": "a", "t": {"b.c": "x-y", "items": "5", "site": "oslo"}, "l": ["2", "1"], "note": "}}"},
    {"n": 10**20, "s": "{", "t": {"{{ k }}": "v", "site": "oslo"}, "l": ["1"], "note": "#jinja2: x"},
]
DEVICES = [
    {"id": i, "uuid": f"{i:032x}", "name": f"h{i % 50}.x", **VALUES[i % len(VALUES)]}
    for i in range(2 * len(VALUES))
]  # fmt: skip

EXPRESSIONS = [
    "x_n", "x_s", "x_note", "x_t", "x_l", "x_t.site", "x_t['b.c']", "x_t['items'] is string", "x_t.items() | list",
    "x_t.missing", "x_l[0]", "x_l | first",
    "x_l | last", "x_s ~ x_n", "x_n == 1", "x_n == true", "x_n is none", "x_t.site | default('no')", "x_t | dict2items",
    "x_t.keys() | list", "x_l | map('upper') | list", "x_l | join('-')", "x_s | length", "x_n | type_debug",
    "x_t.site is defined", "x_t.get('site')", "missing", "x_missing.y", "x_n + 1", "x_s.upper()", "x_uuid",
    "x_uuid[:7]", "x_uuid.upper", "x_s | regex_replace('a', 'b')", "{'a': x_n, 'b': x_s}", "[x_s, x_n]", "x_t | length",
    "x_l | select('match', '1') | list", "x_note | default('', true)", "x_n ~ x_t.site", "'const'", "1", "x_s in x_l",
    "x_t.site | to_uuid", "x_l | unique | sort", "x_s | int", "x_n | string", "x_note | to_json",
    "lookup('env', 'HOME')",
    "x_s |", "x_t[x_s]", "(x_n)", "x_l | length > 1", "not x_n", "x_s | bool", "x_note is string",
    "x_t | combine({'z': x_s})", "x_l + ['z']", "x_l | zip(x_l) | list", "x_t.site.split('.')", "inventory_hostname",
    "inventory_hostname_short", "group_names", "vars", "c_var", "c_dict.k", "inventory_file", "omit", "x_id",
]  # fmt: skip

COMPOSED = {"c_var": "x_s", "c_dict": "{'k': x_n}", "x_l": "['overridden']"}


def ours(plugin: Plugin, devices: list[dict[str, Any]], **config: Any) -> ConstructedOnce:
    writer = HostWriter(plugin.inventory, "x_")
    hosts = [writer.add(device["name"] + str(device["id"]), device) for device in devices]
    extra = plugin._vars if plugin.given["use_extra_vars"] else {}
    constructed = ConstructedOnce(plugin, strict=plugin.given["strict"], extra=extra)
    constructed.construct(hosts, config.get("compose"), config.get("groups"), config.get("keyed"))
    return constructed


def theirs(plugin: Plugin, devices: list[dict[str, Any]], **config: Any) -> None:
    strict = plugin.given["strict"]
    for device in devices:
        name = device["name"] + str(device["id"])
        plugin.inventory.add_host(name)
        variables = {"x_" + key: mark(value) for key, value in device.items()}
        for key, value in variables.items():
            plugin.inventory.set_variable(name, key, value)
        plugin._set_composite_vars(config.get("compose"), variables, name, strict=strict)
        plugin._add_host_to_composed_groups(config.get("groups"), variables, name, strict=strict)
        plugin._add_host_to_keyed_groups(config.get("keyed"), variables, name, strict=strict)


def typed(value: Any) -> Any:
    """A value with its types, and whether its strings are safe to template."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [typed(item) for item in value]
    is_trusted: object = hasattr(value, "__UNSAFE__")
    if DATA_TAGGING and isinstance(value, str):
        from ansible.template import is_trusted_as_template

        is_trusted = is_trusted_as_template(value)
    return type(value).__name__, str(value), is_trusted


def picture(plugin: Plugin) -> dict[str, Any]:
    inventory = plugin.inventory
    return {
        "vars": {name: typed(dict(sorted(host.vars.items()))) for name, host in inventory.hosts.items()},
        "hosts": {name: [host.name for host in group.hosts] for name, group in inventory.groups.items()},
        "children": {name: [group.name for group in group.child_groups] for name, group in inventory.groups.items()},
    }


def compare(devices: list[dict[str, Any]] = DEVICES, options: dict[str, Any] | None = None, **config: Any) -> Any:
    config = trusted(config)
    mine, stock = Plugin(**(options or {})), Plugin(**(options or {}))
    try:
        theirs(stock, devices, **config)
    except AnsibleError as error:  # a number as key of a group is one, strict or not
        with pytest.raises(type(error)) as ours_too:
            ours(mine, devices, **config)
        assert str(ours_too.value) == str(error)
        return mine, stock, None
    constructed = ours(mine, devices, **config)
    assert picture(mine) == picture(stock)
    return mine, stock, constructed


def test_compose():
    compose: dict[str, Any] = {f"c_{i}": expression for i, expression in enumerate(EXPRESSIONS)}
    compare(compose={**compose, "c_var": "x_s"})


def test_groups():
    groups: dict[str, Any] = {f"g-{i}": expression for i, expression in enumerate(EXPRESSIONS)}
    defined: dict[str, Any] = {f"d-{i}": f"({expression}) is defined" for i, expression in enumerate(EXPRESSIONS)}
    groups["all_of"] = True
    compare(compose=COMPOSED, groups={**groups, **defined})


#: Devices whose values ansible-core takes as keys whatever its version; it refuses others, and that ends the run.
CALM = [device for device in DEVICES[: len(VALUES)] if device["s"] not in ("True", "[1, 2]")]
KEYED_OPTIONS: list[dict[str, Any]] = [
    {},
    {"prefix": "p", "separator": "--"},
    {"prefix": "d", "default_value": "none"},
    {"separator": "", "trailing_separator": False},
    {"prefix": "c", "parent_group": "parent_{{ x_s }}"},
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_keyed_groups(expression):
    keyed: list[dict[str, Any]] = [{"key": expression, **more} for more in KEYED_OPTIONS]
    compare(DEVICES[: len(VALUES)], compose=COMPOSED, keyed=keyed)
    compare(CALM, compose=COMPOSED, keyed=keyed)


def test_an_expression_that_changes_a_variable():
    keyed = [{"key": "x_l.append('z')"}, {"key": "x_l", "prefix": "p"}]
    compare(compose={"c": "x_l.append('y')", "d": "x_l | join('-')"}, groups={"g": "'y' in x_l"}, keyed=keyed)


def test_keyed_groups_without_leading_separator():
    compare(options={"leading_separator": False}, keyed=[{"key": "x_t"}, {"key": "x_s", "prefix": "p"}])


@pytest.mark.parametrize("expression", ["missing", "x_n + 1", "x_s |", "x_t.site", "x_note"])
@pytest.mark.parametrize("option", ["compose", "groups", "keyed"])
def test_strict_errors_are_the_same(expression, option):
    wrong: Any = [{"key": expression}] if option == "keyed" else {"g": expression}
    compare(options={"strict": True}, **{option: wrong})


@pytest.mark.parametrize("behaviour", ["replace", "merge"])
def test_extra_variables_and_merging(behaviour, monkeypatch):
    monkeypatch.setattr(constants, "DEFAULT_HASH_BEHAVIOUR", behaviour)
    extra = {"e": "{{ x_s }}", "plain": "p", "x_s": "over", "x_t": {"new": "{{ x_n }}", "site": "extra"}}
    keyed = [{"key": key} for key in ("e", "plain", "x_s", "x_t", "x_t.site", "e ~ x_s", "c_dict")]
    compose = {"c_1": "e", "c_2": "x_s ~ plain", "c_3": "x_t.new", "c_dict": "{'a': x_s}", "x_t": "{'composed': '1'}"}
    groups = {"g": "x_t.site == 'oslo'", "g2": "e is defined"}
    compare(options={"use_extra_vars": True, "extra": extra}, compose=compose, keyed=keyed, groups=groups)
    compare(options={"extra": extra}, compose=compose, keyed=keyed, groups=groups)


def test_a_variable_that_is_a_template_is_evaluated_for_each_host():
    compose = {"c_t": "'{' ~ '{ x_s }}'", "c_plain": "'{{ x_s }}'"}
    compare(compose=compose, keyed=[{"key": "c_t"}, {"key": "c_plain"}], groups={"g": "c_plain == 'a'"})


def test_a_host_that_another_source_has_added():
    config = trusted({"keyed": [{"key": "x_s"}, {"key": "other.a"}], "compose": {"y": "x_t"}})
    plugins = [Plugin(), Plugin()]
    for plugin in plugins:
        plugin.inventory.add_host("h0.x0")
        for name, value in (("other", {"a": "b"}), ("x_t", {"kept": "k"}), ("x_s", "theirs")):
            plugin.inventory.set_variable("h0.x0", name, value)
    devices = DEVICES[:2]
    ours(plugins[0], devices, **config)
    theirs(plugins[1], devices, **config)
    assert picture(plugins[0]) == picture(plugins[1])


def test_containers_are_not_shared_between_hosts():
    mine, _stock, _constructed = compare(compose={"c": "x_l", "d": "{'a': [x_n]}"})
    for name in ("x_t", "x_l", "c", "d"):
        owned = [id(host.vars[name]) for host in mine.inventory.hosts.values() if name in host.vars]
        assert len(set(owned)) == len(owned), name


def test_a_host_named_like_a_group_gets_no_group_variables():
    devices = [{**DEVICES[0], "name": "g", "id": ""}, DEVICES[1], {**DEVICES[2], "name": "p_oslo", "id": ""}]
    plugin = Plugin()
    config = trusted(
        {"groups": {"g": "x_n is defined"}, "keyed": [{"key": "x_t.site", "prefix": "p"}], "compose": {"v": "1"}}
    )
    ours(plugin, devices, **config)
    assert [host.name for host in plugin.inventory.groups["g"].hosts] == ["g", "h1.x1", "p_oslo"]
    assert plugin.inventory.groups["g"].vars == plugin.inventory.groups["p_oslo"].vars == {}
    assert plugin.inventory.hosts["g"].vars["v"] == 1 or plugin.inventory.hosts["g"].vars["v"] == "1"


def test_failures_are_counted_unless_strict():
    _mine, _stock, constructed = compare(
        compose={"c": "x_t.role.x"}, groups={"g": "missing"}, keyed=[{"key": "x_t.nope"}, {"key": "x_note"}]
    )
    assert {name: failure.hosts for name, failure in constructed.failures.items()} == {
        "compose 'c'": len(DEVICES), "groups 'g'": len(DEVICES), "keyed_groups 'x_t.nope'": len(DEVICES),
    }  # fmt: skip
    assert "h0.x0" in constructed.failures["groups 'g'"].message


def test_evaluated_once_per_distinct_value():
    config = trusted(
        {"keyed": [{"key": "x_t.site | default('')"}, {"key": "x_uuid[-1:]"}], "compose": {"c": "x_s ~ x_n"}}
    )
    few, many = Plugin(), Plugin()
    ours(few, DEVICES[:2], **config)
    ours(many, [{**DEVICES[i % 2], "id": i} for i in range(100)], **config)
    assert few.evaluations == many.evaluations


def test_names_from_expressions():
    plugin = Plugin(strict=False)
    constructed = ConstructedOnce(plugin, strict=False, extra={})
    expression = trusted("x_s ~ '.example'")
    assert constructed.value(expression, "u", {"x_s": "a"}, mark) == "a.example"
    assert constructed.value(expression, "u", {"x_s": "b"}, mark) == "b.example"
    assert constructed.value(expression, "u", {}, mark) is None
    assert constructed.failures["hostnames 'x_s ~ '.example''"].hosts == 1
    with pytest.raises(AnsibleError, match="hostnames"):
        ConstructedOnce(plugin, strict=True, extra={}).value(expression, "u", {}, mark)
