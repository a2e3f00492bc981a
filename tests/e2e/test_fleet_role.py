# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role fleet converges a folder of documents and reports drift, in a pipeline too; its playbooks are run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.community.balena.plugins.module_utils import inert
from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT, Ansible, Run

FLEETS = CHECKOUT / "playbooks" / "fleet"
#: A value that would be markup in a report that does not escape it.
MARKUP = "<script>alert(1)</script> | [x](http://x) `y` **z** {{ 7 * 7 }} $a$"


@pytest.fixture
def emulator(demo_fleet: Emulator) -> Emulator:
    return demo_fleet


def role(ansible: Ansible, *arguments: str, status: int | None = 0, **options: Any) -> Run:
    """Run the role with these of its variables."""
    given = {f"fleet_{name}": value for name, value in options.items()}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [{"role": "community.balena.fleet", **given}]}
    return ansible.playbook([play], *arguments, status=status)


def example(ansible: Ansible, name: str, status: int | None = 0) -> Run:
    """Run one of the example playbooks, in the test's folder."""
    return ansible.playbook(FLEETS / name, status=status, env={"PWD": str(ansible.folder)})


def write(path: Path, document: dict[str, Any] | str) -> str:
    """Write a document; the path."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    return str(path)


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_exported_documents_converge_without_a_change(emulator, ansible):
    example(ansible, "export.yml")
    purge = ["tags", "services", "variables", "devices", "provisioning_keys"]
    done = role(ansible, documents=["exported"], purge=purge, report="report", fail_on_drift=True)
    assert done.recap()["changed"] == 0
    assert emulator.writes() == []
    found = json.loads((ansible.folder / "report" / "drift.json").read_text(encoding="utf-8"))
    assert [(fleet["fleet"], fleet["findings"]) for fleet in found] == [
        ("sunrise/gateways", []),
        ("sunrise/signage", []),
    ]
    assert "as declared" in (ansible.folder / "report" / "drift.html").read_text(encoding="utf-8")


def test_a_pipeline_fails_on_drift_and_keeps_the_report(emulator, ansible):
    application = emulator.store.ids("application", app_name="signage")[0]
    variable = emulator.store.ids("application_environment_variable", application=application, name="TZ")[0]
    emulator.store.update("application_environment_variable", variable, value=MARKUP)
    failed = example(ansible, "drift.yml", status=2)
    assert re.search(r"\d+ findings: sunrise/gateways has .*; …", failed.text, re.DOTALL)
    assert emulator.writes() == []
    assert_report_is_readable(ansible.folder / "report")
    example(ansible, "converge_all.yml")
    assert example(ansible, "drift.yml").recap()["failed"] == 0


def assert_report_is_readable(folder: Path) -> None:
    """All forms say the same; text of the fleet is never markup, and nothing is loaded from elsewhere."""
    fleets = json.loads((folder / "drift.json").read_text(encoding="utf-8"))
    texts = [finding["text"] for fleet in fleets for finding in fleet["findings"]]
    shown = inert.inert_text(MARKUP) if inert.IS_NEEDED else MARKUP
    assert any(shown in text for text in texts)
    for name in ("drift.html", "drift.mail.html"):
        page = Page((folder / name).read_text(encoding="utf-8"))
        assert "script" not in page.tags
        assert page.links == []  # this server has no dashboard
        assert any(shown in word for word in page.words)
    markdown = (folder / "drift.md").read_text(encoding="utf-8")
    unescaped = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown.replace("\u2060", ""))
    assert shown in unescaped
    ours = re.sub(r"</?(details|summary)>|\*\*\d+\*\*|`[0-9a-f]{7}`|`[█░]+`", "", markdown)
    assert not re.search(r"(?<!\\)[<\[`*]", ours)


def test_what_documents_change_is_undone_by_their_accounts(emulator, ansible):
    document = {"fleet": "sunrise/signage", "variables": {"env": {"FRAME_RATE": "25"}}}
    path = write(ansible.folder / "fleets" / "signage.yml", document)
    folder = ansible.folder / "accounts"
    folder.mkdir()

    def rates() -> list[str]:
        rows = emulator.store.query("application_environment_variable", name="FRAME_RATE")
        return [row["value"] for row in rows]

    before = rates()
    role(ansible, documents=[path], accounts=str(folder))
    assert rates() == ["25"] != before
    assert [file.name for file in folder.iterdir()] == ["sunrise.signage.json"]
    undo = {"community.balena.balena_undo": {"account": str(folder / "sunrise.signage.json")}}
    ansible.playbook([{"hosts": "localhost", "gather_facts": False, "tasks": [undo]}])
    assert rates() == before


def test_one_bad_document_does_not_stop_the_others(emulator, ansible):
    good = {"fleet": "sunrise/gateways", "tags": {"seen": "{{ 7 * 7 }}", "text": "1.10"}}
    folder = ansible.folder / "documents"
    write(folder / "a.yml", {"fleet": "sunrise/signage", "tags": {"a b": "c"}})
    write(folder / "b.yaml", good)
    failed = role(ansible, documents=[str(folder)], report="out", status=2)
    assert "tags.a b: is not a valid tag key" in failed.text
    assert tags(emulator) >= {("seen", "{{ 7 * 7 }}"), ("text", "1.10")}
    found = json.loads((ansible.folder / "out" / "drift.json").read_text(encoding="utf-8"))
    assert [(fleet["fleet"], fleet["drifted"], fleet["counts"]) for fleet in found] == [
        ("sunrise/gateways", False, {"tag": 2})
    ]
    assert "all mended" in (ansible.folder / "out" / "drift.md").read_text(encoding="utf-8")
    emulator.clear_requests()
    templated = role(ansible, "--check", "--diff", documents=[str(folder / "b.yaml")], templates=True)
    assert re.search(r'\+ *"sunrise/gateways seen": "49"', templated.output), templated.output
    twice = role(ansible, documents=[write(folder / "c.yml", good), str(folder / "b.yaml")], status=2)
    assert "Several documents declare the same fleet, of these: sunrise/gateways" in twice.text
    (ansible.folder / "empty").mkdir()
    assert "No document was found in" in role(ansible, documents=["empty"], status=2).text
    assert emulator.writes() == []


def test_the_reports_are_facts_for_later_plays_and_other_hosts(emulator, ansible):
    document = write(ansible.folder / "a.yml", {"fleet": "sunrise/gateways", "tags": {"seen": "x"}})
    use = {"role": "community.balena.fleet", "fleet_documents": [document]}
    left, reports = "hostvars.localhost.fleet_drift_left", "hostvars.localhost.fleet_drift"
    told = f"{{{{ {left} | map(attribute='kind') | list }}}} {{{{ {reports}[0].fleet }}}}"
    later = {"hosts": "other", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": told}}]}
    again = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.debug": {"var": "fleet_drift_left"}}],
    }
    ansible.hosts.write_text(
        ansible.hosts.read_text(encoding="utf-8") + "    other: {ansible_connection: local}\n", "utf-8"
    )
    play = {"hosts": "localhost", "gather_facts": False, "roles": [use]}
    foreseen = ansible.playbook([play, later, again], "--check")
    assert "['tag'] sunrise/gateways" in foreseen.output
    # The second of two runs in one play tells of itself.
    both = ansible.playbook([{**play, "roles": [use, {**use, "fleet_silent_days": 0}]}, again])
    assert re.search(r'"fleet_drift_left": \[\]', both.output), both.output


def tags(emulator: Emulator) -> set[tuple[str, str]]:
    """The tags of the fleet of gateways."""
    application = emulator.store.ids("application", app_name="gateways")[0]
    return {(row["tag_key"], row["value"]) for row in emulator.store.query("application_tag", application=application)}
