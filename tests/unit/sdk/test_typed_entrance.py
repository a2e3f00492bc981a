# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDK's entrance is typed: type checkers, editors and Python itself know every namespace and method."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import threading
import typing
from pathlib import Path

import pytest

from ansible_collections.community.balena.plugins.module_utils import sdk
from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, Options, configuration, errors
from ansible_collections.community.balena.plugins.module_utils.sdk.models.device import DeviceModel
from tests.support.ansible_runs import CHECKOUT
from tests.support.modules import MODULES

NAMESPACES = ("auth", "errors", "logs", "models", "pine", "request", "settings", "utils")
MODELS = (
    "api_key application billing config credit_bundle device device_type image key organization os release service team"
).split()


@pytest.mark.parametrize("name", NAMESPACES)
def test_every_namespace_is_listed_and_stays_the_same(name: str) -> None:
    balena = Balena(token="x")
    assert name in dir(balena)
    assert getattr(balena, name) is getattr(balena, name)


def test_every_model_is_listed() -> None:
    models = Balena(token="x").models
    assert [name for name in dir(models) if not name.startswith("_")] == MODELS
    files = {name: type(getattr(models, name)).__module__.rpartition(".")[2] for name in MODELS}
    assert files == {name: name for name in MODELS}
    assert isinstance(models.device, DeviceModel)


@pytest.mark.parametrize("path", ["model", "models.devices", "models.device.fetch", "models.device.tags.delete"])
def test_a_wrong_name_is_an_error(path: str) -> None:
    value: object = Balena(token="x")
    *outer, last = path.split(".")
    for name in outer:
        value = getattr(value, name)
    with pytest.raises(AttributeError, match=last):
        getattr(value, last)


def test_threads_that_come_together_get_the_same_namespace() -> None:
    balena = Balena(token="x")
    barrier = threading.Barrier(8)
    found: list[object] = []

    def look() -> None:
        barrier.wait()
        found.append(balena.models.device.tags)

    threads = [threading.Thread(target=look) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


def test_the_options_have_the_same_names_and_types_for_python_and_for_type_checkers() -> None:
    hints = typing.get_type_hints(configuration.OptionFields)
    assert hints == typing.get_type_hints(Options)


def test_all_errors_are_at_the_instance_too() -> None:
    there = {name for name, _class in inspect.getmembers(errors, inspect.isclass) if issubclass(_class, Exception)}
    offered = {name for name in dir(Balena(token="x").errors) if not name.startswith("_")}
    assert offered == {name for name in there if not name.startswith("_")}


def test_the_hierarchy_of_errors_is_written_at_their_head() -> None:
    written: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines()[2:]:
        if not line.startswith("    "):
            break
        depth = (len(line) - len(line.lstrip())) // 4 - 1
        written += [(depth, name.strip()) for name in line.strip().split("  ")[0].split(",") if name]

    def public(kind: type) -> typing.Iterator[type]:
        below: type
        for below in kind.__subclasses__():
            if below.__module__.rpartition(".")[0] != errors.__name__.rpartition(".")[0]:
                continue
            yield from public(below) if below.__name__.startswith("_") else [below]

    def tree(kind: type, depth: int = 0) -> typing.Iterator[tuple[int, str]]:
        yield depth, kind.__name__
        for below in public(kind):
            yield from tree(below, depth + 1)

    assert sorted(written) == sorted(tree(errors.BalenaError))


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    assert (Path(sdk.__file__ or "").parent / "py.typed").exists()


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _imported(nodes: typing.Iterable[ast.AST], *, at_run_time: bool) -> typing.Iterator[tuple[int, str | None, str]]:
    """Yield (level, module, name) of all imports below nodes, with or without those for type checkers alone."""
    for node in nodes:
        if at_run_time and _is_type_checking(node):
            continue
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.level, node.module, alias.name
        yield from _imported(ast.iter_child_nodes(node), at_run_time=at_run_time)


@functools.cache
def _imports_of(path: Path, at_run_time: bool) -> list[tuple[int, str | None, str]]:
    return list(_imported([ast.parse(path.read_text(encoding="utf-8"))], at_run_time=at_run_time))


def _packed(start: Path, *, at_run_time: bool) -> set[Path]:
    """The files that Ansible packs with a module that imports a file: it follows the statements that import."""
    todo, found = [start], set()
    while todo:
        path = todo.pop()
        if path in found or not path.exists():
            continue
        found.add(path)
        todo += [parent / "__init__.py" for parent in path.parents if (parent / "__init__.py").exists()]
        for level, module, name in _imports_of(path, at_run_time):
            if level:
                base = path.parents[level - 1].joinpath(*(module or "").split("."))
                todo += [
                    base.with_suffix(".py"),
                    base / "__init__.py",
                    base / f"{name}.py",
                    base / name / "__init__.py",
                ]
    return found


@pytest.mark.parametrize("name", MODULES)
def test_what_ansible_packs_with_a_module_is_what_is_imported_at_run_time(name: str) -> None:
    module = CHECKOUT / "plugins" / "modules" / f"{name}.py"
    packed = _packed(module, at_run_time=True)
    assert packed == _packed(module, at_run_time=False)
    assert packed > set((CHECKOUT / "plugins" / "module_utils" / "sdk" / "models").rglob("*.py"))


def test_the_sdk_imports_by_statements_alone() -> None:
    dynamic = re.compile(r"import_module|__import__")
    files = (CHECKOUT / "plugins" / "module_utils" / "sdk").rglob("*.py")
    assert [path for path in files if dynamic.search(path.read_text(encoding="utf-8"))] == []
