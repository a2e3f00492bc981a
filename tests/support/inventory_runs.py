# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet with awkward data, and the plugin as it would be with ansible-core's own way to construct groups."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT

EVIL = "{{ lookup('pipe', 'touch evil') }}"
AWKWARD_NAMES = [
    "Zürich 雪 😀", EVIL, "{% raw %}", "{# x #}", "it's \"quoted\"", "{a: 1}", "x" * 300, "a.b-c/d", "", "twin", "twin",
    "-oProxyCommand=touch evil", "localhost", "true", "[1, 2]", "50 % (north)", "lookup('pipe', 'touch evil')",
    "\\x7b\\x7b x", "#jinja2: x", "online",
]  # fmt: skip
AWKWARD_TAGS = [
    {"site": "oslo", "a.b-c": "x.y-z", "items": "5"}, {"site": EVIL, EVIL: "key"}, {"site": ""}, {},
    {"site": "{% x %}", "雪": "ü"}, {"site": "it's \"q\"", "q'\"": "v"}, {"site": "y" * 300},
    {"n": "True", "m": "1"},
]  # fmt: skip

FLEET: dict[str, Any] = {
    "applications": [
        {
            "name": "sensors", "organization": "acme", "device_type": "raspberrypi4-64", "services": ["main", "log"],
            "releases": [{"version": "1.0.0", "age_days": 20}, {"version": "1.1.0", "age_days": 10}],
            "devices": [
                {"name": "sensor-{n:02d}", "count": 6, "release": "1.0.0", "tags": {"site": ["oslo", "bergen"]},
                 "env": {"LOG_LEVEL": "debug"}},
                {"name": "gateway-{n:02d}", "count": 2, "online": 0, "tags": {"role": "gateway", "spare": "true"},
                 "os_version": "5.3.27"},
            ],
        },
        {
            "name": "screens", "organization": "admin", "device_type": "intel-nuc", "services": ["main"],
            "releases": [{"version": "3.0.0", "age_days": 5}],
            "devices": [{"name": "screen-{n:02d}", "count": 3}],
        },
    ]
}  # fmt: skip


def add_awkward_devices(emulator: Emulator) -> None:
    """A fleet acme/awkward whose names, tags and notes try to be something else."""
    emulator.seed(
        {
            "applications": [
                {
                    "name": "awkward", "organization": "acme", "device_type": "raspberrypi4-64", "services": ["main"],
                    "releases": [{"version": "1.0.0"}],
                    "devices": [{"name": "device-{n:02d}", "count": len(AWKWARD_NAMES)}],
                }
            ]
        }
    )  # fmt: skip
    fleet = emulator.store.query("application", slug="acme/awkward")[0]["id"]
    for index, device in enumerate(emulator.store.ids("device", belongs_to__application=fleet)):
        note = [None, "", EVIL, "a\nb", "{{", "}}"][index % 6]
        emulator.store.update("device", device, device_name=AWKWARD_NAMES[index], note=note)
        for key, value in AWKWARD_TAGS[index % len(AWKWARD_TAGS)].items():
            emulator.store.insert("device_tag", device=device, tag_key=key, value=value)


STOCK = '''
from ansible_collections.community.balena.plugins.inventory.balena import InventoryModule as Ours
from ansible_collections.community.balena.plugins.plugin_utils.inventory.building import host_names
from ansible_collections.community.balena.plugins.plugin_utils.inventory.marking import mark, mark_composed
from ansible_collections.community.balena.plugins.plugin_utils.inventory.source import InventorySource


class StockSource(InventorySource):
    """Host by host, as other inventory plugins do it."""

    def build(self, devices):
        options, plugin, inventory = self._options, self._plugin, self._plugin.inventory
        for name, device in zip(host_names(devices, self.naming(()), plugin.display.warning), self.inert(devices)):
            inventory.add_host(name)
            variables = {options["hostvars_prefix"] + key: mark(value) for key, value in device.items()}
            for key, value in variables.items():
                inventory.set_variable(name, key, value)
            plugin._set_composite_vars(options["compose"], variables, name, strict=options["strict"])
            plugin._add_host_to_composed_groups(options["groups"], variables, name, strict=options["strict"])
            plugin._add_host_to_keyed_groups(options["keyed_groups"], variables, name, strict=options["strict"])


class InventoryModule(Ours):
    NAME = "stock"
    source = StockSource

    def _compose(self, *args, **kwargs):
        return mark_composed(super()._compose(*args, **kwargs))
'''


def write_stock_plugin(folder: Path) -> dict[str, str]:
    """Write the plugin C(stock) and return the environment in which Ansible finds it."""
    tree = ast.parse((CHECKOUT / "plugins" / "inventory" / "balena.py").read_text(encoding="utf-8"))
    documentation = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION"
    )
    documentation = documentation.replace("name: balena\n", "name: stock\n", 1)
    documentation = documentation.replace("choices: [community.balena.balena]", "choices: [stock]", 1)
    folder.mkdir(parents=True, exist_ok=True)
    source = f"from __future__ import annotations\n\nDOCUMENTATION = {documentation!r}\n{STOCK}"
    (folder / "stock.py").write_text(source, encoding="utf-8")
    return {"ANSIBLE_INVENTORY_PLUGINS": str(folder), "ANSIBLE_INVENTORY_ENABLED": "stock,community.balena.balena,auto"}
