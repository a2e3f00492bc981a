# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An extension of Sphinx: words to search for, and the pages that answer, though they say it in other words."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

#: By page, further words for what it is about.
WORDS = {
    "access": "collaborator collaborators invite invitation permissions user users role rbac team",
    "awx": "tower controller aap survey schedule credential workflow",
    "bulk-or-hosts": "loop forks serial each mass",
    "collection/balena_config_module": "csv spreadsheet wifi provisioning preprovision image",
    "collection/balena_env_var_module": "environment variable configuration secret password",
    "devices": "reboot restart blink shutdown offline agentless",
    "diagnosing": "health monitoring temperature disk memory alert",
    "errors": "troubleshooting faq problem timeout unauthorized forbidden",
    "first-fleet": "quickstart tutorial start token login apikey certificate proxy install",
    "fleet-as-code": "gitops drift export import backup declarative compare yaml document",
    "foresight": "dry-run preview plan approve cost restarts download",
    "from-the-cli": "balena-cli cheatsheet migrate migration command push deploy",
    "inventory": "hosts groups dynamic cache jinja",
    "os-updates": "hup balenaos upgrade downgrade esr supervisor",
    "performance": "speed scale requests rate limit throttling thousand",
    "reaching-devices": "ssh shell tunnel vpn terminal exec login bastion",
    "recipes": "howto examples csv logs copy move collaborator rotate backup tag pin restart",
    "registering-devices": "csv spreadsheet serial provisioning preprovision factory wifi config.json batch",
    "reports": "html mail email markdown dashboard summary newsletter",
    "rollouts": "canary staged phased wave deploy rollback pin release upgrade approval window",
    "sdk": "python library client script api",
    "servers": "openbalena balenacloud self-hosted compatibility support",
    "testing": "emulator mock simulate ci pipeline fake sandbox",
    "undo": "revert restore rollback mistake history",
    "variables": "environment configuration secret password vault sops override precedence",
    "windows": "maintenance night timezone schedule cron downtime",
    "without-python": "busybox shell copy fetch volume volumes backup restore file",
}


def add_words(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a page's words into its head, where the index of the search reads them."""
    # Separate words, since a search for a compound is one for its parts.
    if words := re.findall(r"\w+", WORDS.get(docname, "")):
        doctree.insert(0, nodes.meta("", name="keywords", content=", ".join(words)))


def check_pages(app: Sphinx, env: Any) -> None:
    """Fail if there are words for a page that does not exist."""
    if unknown := sorted(set(WORDS) - env.found_docs):
        raise ValueError(f"search_words.py has words for pages that do not exist: {', '.join(unknown)}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-resolved", add_words)
    app.connect("env-check-consistency", check_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
