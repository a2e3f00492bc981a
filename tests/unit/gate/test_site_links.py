# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of the documentation site finds what is broken on it."""

from __future__ import annotations

import importlib

import pytest

from tests.support.ansible_runs import CHECKOUT

PAGE = '<html><head><link rel="stylesheet" href="site.css"></head><body><h1 id="top">A page</h1>%s</body></html>'


@pytest.fixture
def problems(monkeypatch, tmp_path):
    """What is wrong with a site of two pages, of which the first has this in it."""
    monkeypatch.syspath_prepend(str(CHECKOUT / "docs" / "tools"))
    check_links = importlib.import_module("check_links")

    def found(body):
        (tmp_path / "site.css").touch()
        (tmp_path / "inner").mkdir(exist_ok=True)
        (tmp_path / "index.html").write_text(PAGE % body, encoding="utf-8")
        (tmp_path / "inner" / "other.html").write_text(PAGE.replace("site.css", "../site.css") % "", encoding="utf-8")
        return check_links.problems(tmp_path)

    return found


def test_a_site_that_hangs_together(problems):
    links = (
        "inner/other.html",
        "inner/other.html#top",
        "#top",
        "https://example.com/elsewhere",
        "mailto:a@example.com",
    )
    assert problems("".join(f'<a href="{link}">it</a>' for link in links)) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="nowhere.html">it</a>', "index.html: no such file: nowhere.html"),
        ('<a href="inner/other.html#nowhere">it</a>', "index.html: no such anchor: inner/other.html#nowhere"),
        ('<a href="#nowhere">it</a>', "index.html: no such anchor: #nowhere"),
        ('<img src="gone.png">', "index.html: no such file: gone.png"),
        ('<script src="https://cdn.example.com/x.js"></script>', "loads https://cdn.example.com/x.js from elsewhere"),
        ('<img src="//cdn.example.com/x.png">', "loads //cdn.example.com/x.png from elsewhere"),
    ],
)
def test_what_is_broken_is_named(problems, body, said):
    assert [said in problem for problem in problems(body)] == [True]
