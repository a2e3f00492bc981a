# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Begin a module: python -m tests.support.new_module balena_NAME [FOLDER].

The module and its action are those of the small resource in CONTRIBUTING.md under another name, so that what is begun
runs. Beside them stand a target, a fragment of the changelog, and the module's place in the action group.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"balena_[a-z][a-z0-9_]*[a-z0-9]")
EXAMPLE = "balena_service_label"
TARGET = """\
---
# Foreseen, created, unchanged, absent, unchanged.
- name: Choose names for this run
  ansible.builtin.include_role:
    name: setup_run

- name: {title}
  block:
    - name: Create, foreseen
      community.balena.{name}: &create
        application: "{{{{ it_run }}}}"
        service: main
        name: example
        value: "1"
      check_mode: true
      register: foreseen

    - name: Create
      community.balena.{name}: *create
      register: created

    - name: Create again
      community.balena.{name}: *create
      register: again

    - name: Remove
      community.balena.{name}: &remove
        application: "{{{{ it_run }}}}"
        service: main
        name: example
        state: absent
      register: removed

    - name: Remove again
      community.balena.{name}: *remove
      register: still

    - name: All of it is as declared
      ansible.builtin.assert:
        that:
          - foreseen is changed
          - foreseen.diff == created.diff
          - again is not changed
          - removed is changed
          - still is not changed
"""
FRAGMENT = """\
---
minor_changes:
  - New module {name}.
"""
LEFT = """\
What is begun declares labels of services, under your name. Make of it what {name} means, and then:
- README.md: name it in the table of what the collection does;
- a guide in docs/: show it in a task;
- tests/bad_inputs/calls.py: give a call of it, which is then made with thousands of wrong inputs;
- docs/servers.md: say which servers know what it asks.
The tests say in words what is still missing: make test ARGS="-k '{name} or contributing or consistency'"
"""


class NewModuleError(Exception):
    """The module cannot be begun; the text says why."""


def files(name: str, guide: str) -> dict[str, str]:
    """The new files by their paths.

    :param guide: the text of CONTRIBUTING.md.
    :raises NewModuleError: the name is none of a module.
    """
    if not NAME.fullmatch(name):
        raise NewModuleError(f"'{name}' cannot be a module: names are balena_ and then a-z, 0-9 and _")
    noun = name.removeprefix("balena_")
    found = {
        path.replace(EXAMPLE, name): text.replace(EXAMPLE, name).replace(EXAMPLE.removeprefix("balena_"), noun)
        for path, text in _added(guide).items()
    }
    title = noun.replace("_", " ").capitalize()
    found[f"tests/integration/targets/{name}/tasks/main.yml"] = TARGET.format(name=name, title=title)
    found[f"changelogs/fragments/{name}.yml"] = FRAGMENT.format(name=name)
    return found


def _added(guide: str) -> dict[str, str]:
    """The files that the diff of the guide adds."""
    diff = guide.partition("```diff\n")[2].partition("```")[0]
    parts = re.findall(r"^\+\+\+ b/(\S+)\n@@ -0,0 .*\n((?:\+.*\n)+)", diff, re.MULTILINE)
    return {path: "".join(line[1:] for line in text.splitlines(keepends=True)) for path, text in parts}


def listed(runtime: str, name: str) -> str:
    """The text of meta/runtime.yml with the module in its action group, in the order of the alphabet."""
    first, group, rest = re.split(r"((?:^    - balena_\w+\n)+)", runtime, maxsplit=1, flags=re.MULTILINE)
    return first + "".join(sorted({*group.splitlines(keepends=True), f"    - {name}\n"})) + rest


def begin(name: str, folder: Path = CHECKOUT) -> list[str]:
    """Write what a module needs and return the paths.

    :raises NewModuleError: the name is none of a module, or something of it is there already.
    """
    new = files(name, (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    there = [path for path in new if (folder / path).exists()]
    if there:
        raise NewModuleError(f"{name} is begun already: {', '.join(there)}")
    runtime = folder / "meta" / "runtime.yml"
    runtime.write_text(listed(runtime.read_text(encoding="utf-8"), name), encoding="utf-8")
    for path, text in new.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return [*new, "meta/runtime.yml"]


def main() -> None:
    """Begin the module that the command line names."""
    name, *folder = sys.argv[1:] or [""]
    try:
        made = begin(name, *map(Path, folder))
    except NewModuleError as error:
        sys.exit(str(error))
    sys.stdout.write("".join(f"{path}\n" for path in made) + "\n" + LEFT.format(name=name))


if __name__ == "__main__":
    main()
