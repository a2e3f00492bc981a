# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's groups and variables are, byte for byte, those of ansible-core's own way to construct them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from ansible_collections.community.balena.plugins.module_utils.inert import inert_text
from ansible_collections.community.balena.plugins.plugin_utils.inventory.marking import DATA_TAGGING
from tests.support.ansible_runs import TARGETS
from tests.support.inventory_runs import EVIL, FLEET, add_awkward_devices, write_stock_plugin

CONFIG = TARGETS / "inventory_identity" / "identity.balena.yml"


@pytest.fixture
def both(ansible, emulator, tmp_path):
    """Run ansible-inventory on a source with both plugins and return what each printed."""
    emulator.seed(FLEET)
    add_awkward_devices(emulator)
    env = write_stock_plugin(tmp_path / "inventory_plugins")

    def run(*arguments, status=0, **options):
        outputs = []
        for plugin in ("stock", "community.balena.balena"):
            config = {**yaml.safe_load(CONFIG.read_text(encoding="utf-8")), **options, "plugin": plugin}
            source = tmp_path / "same.balena.yml"
            source.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
            outputs.append(ansible.run("ansible-inventory", "-i", str(source), *arguments, status=status, env=env))
        return outputs

    return run


@pytest.mark.parametrize(
    "arguments", [("--list",), ("--list", "--export"), ("--list", "--yaml"), ("--graph", "--vars")], ids=" ".join
)
def test_the_same_output(both, arguments):
    theirs, ours = both(*arguments)
    assert ours.output == theirs.output
    assert len(ours.output) > 10_000


@pytest.mark.parametrize("options", [{"leading_separator": False}, {"use_extra_vars": True}])
def test_the_same_output_with_other_options(both, options):
    extra = ("-e", json.dumps({"balena_device_type": "from-extra", "site": "{{ balena_uuid }}"}))
    theirs, ours = both("--list", *extra, **options)
    assert ours.output == theirs.output


@pytest.mark.parametrize(
    "wrong",
    [
        {"compose": {"x": "no_such_variable"}},
        {"groups": {"x": "balena_id +"}},
        {"keyed_groups": [{"key": "balena_tags.site"}]},
        {"keyed_groups": [{"key": "balena_id"}]},
    ],
    ids=str,
)
def test_the_same_error_if_strict(both, wrong):
    cleared: dict[str, Any] = {"compose": {}, "groups": {}, "keyed_groups": []}
    theirs, ours = both("--list", strict=True, **{**cleared, **wrong})
    for run in (theirs, ours):
        assert "Traceback" not in run.text
    message = theirs.errors.replace("'stock'", "'community.balena.balena'").replace("inventory_plugins/stock", "x")
    assert [line for line in ours.errors.splitlines() if "host" in line][:1] == [
        line for line in message.splitlines() if "host" in line
    ][:1]
    assert "host" in ours.errors


def test_text_of_the_api_stays_text(both, tmp_path):
    _theirs, ours = both("--list")
    hosts = ours.json["_meta"]["hostvars"]
    shown = EVIL if DATA_TAGGING else inert_text(EVIL)  # before 2.19 no mark lasts
    evil = next(host for host in hosts.values() if host["balena_device_name"] == {"__ansible_unsafe": shown})
    assert evil["balena_tags"][shown] == ("key" if DATA_TAGGING else {"__ansible_unsafe": "key"})
    assert evil["balena_tags"]["site"] == {"__ansible_unsafe": shown}
    assert not list(tmp_path.rglob("evil"))
    # Up to core 2.18, a group that is named by a value alone keeps that value's mark, in core's own way too.
    names = [n if isinstance(n, str) else n["__ansible_unsafe"] for n in ours.json["all"]["children"]]
    assert all(name.replace("_", "").isalnum() for name in names)


def test_plain_text_is_printed_plainly(both):
    _theirs, ours = both("--list")
    hosts = ours.json["_meta"]["hostvars"]
    assert hosts["sensor-01"]["balena_device_name"] == "sensor-01"
    assert hosts["sensor-01"]["balena_tags"] == {"site": "oslo"}
    assert hosts["Zürich 雪 😀"]["balena_device_name"] == "Zürich 雪 😀"
    assert hosts['it\'s "quoted"']["shout"] == 'IT\'S "QUOTED"'
    assert hosts["sensor-01"]["both"] == "sensor-01 in oslo"
    assert hosts["sensor-01"]["nested"]["tags"] == {"site": "oslo"}
    assert "__ansible_unsafe" not in json.dumps(hosts["sensor-01"])
