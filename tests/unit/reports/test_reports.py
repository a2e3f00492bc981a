# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of large fleets fit, group what is alike, name devices, and let no text of a fleet become markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.plugin_utils.reports.room import ROOM
from ansible_collections.community.balena.plugins.plugin_utils.reports.writing import form_of, report_of, shown, written
from tests.support import report_data

DASHBOARD = "https://dashboard.balena-cloud.com/"
DATA = {"drift": report_data.drift(), "rollout": report_data.rollout()}
NAMES = report_data.names()
VOID = {"meta", "br", "img", "input", "link"}
MARKDOWN = re.compile(r"(?<!\\)(?:\\\\)*([\[<*_])")


class Page(HTMLParser):
    """What a page is made of; fails where an element is closed that is not open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.items = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.items += tag == "li"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def made(kind: str, data: Any, form: str, **more: Any) -> str:
    return written(report_of(kind, data, names=NAMES, dashboard=DASHBOARD, **more), data, form)


@pytest.mark.parametrize("form", ["html", "mail", "markdown"])
@pytest.mark.parametrize("kind", DATA)
def test_a_report_of_5000_devices_fits_and_still_counts_all(kind, form):
    text = made(kind, DATA[kind], form)
    assert len(text.encode()) < ROOM[form] < 300_000
    numbers = {"drift": "715", "rollout": "5000"}[kind]  # pins; devices that were given back what they had
    assert numbers in text


def test_findings_are_groups_which_name_devices_and_link_to_them():
    page = Page(made("drift", DATA["drift"], "html"))
    assert "715 pinned on 1.0.0 (abc1234) instead of following the fleet (to be changed)" in page.text
    assert "1667 runs 1.0.0, not its target 1.1.0; it is offline (left)" in page.text
    one = report_data.device(7)
    assert f"{one['name']} {one['uuid'][:7]}" in page.text
    assert f"{DASHBOARD}devices/{one['uuid']}/summary" in page.links
    # Values that all differ are one group, and each device says its own.
    assert "1250 variable STORE, in different ways (left)" in page.text
    assert re.search(r"berlin-sign-0002 \w{7} has the variable STORE '2'", page.text)
    # So are those of which nearly every device has another one.
    assert "1000 others, each in its own way" in page.text
    assert re.search(r"berlin-sign-0010 \w{7} has the variable V10 '10', which is not declared \(left\)", page.text)
    # Groups are folded: nothing but their titles has to be looked at.
    assert {"details", "summary"} <= page.tags


def test_a_rollout_has_bars_and_a_time_line_and_tells_failures_by_their_reason():
    page = Page(made("rollout", DATA["rollout"], "html"))
    assert "Wave 1 (canary) 12:55 to 13:10, 15 minutes" in page.text
    assert "Wave 5 (100%)4775 of 5000 devices done, 100 failed, 125 pending: did not pass" in page.text
    assert "100 Download failed: no space left (100 MB)" in page.text
    assert "5000 have application as their target again" in page.text
    assert "rolled back" in page.text


@pytest.mark.parametrize("form", ["html", "mail"])
@pytest.mark.parametrize("kind", DATA)
def test_no_name_is_markup_and_nothing_comes_from_elsewhere(kind, form):
    text = made(kind, DATA[kind], form)
    page = Page(text)
    assert not {"script", "img", "iframe", "object", "link", "svg", "form", "base"} & page.tags
    assert not [name for name in page.attributes if name.startswith("on")]
    assert all(re.fullmatch(rf"{re.escape(DASHBOARD)}devices/[0-9a-f]{{32}}/summary", link) for link in page.links)
    assert "<script>alert(1)</script>" in page.text
    assert "url(" not in text and "@import" not in text
    assert "\x1b" not in text and "\u202e" not in text
    if form == "mail":
        assert not {"style", "details", "main", "section"} & page.tags


@pytest.mark.parametrize("kind", DATA)
def test_no_name_is_markdown(kind):
    text = made(kind, DATA[kind], "markdown")
    ours = re.sub(rf"\[((?:[^\]\\]|\\.)*)\]\({re.escape(DASHBOARD)}devices/[0-9a-f]{{32}}/summary\)", r"\1", text)
    ours = re.sub(r"</?(details|summary)>", "", ours).replace("**", "")
    assert not MARKDOWN.search(ours), MARKDOWN.search(ours)
    assert not re.search(r"@(?!\u2060)|:(?=//)", ours)
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.split(r"(?<!\\)\|", line)) for line in tables} == {5}


TEXT = st.text(max_size=400)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, st.sampled_from(["pin", "variable", "tag"])), max_size=40), TEXT, TEXT)
def test_any_text_stays_text(findings, fleet, title):
    told = [report_data.finding(n, kind, text) | {"subject": name} for n, (name, text, kind) in enumerate(findings)]
    data = {"fleet": fleet, "devices": 3, "findings": told, "spread": {"os": {fleet or "none": 3}}}
    for form in ("html", "mail"):
        text = made("drift", data, form, title=title or None)
        plain = made("drift", {**data, "fleet": "x", "spread": {}, "findings": []}, form)
        page = Page(text)
        assert page.tags <= Page(plain).tags | {
            "details", "summary", "ul", "li", "a", "small", "b", "h3", "div", "span", "p", "table", "tr", "td", "br",
        }  # fmt: skip
        text.encode("utf-8")
    made("drift", data, "markdown").encode("utf-8")


def test_many_fleets_fit_as_well():
    fleets = [{**report_data.drift(60), "fleet": f"acme/fleet-{number:04d}"} for number in range(900)]
    text = made("drift", fleets, "html")
    assert len(text.encode()) < 300_000
    assert re.search(r"\d+ more are not shown for want of room", text)


def test_json_is_all_there_is():
    assert json.loads(made("drift", DATA["drift"], "json")) == DATA["drift"]


@pytest.mark.parametrize(
    ("path", "wanted", "form"),
    [
        ("a.html", None, "html"), ("a.HTM", None, "html"), ("a.md", None, "markdown"), ("a.json", None, "json"),
        ("a.mail.html", None, "mail"), ("mail.html", None, "html"), ("a.mail.md", None, "markdown"),
        ("a.html", "mail", "mail"), ("a", "mail", "mail"), ("a.json", "mail", "json"), ("a", None, None),
        ("a.txt", "markdown", "markdown"),
    ],
)  # fmt: skip
def test_the_name_of_a_file_says_its_form(path, wanted, form):
    assert form_of(path, wanted) == form


@pytest.mark.parametrize("form", ["html", "mail", "markdown"])
@pytest.mark.parametrize(
    "data",
    [
        {}, {"state": "stopped", "waves": [], "problem": "No window is open"},
        {"state": "failed", "waves": None, "release": None, "began": "x", "ended": None},
        {"version": "6.0.41", "state": "finished", "waves": [
            {"number": 1, "name": "all", "total": 2, "done": ["a"], "failed": [{"uuid": "b", "reason": "x"}],
             "pending": [], "devices": [{"uuid": "b", "name": "kiosk"}], "passed": True, "ended": None}]},
    ],
)  # fmt: skip
def test_an_account_of_any_length_is_a_report(data, form):
    text = written(report_of("rollout", data), data, form)
    if data.get("version"):
        assert "balenaOS 6" in text and "kiosk" in text


WHOLE = {"number": 1, "name": "all", "total": 2, "done": ["a", "b"], "failed": [], "pending": [], "passed": True}


@pytest.mark.parametrize(
    ("account", "lines"),
    [
        ({"state": "finished", "waves": [WHOLE]}, 1),
        ({"state": "foreseen", "waves": [{**WHOLE, "passed": None, "done": []}]}, 1),
        ({"state": "finished", "waves": [{**WHOLE, "pending": [{"uuid": "b", "reason": "Idle"}]}]}, 3),
        ({"state": "stopped", "waves": [WHOLE], "problem": "Ask"}, 4),
        ({"state": "failed", "waves": [{**WHOLE, "passed": False}]}, 3),
    ],
)
def test_whoever_has_seen_all_waves_pass_is_told_in_one_line(account, lines):
    assert len(shown("rollout", {"release": {"version": "1.2.0"}, **account})) == lines
