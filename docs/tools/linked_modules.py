# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An extension of Sphinx: where a guide names a module or role in backquotes, the name leads to its page."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

NAME = re.compile(r"(?:community\.balena\.)?(\w+)")
KINDS = ("module", "role", "inventory", "connection")
# Plugins' pages have links already, the SDK's names are others, and variables of hosts are called like modules.
NOT_IN = ("collection/", "sdk/", "inventory")


def page_of(name: str, pages: set[str]) -> str | None:
    """Return the page of a module, role or plugin, or None where the word means nothing of the kind."""
    found = NAME.fullmatch(name)
    # A role's name is a word of the language; only with the collection before it is the role meant.
    kinds = KINDS if name.startswith("community.balena.") else KINDS[:1]
    candidates = [f"collection/{found[1]}_{kind}" for kind in kinds] if found else []
    return next((page for page in candidates if page in pages), None)


def link_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Turn such names into links, in what was written by hand."""
    if docname.startswith(NOT_IN):
        return
    for literal in list(doctree.findall(nodes.literal)):
        page = page_of(literal.astext(), app.env.found_docs)
        if page is None or isinstance(literal.parent, (nodes.reference, nodes.title)):
            continue
        target = app.builder.get_relative_uri(docname, page)
        link = nodes.reference("", "", internal=True, refuri=target)
        literal.replace_self(link)
        link += literal


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-resolved", link_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
