# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory files with wrong options, derived from the plugin's documentation and read one after the other.

As a program (python -m tests.bad_inputs.inventory FOLDER URL TOKEN) it prints what each is answered with. It is a
process of its own, because Ansible's loader of plugins changes how a process imports collections.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, inventory_loader

from tests.bad_inputs.calls import FLEET
from tests.bad_inputs.values import Bad, bad_values

NAME = "community.balena.balena"
#: What belongs to ansible-core, and to the connection, which tasks share.
NOT_OURS = ("plugin", "strict", "use_extra_vars", "leading_separator", "validate_certs")
_TYPES = {"string": "str", "boolean": "bool", "integer": "int"}
EXPRESSIONS = {"null": None, "a list": ["x"], "a mapping": {"a": 1}}


def bad_files(definitions: Mapping[str, Mapping[str, Any]]) -> Iterator[Bad]:
    """Wrong options of a file, besides those that are empty, of which the rule is tried elsewhere."""
    spec = {}
    for name, said in definitions.items():
        if name not in NOT_OURS and not name.startswith("cache"):
            kind = _TYPES.get(said.get("type", "str"), said.get("type", "str"))
            spec[name] = {"type": kind, "elements": said.get("elements", "raw"), "choices": said.get("choices")}
    for bad in bad_values(spec):
        if _can_be_written(bad) and bad.given.get(bad.option) not in ({}, [{}], "", [None], [" "]):
            yield bad
    for what, value in EXPRESSIONS.items():
        yield Bad("compose.a", what, {"compose": {"a": value}})
        yield Bad("groups.a", what, {"groups": {"a": value}})
        yield Bad("keyed_groups[0].key", what, {"keyed_groups": [{"key": value}]})
    for option in ("applications", "organizations", "devices", "hostnames", "fields"):
        yield Bad(option, "null in a list", {option: [None]}, "")


def _can_be_written(bad: Bad) -> bool:
    """Whether YAML has it: half a character and NUL it has not; and elements of lists of expressions may be many."""
    text = repr(bad.given)
    return "half a character" not in bad.what and "NUL" not in bad.what and "None:" not in text and "True:" not in text


def main(folder: str, url: str, token: str) -> None:
    """Print a JSON list: option, what, what has to be said, and the answer; null if it was accepted."""
    init_plugin_loader([])
    path = Path(folder) / "x.balena.yml"

    def answer(options: Mapping[str, Any]) -> str | None:
        content = {"plugin": NAME, "api_url": url, "api_token": token, "applications": [FLEET], **options}
        path.write_text(json.dumps(content).replace("NaN", ".nan").replace("Infinity", ".inf"), encoding="utf-8")
        try:
            inventory_loader.get(NAME).parse(InventoryData(), DataLoader(), str(path))
        except AnsibleError as error:
            return str(error)
        except Exception as error:  # which is what is looked for
            return f"Traceback: {error!r}"
        return None

    if good := answer({}):
        raise SystemExit(good)
    plugin = inventory_loader.get(NAME)
    found = [[bad.option, bad.what, bad.says, answer(bad.given)] for bad in bad_files(plugin.option_definitions)]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
