# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at the built site in Chromium, at the width of a desktop and of a phone, and take pictures of it.

Fails when a page reports an error, misses a file or fetches one from elsewhere, is empty, or does not fit the
width; and when search or the phone's navigation do not work. The pictures are in docs/_build/pictures.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from playwright.sync_api import Error as PlaywrightError

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from docs.tools.check_search import SEARCHES

BUILD = Path(__file__).resolve().parent.parent / "_build"
SITE = BUILD / "html"
PICTURES = BUILD / "pictures"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SIZES: dict[str, ViewportSize] = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
PICTURED = {
    "index.html": "start",
    "collection/balena_env_var_module.html": "module",
    "fleet-as-code.html": "guide",
    "rollouts.html": "picture",
    "from-the-cli.html": "table",
}
# What in the text is cut off at the right or makes the page wider than the window. What can be scrolled by itself,
# such as a block of code, may be wider; the text as a whole may not, though the theme would let it be scrolled.
TOO_WIDE = """
() => {
  const scrolls = element => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
  const inside = element => element.tagName !== "ARTICLE" && (scrolls(element) || inside(element.parentElement));
  const wide = [...document.querySelectorAll("article *")].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.right > innerWidth + 1 && !inside(element);
  });
  const cut = [...document.querySelectorAll("article :is(h1, h2, h3, p, li)")].filter(
    element => element.clientWidth && element.scrollWidth > element.clientWidth + 1 && !inside(element));
  const page = document.documentElement.scrollWidth > innerWidth ? [document.documentElement] : [];
  return [...wide, ...cut, ...page].slice(0, 3).map(element => element.tagName + " " + element.innerText.slice(0, 60));
}
"""
BROKEN_IMAGES = "() => [...document.images].filter(image => !image.naturalWidth).map(image => image.src)"
# Tables of guides have to be scrolled sideways; those of options have a form for phones of their own.
CUT_TABLES = """
() => [...document.querySelectorAll("article .table-wrapper")].filter(
  table => table.scrollWidth > table.clientWidth + 1 && !table.querySelector(".longtable")
).map(table => table.innerText.slice(0, 60))
"""
# Pictures that are part of the page: too small to read, without a description, or black on black.
UNSEEN_PICTURES = """
() => [...document.querySelectorAll(".picture svg")].filter(picture => {
  const box = picture.getBoundingClientRect();
  const words = getComputedStyle(picture.querySelector("text")).fill;
  return box.width < 100 || box.height < 100 || !picture.querySelector("title").textContent
    || words !== getComputedStyle(picture).color;
}).map(picture => picture.outerHTML.slice(0, 80))
"""
# Beside a heading, there must be something to read.
LEAST_TEXT = 80


def program() -> str:
    """Return the path of Chromium."""
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else PROGRAMS
    found = next((path for path in map(shutil.which, names) if path), None)
    if not found:
        raise SystemExit(f"error: no browser: none of {', '.join(names)} is installed")
    return found


class Watch:
    """Collects what goes wrong in the pages of a browser's window."""

    def __init__(self, browser: Browser) -> None:
        self.problems: list[str] = []
        self.size = "desktop"
        self.page = browser.new_context().new_page()
        self.page.on("console", lambda message: self.note(message.text, message.type == "error"))
        self.page.on("pageerror", lambda error: self.note(str(error)))
        self.page.on("requestfailed", lambda request: self.note(f"missing: {request.url}"))
        self.page.on("request", lambda request: self.note(f"fetches {request.url}", is_elsewhere(request.url)))

    def note(self, problem: str, really: bool = True) -> None:
        """Remember a problem with the page that is shown, if it really is one."""
        if really:
            self.problems.append(f"{self.page.url.removeprefix(SITE.as_uri())} ({self.size}): {problem}")

    def open(self, name: str) -> Page:
        """Load a page of the site."""
        self.page.goto(f"{SITE.as_uri()}/{name}")
        return self.page

    def resize(self, size: str) -> None:
        """Give the window the size of a desktop or a phone."""
        self.size = size
        self.page.set_viewport_size(SIZES[size])

    def look_at(self, name: str) -> None:
        """Load a page and note what is wrong with how it looks at all sizes; take a picture of some."""
        page = self.open(name)
        for size in SIZES:
            self.resize(size)
            heading, text = page.locator("article h1").first, page.locator("article").text_content() or ""
            if not heading.is_visible() or len(text) < LEAST_TEXT:
                self.note("there is nothing to read")
            for wide in page.evaluate(TOO_WIDE):
                self.note(f"too wide: {wide!r}")
            for table in page.evaluate(CUT_TABLES):
                self.note(f"a table is cut off: {table!r}")
            for picture in page.evaluate(UNSEEN_PICTURES):
                self.note(f"nobody sees the picture: {picture}")
            for image in page.evaluate(BROKEN_IMAGES):
                self.note(f"no image: {image}")
            if name in PICTURED:
                page.screenshot(path=PICTURES / f"{PICTURED[name]}-{size}.png")

    def navigate(self) -> None:
        """Note when the phone's menu does not open."""
        self.resize("phone")
        page = self.open("index.html")
        page.locator("header label[for=__navigation]").first.click()
        page.wait_for_timeout(400)  # it slides in
        if not page.locator(".sidebar-tree a").first.is_visible():
            self.note("the navigation does not open")
        page.screenshot(path=PICTURES / "navigation-phone.png")

    def search(self) -> None:
        """Note when the search does not find what answers a word, as somebody sees it who types it."""
        self.resize("desktop")
        for word, answer in SEARCHES.items():
            page = self.open(f"search.html?q={word}")
            try:
                page.locator(f'#search-results li a[href^="{answer}.html"]').first.wait_for(timeout=10_000)
            except PlaywrightError as error:
                self.note(f"a search for {word} does not find {answer}.html: {error}")


def is_elsewhere(address: str) -> bool:
    """Tell whether an address is not a file of the site."""
    return not address.startswith(("file:", "data:"))


def pages() -> Iterator[str]:
    """Yield the addresses of all pages that have text of their own."""
    for path in sorted(SITE.rglob("*.html")):
        if path.name not in ("search.html", "genindex.html"):
            yield str(path.relative_to(SITE))


def main() -> int:
    """Look at the site at all widths."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program())
        watch = Watch(browser)
        for name in pages():
            watch.look_at(name)
        watch.navigate()
        watch.search()
        browser.close()
    for problem in watch.problems:
        sys.stderr.write(f"error: {problem}\n")
    looked = f"{len(list(pages()))} pages at {len(SIZES)} widths, {len(watch.problems)} problems"
    sys.stdout.write(f"docs-check: {looked}; pictures: {PICTURES}\n")
    return int(bool(watch.problems))


if __name__ == "__main__":
    sys.exit(main())
