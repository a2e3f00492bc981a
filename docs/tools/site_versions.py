# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a built site into a folder of sites, one for each version; the newest is also at the top and in "latest".

Usage: python docs/tools/site_versions.py BUILT FOLDER VERSION
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

VERSION = re.compile(r"\d+\.\d+\.\d+")
# The site builds on folders whose names begin with an underscore, which the server of the pages leaves out otherwise.
NO_JEKYLL = ".nojekyll"
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>community.balena: {title}</title>{more}
<style>:root {{ color-scheme: light dark; }} body {{ font-family: sans-serif; margin: 2rem; }}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def versions(folder: Path) -> list[str]:
    """Return the versions that there are sites of, the newest first."""
    found = [path.name for path in folder.iterdir() if path.is_dir() and VERSION.fullmatch(path.name)]
    return sorted(found, key=lambda name: [int(part) for part in name.split(".")], reverse=True)


def page(title: str, body: str, more: str = "") -> str:
    """Return a page of its own."""
    return PAGE.format(title=title, body=body, more=more)


def put(built: Path, folder: Path, version: str) -> None:
    """Copy a built site to its place and write what leads there."""
    if not VERSION.fullmatch(version):
        raise SystemExit(f"error: {version} is not a version such as 2.0.0")
    if not (built / "index.html").is_file():
        raise SystemExit(f"error: {built} has no site in it; build it with make docs")
    copy(built, folder / version)
    newest = versions(folder)[0]
    if newest == version:
        copy(built, folder / "latest")
        shutil.copyfile(built / "llms.txt", folder / "llms.txt")
        text = (folder / "llms.txt").read_text(encoding="utf-8").replace("](", "](latest/")
        (folder / "llms.txt").write_text(text, encoding="utf-8")
    to_latest = '\n<meta http-equiv="refresh" content="0; url=latest/index.html">'
    body = '<p><a href="latest/index.html">The latest version</a>, <a href="versions.html">others</a></p>'
    (folder / "index.html").write_text(page("documentation", body, to_latest), encoding="utf-8")
    links = "".join(f'<li><a href="{name}/index.html">{name}</a></li>\n' for name in versions(folder))
    (folder / "versions.html").write_text(page("versions", f"<ul>\n{links}</ul>"), encoding="utf-8")
    (folder / NO_JEKYLL).touch()


def copy(built: Path, place: Path) -> None:
    """Make a folder what the built site is."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(built, place)


if __name__ == "__main__":
    put(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
