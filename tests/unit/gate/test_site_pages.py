# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the site is made of: pictures, the README, the keys of a document, plain pages, and words to search for."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest
import yaml

from docs.tools import fleet_document, plain_pages
from tests.support.ansible_runs import CHECKOUT
from tests.support.documents import blocks_of, documents
from tests.support.modules import MODULES, SHELL_MODULES

PICTURES = CHECKOUT / "docs" / "pictures"
ASKED = [block for path in documents() for block in blocks_of(path) if block.language == "picture"]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
#: The sections that Ansible wants of a collection's README.
SECTIONS = (
    "Description", "Installation", "Requirements", "Use Cases", "Testing", "Communication", "Code of Conduct",
    "Support", "Release Notes and Roadmap", "Related Information", "License Information",
)  # fmt: skip


def test_every_picture_is_on_a_page_and_described():
    shown = [yaml.safe_load(block.text) for block in ASKED]
    assert {picture["file"] for picture in shown} == {f"pictures/{path.name}" for path in PICTURES.glob("*.dot")}
    assert [picture["file"] for picture in shown if len(picture["alt"]) < 80] == []


def test_the_picture_of_the_readme_needs_nothing_from_elsewhere():
    text = (PICTURES / "rollout-in-a-terminal.svg").read_text(encoding="utf-8")
    assert ET.fromstring(text).get("role") == "img"
    assert re.findall(r"https?://(?!www\.w3\.org)\S+|/tmp/|/home/", text) == []
    words = re.sub(r"<[^>]+>", "", text).replace("&#160;", " ")
    assert "finished" in words and "PLAY" in words and "failed=0" in words


def test_the_readme_has_what_a_collection_needs_and_no_more_than_a_few_screens():
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == list(SECTIONS)
    assert len(README.splitlines()) < 150


def test_the_readme_names_every_module_plugin_and_role():
    roles = [path.name for path in CHECKOUT.glob("roles/*") if path.is_dir()]
    connections = [path.stem for path in CHECKOUT.glob("plugins/connection/[a-z]*.py")]
    names = [f"`{name}`" for name in MODULES + SHELL_MODULES]
    names += [f"role `{role}`" for role in roles] + [f"`community.balena.{name}`" for name in [*connections, "balena"]]
    assert [name for name in names if name not in README] == []


def test_every_key_of_the_schema_is_on_the_page_of_the_document():
    page = fleet_document.page()
    schema = json.loads(fleet_document.SCHEMA.read_text(encoding="utf-8"))
    for name in schema["properties"]:
        assert name.startswith("$") or f"| `{name}` |" in page
    for path in ("groups[].match", "devices[].services.<name>.env", "os.version", "device_defaults.location.latitude"):
        assert f"| `{path}` |" in page, page


@pytest.fixture
def module_page():
    said = {
        "doc": {
            "short_description": "Do it",
            "description": ["First O(name).", "Then V(a\\)b)."],
            "options": {
                "name": {"type": "str", "required": True, "description": "As M(community.balena.balena_tag) says."},
                "each": {
                    "type": "list", "elements": "dict", "description": "Many.",
                    "suboptions": {"size": {"type": "int", "default": 3, "choices": [3, 4], "description": "How big."}},
                },
            },
            "notes": ["A note."],
        },
        "examples": "\n- name: An example\n",
        "return": {
            "made": {"type": "dict", "description": "What was made.", "contains": {"id": {"description": "Its id."}}}
        },
    }  # fmt: skip
    return plain_pages.plugin_page("community.balena.balena_it", "module", said)


def test_a_plain_page_has_examples_options_and_results(module_page):
    assert module_page.index("## Examples") < module_page.index("## Options") < module_page.index("## Results")
    assert "- `name` (str, required): As `community.balena.balena_tag` says.\n" in module_page
    assert "  - `size` (int, one of `3`, `4`, default `3`): How big.\n" in module_page
    assert "- `made` (dict): What was made.\n  - `id` (raw): Its id." in module_page
    assert "First `name`." in module_page


@pytest.mark.parametrize(
    "path", [path for path in documents() if path.parent.name == "docs"], ids=lambda path: path.name
)
def test_every_guide_can_be_listed(path):
    text = path.read_text(encoding="utf-8")
    assert plain_pages.title_of(text)
    assert plain_pages.first_sentence(text)


def test_words_are_searched_for_on_pages_that_there_are():
    check_search = pytest.importorskip("docs.tools.check_search", reason="Sphinx is for the site alone")
    assert len(check_search.SEARCHES) >= 30
    index = {
        "docnames": ["access", "registering-devices"],
        "terms": {"collabor": 0, "csv": [0, 1], "self": 1, "host": 1},
        "titleterms": {"access": 0},
    }
    assert check_search.pages_with(index, "collaborators") == {"access"}
    assert check_search.pages_with(index, "self-hosted") == {"registering-devices"}
    assert check_search.missing(index, {"csv": "access", "Access": "access", "drift": "access"}) == [
        "a search for 'drift' does not find access.html"
    ]
