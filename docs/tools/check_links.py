# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look through a built site for links that lead nowhere and for anything that a browser would have to fetch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
#: Attributes whose address a browser loads by itself, by tag.
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
#: Kinds of <link> that only tell of other pages.
NOT_LOADED = {"canonical", "index", "search", "next", "prev", "author", "copyright", "top", "up"}


@dataclass
class Page(HTMLParser):
    """What a page links to, what it loads and which anchors it has."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's addresses and its id."""
        given = {name: value or "" for name, value in attrs}
        self.anchors.update(given[name] for name in ("id", "name") if given.get(name))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        address = given.get(LOADED.get(tag, ""), "")
        if address and not (tag == "link" and given.get("rel") in NOT_LOADED):
            self.loads.append(address)


def read(path: Path) -> Page:
    """Parse a page."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def problems(site: Path) -> list[str]:
    """Return a line for each broken link, missing file and file from elsewhere.

    :param site: the folder of the built site.
    """
    pages = {path: read(path) for path in sorted(site.rglob("*.html"))}
    lines = []
    for path, page in pages.items():
        name = path.relative_to(site)
        lines += [f"{name} loads {address} from elsewhere" for address in page.loads if is_elsewhere(address)]
        lines += [f"{name}: {line}" for line in broken(path, page, pages)]
    return lines


def is_elsewhere(address: str) -> bool:
    """Tell whether an address is not on this site. Data in the address itself is."""
    return bool(urlsplit(address).netloc) or urlsplit(address).scheme not in ("", "data")


def broken(path: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    """Yield what is wrong with the addresses of a page that are on this site."""
    for address in sorted({*page.links, *page.loads}):
        if is_elsewhere(address) or address.startswith("data:"):
            continue
        file, anchor = urldefrag(address)
        target = (path.parent / unquote(urlsplit(file).path)).resolve() if file else path
        if not target.is_file():
            yield f"no such file: {address}"
        elif anchor and target in pages and unquote(anchor) not in pages[target].anchors:
            yield f"no such anchor: {address}"


def main() -> int:
    """Check the site that build.py made."""
    found = problems(SITE)
    for line in found:
        sys.stderr.write(f"error: {line}\n")
    if not found:
        sys.stdout.write(f"docs: {SITE / 'index.html'}\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
