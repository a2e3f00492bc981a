# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Search the built site for words as users think of them; fail if one does not lead to the page that answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sphinx.search.en import SearchEnglish

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
#: A word, and a page that must be among those that are found.
SEARCHES = {
    "csv": "registering-devices",
    "spreadsheet": "registering-devices",
    "wifi": "registering-devices",
    "collaborator": "access",
    "invite": "access",
    "permissions": "access",
    "environment": "variables",
    "password": "variables",
    "vault": "variables",
    "precedence": "variables",
    "canary": "rollouts",
    "rollback": "rollouts",
    "staged": "rollouts",
    "deploy": "rollouts",
    "drift": "fleet-as-code",
    "export": "fleet-as-code",
    "gitops": "fleet-as-code",
    "ssh": "reaching-devices",
    "tunnel": "reaching-devices",
    "reboot": "devices",
    "backup": "without-python",
    "volume": "without-python",
    "upgrade": "os-updates",
    "supervisor": "os-updates",
    "health": "diagnosing",
    "temperature": "diagnosing",
    "maintenance": "windows",
    "timezone": "windows",
    "email": "reports",
    "mock": "testing",
    "emulator": "testing",
    "tutorial": "first-fleet",
    "token": "first-fleet",
    "openbalena": "servers",
    "self-hosted": "servers",
    "survey": "awx",
    "schedule": "awx",
    "logs": "recipes",
    "cheatsheet": "from-the-cli",
    "timeout": "errors",
    "unauthorized": "errors",
    "library": "sdk",
    "balena_env_var": "collection/balena_env_var_module",
}


def index_of(site: Path) -> dict[str, Any]:
    """Read the index that the page's search reads."""
    text = (site / "searchindex.js").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    return found


def pages_with(index: dict[str, Any], word: str) -> set[str]:
    """Return the pages that a search for a word finds: as the browser does, each part of it, by its stem."""
    english = SearchEnglish({})
    found: list[set[str]] = []
    for part in english.split(word.lower()):
        numbers: set[int] = set()
        for stem in (part, english.stem(part)):
            for terms in (index["terms"], index["titleterms"]):
                hit = terms.get(stem, [])
                numbers |= {hit} if isinstance(hit, int) else set(hit)
        found.append({index["docnames"][number] for number in numbers})
    return set.intersection(*found) if found else set()


def missing(index: dict[str, Any], searches: dict[str, str]) -> list[str]:
    """Return what is not found, in words."""
    return [
        f"a search for {word!r} does not find {page}.html"
        for word, page in searches.items()
        if page not in pages_with(index, word)
    ]


def main() -> int:
    """Search the site."""
    problems = missing(index_of(SITE), SEARCHES)
    sys.stderr.write("".join(f"error: {problem}\n" for problem in problems))
    sys.stdout.write(f"docs: {len(SEARCHES)} words searched for, {len(problems)} not found\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
