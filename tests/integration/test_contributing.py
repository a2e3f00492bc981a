# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CONTRIBUTING.md and SECURITY.md show and name is what there is."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from tests.support.new_module import NewModuleError, begin
from tests.support.repository import read, tracked
from tests.support.sizes import code_lines
from tests.support.tasks import COLLECTION, run_task

GUIDE = read("CONTRIBUTING.md")
FILES = tracked()
FOLDERS = {str(parent) + "/" for name in FILES for parent in Path(name).parents}
#: Up to which character of a path it is one of the checkout.
TOP = {name.split("/", maxsplit=1)[0] for name in FILES}


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "SECURITY.md"])
def test_the_files_that_it_names_are_there(document):
    named = re.findall(r"`([\w./-]+)`|\]\(([\w./-]+)\)", read(document))
    paths = [path for pair in named for path in pair if path.split("/")[0] in TOP]
    assert paths
    assert [path for path in paths if path not in FILES and path not in FOLDERS] == []


def test_the_make_targets_that_it_names_are_there():
    targets = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE))
    code = re.findall(r"^ *```.*?^ *```|`[^`]+`", GUIDE, re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"\bmake ([a-z-]+)", " ".join(code))) <= targets


def test_the_module_that_it_shows_is_the_real_one():
    steps = GUIDE.partition("## Add a module")[2].partition("## Tests")[0]
    shown = re.findall(r"`(plugins/[\w/]+\.py)`(?:(?!`plugins/)[\s\S])*?```python\n(.*?)```", steps, re.DOTALL)
    assert len(shown) == 3
    for name, block in shown:
        assert textwrap.dedent(block).strip() in read(name), name


def test_all_files_of_the_module_are_named():
    steps = GUIDE.partition("## Add a module")[2].partition("## Tests")[0]
    ours = [name for name in FILES if "ssh_key" in name and name.startswith(("plugins/modules", "plugins/action"))]
    assert [name for name in ours if f"`{name}`" not in steps] == []


def test_the_test_that_it_shows_passes(emulator):
    block = re.search(r"```python\n(from tests\.support\.tasks.*?)```", GUIDE, re.DOTALL)
    assert block
    code: dict = {}
    exec(compile(block.group(1), "CONTRIBUTING.md", "exec"), code)
    code["test_a_tag_that_is_there_is_not_written"](emulator)


LABEL = "balena_service_label"


@pytest.fixture
def small(tmp_path):
    """The files of the small resource that the guide adds, from its diff, and what else they change."""
    diff = re.search(r"```diff\n(.*?)```", GUIDE, re.DOTALL)
    assert diff
    runtime = tmp_path / "meta" / "runtime.yml"
    runtime.parent.mkdir()
    runtime.write_text(read("meta/runtime.yml"), encoding="utf-8")
    subprocess.run(["git", "apply", "-"], input=diff.group(1), text=True, cwd=tmp_path, check=True)
    return tmp_path


@pytest.fixture
def label(small, emulator, monkeypatch):
    """Runs a task of the module that the guide adds."""
    name = f"{COLLECTION}.modules.{LABEL}"
    spec = importlib.util.spec_from_file_location(name, small / "plugins" / "modules" / f"{LABEL}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    emulator.seed({"applications": [{"name": "kiosk", "services": ["main"]}]})
    usual = {"application": "acme/kiosk", "service": "main", "name": "io.balena.features.gpu"}
    return lambda **options: run_task(emulator, LABEL, **{**usual, **options})


def test_a_small_resource_takes_three_files_and_forty_lines_of_code(small):
    files = [path for path in small.rglob("*") if path.is_file()]
    assert len(files) <= 3
    assert (
        LABEL in yaml.safe_load((small / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["balena"]
    )
    assert sum(code_lines(path) for path in files if path.suffix == ".py") <= 40


def test_the_small_resource_is_made_changed_and_removed(label, emulator):
    foreseen = label(value="1", check_mode=True)
    assert foreseen["service_label"] == {"id": None, "name": "io.balena.features.gpu", "value": "1"}
    assert emulator.writes() == []
    made = label(value="1")
    assert made["changes"] == {"create": 1, "update": 0, "delete": 0}
    assert made["service_label"] == {**foreseen["service_label"], "id": made["service_label"]["id"]}
    assert not label(value="1")["changed"]
    changed = label(value="0")
    assert changed["service_label"] == {**made["service_label"], "value": "0"}
    assert changed["diff"]["before"] == {"service_label": {"acme/kiosk main io.balena.features.gpu": "1"}}
    assert label(state="absent")["changes"] == {"create": 0, "update": 0, "delete": 1}
    assert label(state="absent") == {**label(state="absent"), "changed": False, "service_label": None}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "value"),
        ({"service": "mian", "value": "1"}, "has no service 'mian'"),
        ({"application": "acme/kiosks", "value": "1"}, "'acme/kiosks' does not exist"),
    ],
)
def test_the_small_resource_says_what_is_wrong(label, emulator, options, message):
    result = label(**options)
    assert result["failed"] and message in result["msg"]
    assert emulator.writes() == []


@pytest.fixture
def begun(tmp_path):
    """A folder in which a module was begun."""
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "runtime.yml").write_text(read("meta/runtime.yml"), encoding="utf-8")
    return tmp_path, begin("balena_shelf_label", tmp_path)


def test_a_module_that_is_begun_is_the_small_resource_under_its_name(begun):
    folder, made = begun
    texts = {path: (folder / path).read_text(encoding="utf-8") for path in made}
    assert "module: balena_shelf_label" in texts["plugins/modules/balena_shelf_label.py"]
    assert "module = balena_shelf_label" in texts["plugins/action/balena_shelf_label.py"]
    group = yaml.safe_load(texts["meta/runtime.yml"])["action_groups"]["balena"]
    assert "balena_shelf_label" in group and group == sorted(group)
    for path, text in texts.items():
        assert "service_label" not in text, path
        assert yaml.safe_load(text) if path.endswith(".yml") else compile(text, path, "exec"), path


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *((name, "cannot be a module") for name in ("", "shelf", "balena_", "balena_Shelf", "balena_shelf/x")),
        ("balena_shelf_label", "is begun already"),
    ],
)
def test_a_module_that_cannot_be_begun_is_refused(begun, name, why):
    with pytest.raises(NewModuleError, match=why):
        begin(name, begun[0])
