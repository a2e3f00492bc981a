# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An extension of Sphinx: pictures that Graphviz draws of the texts in docs/pictures, in the colours of the page.

    ```picture
    file: pictures/rollout.dot
    alt: What the picture shows, for those who do not see it.
    ```

The picture is part of the page, so that its lines and words follow the light and dark side of the theme.
"""

from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx

STYLE = (
    "-Gbgcolor=transparent", "-Gfontname=Helvetica", "-Gfontsize=11", "-Gstyle=rounded", "-Gnodesep=0.35",
    "-Nshape=box", "-Nstyle=rounded", "-Nfontname=Helvetica", "-Nfontsize=11", "-Nmargin=0.12,0.06",
    "-Efontname=Helvetica", "-Efontsize=10", "-Earrowsize=0.7",
)  # fmt: skip


def drawn(source: Path) -> str:
    """Return the picture of a text for Graphviz as SVG."""
    done = subprocess.run(["dot", "-Tsvg", *STYLE, str(source)], capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        raise RuntimeError(f"dot cannot draw {source.name}: {done.stderr.strip()}")
    return done.stdout


def for_page(svg: str, name: str, alt: str) -> str:
    """Return a picture as part of a page: with its description, and black as the colour of the page's text."""
    svg = svg[svg.index("<svg") :]
    # Titles are the names of nodes, which browsers would show as tooltips and readers would read out.
    svg = re.sub(r"<title>.*?</title>\n?|<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(fill|stroke)="black"', r'\1="currentColor"', svg)
    svg = re.sub(r"<text (?!fill)", '<text fill="currentColor" ', svg)
    # Several pictures on one page must not have the same ids.
    svg = re.sub(r' id="(\w+)"', rf' id="{name}-\1"', svg)
    head = f'<svg role="img" aria-labelledby="{name}-title"'
    return svg.replace("<svg", head, 1).replace(">", f'><title id="{name}-title">{html.escape(alt)}</title>', 1)


def draw_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Put pictures in the place of the blocks that ask for them."""
    for block in list(doctree.findall(nodes.literal_block)):
        if block.get("language") == "picture":
            asked = yaml.safe_load(block.astext())
            source = Path(app.srcdir, asked["file"])
            app.env.note_dependency(str(source))
            picture = for_page(drawn(source), source.stem, " ".join(asked["alt"].split()))
            # Who cannot scroll with a mouse can with the keyboard.
            box = f'<div class="picture" tabindex="0" role="group" aria-label="picture">{picture}</div>'
            block.replace_self(nodes.raw("", box, format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-read", draw_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
