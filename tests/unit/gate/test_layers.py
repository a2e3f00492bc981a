# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom: layers look down, nouns keep their order, and no import leads back to where it started."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.ansible_runs import CHECKOUT

COLLECTION = "ansible_collections.community.balena."
UTILS = "plugins.module_utils"
EDGE = (f"{UTILS}.sdk", f"{UTILS}.engine", f"{UTILS}.domain", UTILS)

#: What each layer may import besides itself. The longest name that a module's own begins with decides.
LAYERS: Mapping[str, tuple[str, ...]] = {
    f"{UTILS}.sdk": (),
    f"{UTILS}.engine": (f"{UTILS}.sdk",),
    f"{UTILS}.domain": (f"{UTILS}.sdk", f"{UTILS}.engine"),
    UTILS: (f"{UTILS}.sdk", f"{UTILS}.engine", f"{UTILS}.domain"),
    "plugins.plugin_utils": EDGE,
    "plugins.modules": EDGE,
    "plugins.action": (*EDGE, "plugins.plugin_utils", "plugins.modules"),
    "plugins.inventory": (*EDGE, "plugins.plugin_utils"),
    "plugins.connection": (*EDGE, "plugins.plugin_utils"),
    "emulator": (),
}
#: What a plan costs, and whom it changes, of whatever it is.
_COMMON = ("accounts", "forecast")
_LOWEST = ("access", "keys", "variables", "tags", "waves")
_MIDDLE = ("devices", "releases")
_HIGH = ("applications", "host_os", "provisioning", "rollout")
#: What each noun may import of the others.
NOUNS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_COMMON, ()),
    **dict.fromkeys(_LOWEST, _COMMON),
    **dict.fromkeys(_MIDDLE, _LOWEST + _COMMON),
    "policy": _LOWEST + _COMMON,
    "diagnosis": _MIDDLE + _LOWEST + _COMMON,
    **dict.fromkeys(_HIGH, ("diagnosis", *_MIDDLE, *_LOWEST, *_COMMON)),
    **dict.fromkeys(("fleet", "undo"), ("diagnosis", *_HIGH, *_MIDDLE, *_LOWEST, *_COMMON)),
}

Imports = Mapping[str, set[str]]


def modules(root: Path) -> dict[str, Path]:
    """The modules of the collection and of the emulator below a folder, by their dotted names."""
    found = {}
    for path in (*root.glob("plugins/**/*.py"), *root.glob("emulator/**/*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def statements(tree: ast.AST, types: bool) -> Iterator[ast.ImportFrom]:
    """The imports of a file, late ones too.

    :param types: also those which only a type checker makes, and which thus lead nowhere at run time.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom):
            yield node
        elif types or not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield from statements(node, types)


def imports(root: Path, types: bool = True) -> Imports:
    """Which of the modules each of them imports."""
    known = modules(root)
    found: dict[str, set[str]] = {}
    for name, path in known.items():
        found[name] = set()
        for node in statements(ast.parse(path.read_text(encoding="utf-8")), types):
            package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])]).removeprefix(COLLECTION)
            targets = {f"{source}.{alias.name}" for alias in node.names}
            found[name] |= {it if it in known else source for it in targets if it in known or source in known}
        found[name].discard(name)
    return found


def within(name: str, folder: str) -> bool:
    return f"{name}.".startswith(f"{folder}.")


def layer_of(name: str) -> str:
    return max((layer for layer in LAYERS if within(name, layer)), key=len, default="")


def noun_of(name: str) -> str:
    """The noun whose folder a module is in; empty outside of `domain`, and for what all nouns share."""
    parts = name.removeprefix(f"{UTILS}.domain.").split(".")
    return parts[0] if parts[0] in NOUNS else ""


def upward(found: Imports) -> list[str]:
    """The imports that a layer or a noun must not make."""
    wrong = []
    for name, targets in found.items():
        layer, noun = layer_of(name), noun_of(name)
        for target in targets:
            other = noun_of(target)
            allowed = layer_of(target) in (layer, *LAYERS.get(layer, ())) or not layer
            if not allowed or (
                other and layer_of(name).endswith("domain") and other not in (noun, *NOUNS.get(noun, ()))
            ):
                wrong.append(f"{name} imports {target}")
    return sorted(wrong)


def circle(found: Imports) -> list[str]:
    """A circle of imports, as the names on it; empty if there is none."""
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_layers_and_nouns_import_what_is_below_them_alone():
    assert upward(imports(CHECKOUT)) == []


def test_every_folder_of_the_domain_is_a_noun_with_a_place():
    folders = {path.name for path in (CHECKOUT / "plugins" / "module_utils" / "domain").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == set(NOUNS)


def test_no_import_leads_back_to_where_it_started():
    assert circle(imports(CHECKOUT, types=False)) == []


#: What the engine knows nothing of, whole words: any collection could plan and apply with it.
BALENA = re.compile(
    r"\b(?:(?:application|container|device|fleet|release|rollout|service|supervisor|wave)s?|balenaOS)\b", re.IGNORECASE
)


def test_the_engine_has_no_word_of_balena():
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sorted((CHECKOUT / "plugins" / "module_utils" / "engine").glob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if BALENA.search(line)
    ]
    assert found == []


#: Files with an import that should not be, and what is said of it.
PLANTED = {
    "the engine imports the domain": ("engine/plan.py", "from ..domain.query import chunks"),
    "the SDK imports the engine": ("sdk/pine.py", "from ..engine.plan import Plan"),
    "a lower noun imports a higher one": ("domain/tags/compare.py", "from ..devices.plan import plan"),
    "a noun imports one beside it": ("domain/devices/plan.py", "from ..releases.find import find"),
    "what nouns share imports a noun": ("domain/query.py", "from .tags.compare import compare_tags"),
    "a type alone is imported from above": (
        "engine/plan.py",
        "if TYPE_CHECKING:\n    from ..domain.rows import Rows",
    ),
}


@pytest.mark.parametrize(("name", "text"), PLANTED.values(), ids=PLANTED)
def test_an_import_from_above_is_found(name, text, tmp_path):
    for target in ("domain/query.py", "domain/rows.py", "domain/tags/compare.py", "domain/devices/plan.py",
                   "domain/releases/find.py", "engine/plan.py", name):  # fmt: skip
        path = tmp_path / "plugins" / "module_utils" / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    (tmp_path / "plugins" / "module_utils" / name).write_text(text, encoding="utf-8")
    assert len(upward(imports(tmp_path))) == 1


@pytest.mark.parametrize("late", [False, True])
def test_a_circle_is_found(late, tmp_path):
    folder = tmp_path / "emulator" / "odata"
    folder.mkdir(parents=True)
    (folder / "read.py").write_text("from .scope import Scope", encoding="utf-8")
    back = "from .read import Reader"
    (folder / "scope.py").write_text(f"def enter():\n    {back}" if late else back, encoding="utf-8")
    assert set(circle(imports(tmp_path, types=False))) == {"emulator.odata.read", "emulator.odata.scope"}
