# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what the changelog says of the version that a tag names, if it is the collection's version.

Usage: release_notes.py TAG
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def notes(version: str, galaxy: str, changelog: str) -> str:
    """Return the section of the changelog about a version.

    :param galaxy: the text of galaxy.yml.
    :param changelog: the text of CHANGELOG.md, as antsibull-changelog writes it.
    :raises SystemExit: galaxy.yml says another version, or the changelog says nothing of this one.
    """
    said = re.findall(r"^version: *(\S+)", galaxy, re.MULTILINE)
    if said != [version]:
        sys.exit(f"error: the tag is {version}, but galaxy.yml has the version {', '.join(said) or 'missing'}")
    # antsibull-changelog writes a backslash before each dot, and an anchor before each heading.
    heading = re.escape("## v" + version.replace(".", r"\."))
    found = re.search(rf'^{heading}\n(.*?)(?=^<a id="v|\Z)', changelog, re.MULTILINE | re.DOTALL)
    if not found:
        sys.exit(f"error: CHANGELOG.md has nothing of {version}; run antsibull-changelog release")
    return found.group(1).strip() + "\n"


if __name__ == "__main__":
    texts = [(CHECKOUT / name).read_text(encoding="utf-8") for name in ("galaxy.yml", "CHANGELOG.md")]
    sys.stdout.write(notes(sys.argv[1], *texts))
