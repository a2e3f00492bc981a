# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every YAML block of the README, the guides and the roles' READMEs is run, or checked as far as it can be.

What a block is follows from its content. Playbooks and tasks are run, inventories are read, seeds are loaded, documents
of fleets lie where the playbooks look for them. A comment before a block says what else it is: `<!-- test: gate -->`
(what the role rollout runs after a wave), `part of a document`, `workflow` (of GitHub), `pipeline` (of GitLab)
or `tunnel` (see test_inventory_connect.py). Commands, Python, workflows and pipelines are run by
test_guides_commands.py.
To start few processes, all blocks of a kind are handed to one. The fleets that they name are those of guides_seed.yml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.community.balena.plugins.module_utils.domain.policy.rules import read_policy
from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT, Ansible, reset_task
from tests.support.documents import Block, blocks_of, documents

#: Its blocks are run by test_recipes.py, which also looks at what they have done.
RECIPES = CHECKOUT / "docs" / "recipes.md"
SEED = Path(__file__).with_name("guides_seed.yml")
#: Virtual seconds in a real one, so that what waits for devices ends soon.
RATE = 120.0
SECRET = "correct horse"
#: Waiting that is meant for real devices, in seconds that really pass, and no waiting for a maintenance window.
QUICK: dict[str, Any] = {
    f"{role}_{name}": value
    for role in ("rollout", "os_update")
    for name, value in (("poll_interval", 0.2), ("soak", 0.2), ("windows", []))
} | {"night": []}
ROLES = {path.parents[1].name: path for path in (CHECKOUT / "roles").glob("*/meta/argument_specs.yml")}
#: What comments before blocks say that they are.
MARKS = ("gate", "part of a document", "workflow", "pipeline", "tunnel")
KEYWORDS = {"name", "register", "when", "loop", "vars", "until", "delay", "retries", "run_once", "block"}
CHANGELOG = yaml.safe_load((CHECKOUT / "changelogs" / "config.yaml").read_text(encoding="utf-8"))
SEED_KEYS = {"organizations", "applications", "faults", "simulation", "random_seed"}
#: A block whose first line is a comment with a path shows the file of that name, here or in the repository.
NAMED_FILE = re.compile(r"# (\S+\.ya?ml)\n")
SHOWN_FILE = re.compile(r"# ((?:playbooks|extensions)/\S+)\n")


def kind_of(content: Any) -> str:
    """Return what a block is, judged by its content, or an empty text."""
    if isinstance(content, list) and content and all(isinstance(entry, dict) for entry in content):
        if all("hosts" in entry or "import_playbook" in entry for entry in content):
            return "playbook"
        if all(any("." in key for key in entry) or "block" in entry for entry in content):
            return "tasks"
    if isinstance(content, dict):
        if content.get("plugin") == "community.balena.balena":
            return "inventory"
        if "fleet" in content:
            return "fleet document"
        if "rules" in content:
            return "policy"
        if set(content) == {"collections"}:
            return "requirements"
        if set(content) <= {section for section, _title in CHANGELOG["sections"]}:
            return "changelog fragment"
        if all(key.startswith(tuple(f"{role}_" for role in ROLES)) for key in content):
            return "variables"
        if set(content) & SEED_KEYS and not set(content) - SEED_KEYS:
            return "seed"
    return ""


def yaml_blocks() -> Iterator[tuple[str, Block, Any]]:
    """Yield each YAML block with its kind and content."""
    for path in documents():
        for block in blocks_of(path) if path != RECIPES else ():
            if block.language in ("yaml", "yml"):
                content = yaml.safe_load(block.text)
                yield (block.mark if block.mark in MARKS else kind_of(content)), block, content


BLOCKS = list(yaml_blocks())


def of_kind(*kinds: str) -> list[tuple[Block, Any]]:
    """The blocks of some kinds, with their contents; not those that show a file of the repository, which has tests."""
    return [(block, it) for kind, block, it in BLOCKS if kind in kinds and not SHOWN_FILE.match(block.text)]


def as_playbook(content: Any) -> Any:
    """Plays as they are; tasks as a play on localhost."""
    if kind_of(content) == "playbook":
        return content
    return [{"hosts": "localhost", "gather_facts": False, "tasks": content}]


@pytest.fixture(scope="module")
def world() -> Iterator[Emulator]:
    """The server that the guides are written for."""
    with Emulator(seed=SEED, flavor="cloud", rate=RATE) as running:
        yield running


@pytest.fixture
def emulator(world: Emulator) -> Emulator:
    """The same, as it was at its start."""
    world.reset()
    return world


def inventories(ansible: Ansible, blocks: list[tuple[Block, Any]]) -> list[str]:
    """Inventories as arguments of Ansible's commands, after localhost."""
    arguments = ["-i", str(ansible.hosts)]
    for block, _content in blocks:
        path = ansible.folder / f"{name_of(block)}.balena.yml"
        # Only the domain of balenaCloud tells where its tunnel is.
        more = "tunnel_address: tunnel.example.com:443\n" if "connect: [" in block.text else ""
        path.write_text(block.text + more, encoding="utf-8")
        arguments += ["-i", str(path)]
    return arguments


def of_guides(ansible: Ansible) -> list[str]:
    """The inventories of the guides, which the hosts of their playbooks are from."""
    return inventories(ansible, [(block, it) for block, it in of_kind("inventory") if block.path.parent.name == "docs"])


def name_of(block: Block) -> str:
    """A name for a file with the block, by which a failure is found in the documents."""
    return re.sub(r"\W+", "-", str(block)).strip("-")


def written(folder: Path, blocks: list[tuple[Block, Any]], between: str = "") -> list[str]:
    """Write each block as a playbook; the names of the files, with one more between those of two documents."""
    names: list[str] = []
    before = None
    for block, content in blocks:
        if between and before not in (None, block.path):
            names.append(between)
        before = block.path
        names.append(f"{name_of(block)}.yml")
        (folder / names[-1]).write_text(yaml.safe_dump(as_playbook(content), sort_keys=False), encoding="utf-8")
    return names


def test_every_block_can_be_checked():
    unknown = [f"{block}: {block.mark or 'neither run nor marked'}" for kind, block, _content in BLOCKS if not kind]
    assert unknown == []
    assert of_kind("playbook", "tasks")
    assert of_kind("inventory")


def test_inventories_have_hosts(ansible, emulator):
    strict = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    listed = ansible.run("ansible-inventory", *inventories(ansible, of_kind("inventory")), "--list", env=strict).json
    assert len(listed["_meta"]["hostvars"]) > 1
    assert emulator.writes() == []


@pytest.fixture
def files(ansible: Ansible) -> None:
    """What lies beside the playbooks: a vaulted file, and the documents of fleets."""
    (ansible.folder / "password").write_text("open sesame", encoding="utf-8")
    vault = VaultLib([("default", VaultSecret(b"open sesame"))])
    (ansible.folder / "secrets.yml").write_bytes(vault.encrypt(f"db_password: {SECRET}\nvaulted_api_key: {SECRET}\n"))
    for block, _content in of_kind("fleet document"):
        named = NAMED_FILE.match(block.text)
        path = ansible.folder / (named[1] if named else f"fleets/{name_of(block)}.yml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(block.text, encoding="utf-8")


def test_playbooks_and_tasks_run(ansible, emulator, files):
    reset = yaml.safe_dump(as_playbook([reset_task(emulator.url)]))
    (ansible.folder / "reset.yml").write_text(reset, encoding="utf-8")
    names = written(ansible.folder, of_kind("playbook", "tasks"), between="reset.yml")
    vault = ("--vault-password-file", "password", "-e", "@secrets.yml")
    done = ansible.run("ansible-playbook", *of_guides(ansible), *vault, "-e", json.dumps(QUICK), *names)
    assert SECRET not in done.text
    assert "skipping: no hosts matched" not in done.text, done.text


@pytest.mark.parametrize(("block", "content"), of_kind("gate"), ids=lambda it: str(it) if isinstance(it, Block) else "")
def test_gates_let_a_good_release_pass(block, content, ansible, emulator):
    (ansible.folder / "gate.yml").write_text(block.text, encoding="utf-8")
    shown = next(it for other, it in of_kind("playbook") if other.path == block.path)
    done = ansible.playbook(shown, "-e", json.dumps({**QUICK, "rollout_gate_tasks": "gate.yml"}))
    assert done.output.count(f"{content[0]['name']}] ***") > 1
    assert "Release 1.4.0 for acme/kiosk: finished" in done.output, done.output


@pytest.mark.parametrize(
    ("block", "content"), of_kind("part of a document"), ids=lambda it: str(it) if isinstance(it, Block) else ""
)
def test_parts_of_documents_are_understood(block, content, ansible, emulator):
    options = {"document": {"fleet": "acme/kiosk", **content}}
    ansible.tasks([{"name": str(block), "community.balena.balena_fleet": options, "check_mode": True}])


def test_variables_are_those_of_a_role():
    known: dict[str, Any] = {}
    for path in ROLES.values():
        specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        known |= {
            name: {**option, "required": False} for spec in specs.values() for name, option in spec["options"].items()
        }
    for block, content in of_kind("variables"):
        assert ArgumentSpecValidator(known).validate(content).error_messages == [], str(block)


def test_requirements_name_the_collection():
    for block, content in of_kind("requirements"):
        assert {"community.balena"} == {entry["name"] for entry in content["collections"]}, str(block)


def test_policies_are_understood():
    for block, content in of_kind("policy"):
        assert read_policy(content, str(block), "UTC").rules


def test_seeds_describe_fleets():
    for block, content in of_kind("seed"):
        with Emulator(seed=content) as started:
            assert started.state()["rows"]["device"], str(block)


def fragments(message: str) -> Iterator[str]:
    """What is always the same in a message of the guide to errors: no names, numbers and omissions."""
    parts = re.split(r"'[^']*'|\d[\d.]*%?(?: devices?)?|\([^)]*\)|[:;,.]", message)
    yield from (part.strip() for part in parts if len(part) > 15)


def test_messages_of_the_guide_to_errors_are_those_of_the_collection():
    source = "\n".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "plugins").rglob("*.py"))
    # A long text is written as several in the source.
    joined = re.sub(r'"\s*\n\s*f?"', "", source)
    known = re.sub(r"\s+", " ", re.sub(r"\{[^{}\"\n]*\}", "...", joined))
    guide = (CHECKOUT / "docs" / "errors.md").read_text(encoding="utf-8")
    quoted = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", guide, flags=re.DOTALL))
    messages = [" ".join(text.split()) for text in quoted if len(text.split()) > 4]
    unknown = [piece for message in messages for piece in fragments(message) if piece not in known]
    assert len(messages) > 12
    assert unknown == []


def test_blocks_that_show_a_file_of_the_repository_are_like_it():
    for _kind, block, _content in BLOCKS:
        if found := SHOWN_FILE.match(block.text):
            shown = block.text[found.end() :].strip()
            file = (CHECKOUT / found[1]).read_text(encoding="utf-8")
            assert shown in file, f"{block} differs from {found[1]}"


def anchors(path: Path) -> set[str]:
    """The anchors that a reader's Markdown viewer gives the headings of a file."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_links_within_the_repository_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _hash, anchor = link.partition("#")
        # The pages of the modules are made when the site is built, which checks such links itself.
        if "://" in link or file.startswith("collection/"):
            continue
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []
