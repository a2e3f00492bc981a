# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of its own that fills an inventory and prints what it took, as JSON: fetch, build, peak memory.

Usage: python -m tests.bench.inventory_build FOLDER PLUGIN, where FOLDER holds PLUGIN.balena.yml.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any


def main(folder: Path, plugin: str) -> None:
    """Fill the inventory as Ansible does, with a clock around the two halves."""
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader()
    from ansible_collections.community.balena.plugins.plugin_utils.inventory import source

    spent: dict[str, float] = {}

    def timed(method: Any, name: str) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            cpu, wall = time.process_time(), time.perf_counter()
            result = method(*args, **kwargs)
            spent[f"{name}_cpu"] = time.process_time() - cpu
            spent[f"{name}_wall"] = time.perf_counter() - wall
            return result

        return run

    def watch(kind: type) -> None:
        for name, label in (("devices", "fetch"), ("build", "build")):
            if name in vars(kind):
                setattr(kind, name, timed(getattr(kind, name), label))

    fill = source.InventorySource.fill

    def watched_fill(self: Any, **options: Any) -> None:
        watch(source.InventorySource)
        if self.__class__ is not source.InventorySource:  # the class of a plugin that is made of ours
            watch(self.__class__)
        fill(self, **options)

    source.InventorySource.fill = watched_fill  # type: ignore[method-assign]
    start = time.process_time()
    manager = InventoryManager(loader=DataLoader(), sources=[str(folder / f"{plugin}.balena.yml")])
    spent["total_cpu"] = time.process_time() - start
    hosts, groups = len(manager.hosts), len(manager.groups)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({**spent, "hosts": hosts, "groups": groups, "peak_mb": peak}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
