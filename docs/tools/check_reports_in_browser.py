# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at reports of 5,000 devices in Chromium, at the width of a desktop and of a phone, and take pictures of them.

Fails when a report is larger than 300 kB, reports an error, asks for anything, has to be scrolled sideways, does not
fold, or does not know the dark. The pictures are in docs/_build/reports.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / ".cache")]

from ansible_collections.community.balena.plugins.plugin_utils.reports import writing  # noqa: E402
from docs.tools.check_in_browser import BUILD, SIZES, program  # noqa: E402
from tests.support import report_data  # noqa: E402

FOLDER = BUILD / "reports"
DEVICES = 5000
MOST = 300_000
#: What sticks out at the right, or is cut off there.
TOO_WIDE = """
() => [document.documentElement, ...document.querySelectorAll("body *")].filter(element => {
  const box = element.getBoundingClientRect();
  return box.right > innerWidth + 1 || (element === document.documentElement && element.scrollWidth > innerWidth);
}).slice(0, 3).map(element => element.tagName + " " + element.innerText.slice(0, 60))
"""
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"


def write() -> Iterator[Path]:
    """Write a report of each kind and form."""
    for kind, data in (("drift", report_data.drift(DEVICES)), ("rollout", report_data.rollout(DEVICES))):
        made = writing.report_of(
            kind, data, names=report_data.names(DEVICES), dashboard="https://dashboard.balena-cloud.com"
        )
        for name in (f"{kind}.html", f"{kind}.mail.html"):
            path = FOLDER / name
            path.write_text(writing.written(made, data, writing.form_of(name) or ""), encoding="utf-8")
            yield path


def look_at(browser: Browser, path: Path) -> Iterator[str]:
    """Yield what is wrong with a report."""
    if path.stat().st_size >= MOST:
        yield f"has {path.stat().st_size} bytes"
    page, said = browser.new_context().new_page(), []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(f"asks for {request.url}"))
    page.goto(path.as_uri())
    said.remove(f"asks for {path.as_uri()}")
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        page.screenshot(path=FOLDER / f"{path.stem}-{size}.png")
        yield from (f"{size}: too wide: {wide!r}" for wide in page.evaluate(TOO_WIDE))
    if not path.name.endswith(".mail.html"):
        yield from folding(page, path)
        yield from dark(page, path)
    yield from said


def folding(page: Page, path: Path) -> Iterator[str]:
    """Yield what is wrong with the groups: they are folded, open at a click, and fit when all are open."""
    item = page.locator("details li").first
    if item.is_visible():
        yield "groups are not folded"
    page.locator("summary").first.click()
    if not item.is_visible():
        yield "a group does not open"
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")
    yield from (f"all open: too wide: {wide!r}" for wide in page.evaluate(TOO_WIDE))
    page.screenshot(path=FOLDER / f"{path.stem}-open-phone.png")


def dark(page: Page, path: Path) -> Iterator[str]:
    """Yield what is wrong in the dark."""
    light = page.evaluate(BACKGROUND)
    page.emulate_media(color_scheme="dark")
    if page.evaluate(BACKGROUND) == light:
        yield "is as bright in the dark"
    page.set_viewport_size(SIZES["desktop"])
    page.screenshot(path=FOLDER / f"{path.stem}-dark.png")


def main() -> int:
    """Look at all reports."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program())
        paths = list(write())
        problems = [f"{path.name}: {problem}" for path in paths for problem in look_at(browser, path)]
        browser.close()
    for problem in problems:
        sys.stderr.write(f"error: {problem}\n")
    sys.stdout.write(f"docs-check: {len(paths)} reports, {len(problems)} problems; pictures: {FOLDER}\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
