# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx for the site that `make docs` builds. Nothing is fetched, so it builds offline."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent / "tools"))

project = "community.balena"
author = "The community.balena authors"
project_copyright = f"2026 {author}"
# The version of the collection: each has a site of its own.
release = yaml.safe_load((Path(__file__).parent.parent / "galaxy.yml").read_text(encoding="utf-8"))["version"]
html_title = f"{project} {release}"

extensions = [
    "myst_parser",
    "sphinx.ext.intersphinx",
    "sphinx_antsibull_ext",
    "linked_modules",
    "pictures",
    "search_words",
]
# build.py writes this inventory of the pages of Ansible's own site that the plugins' pages link to.
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/latest/", "../ansible.inv")}
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_heading_anchors = 4
nitpicky = True
# Text in backquotes on the plugins' pages is not a reference.
default_role = "literal"

html_theme = "furo"
html_static_path = ["tools/static"]
html_css_files = ["site.css"]
# The colours of the plugins' pages are the theme's, so that they fit its dark side too.
antsibull_ext_color_scheme = "none"
TABLES = {
    "antsibull-table-background-header": "var(--color-background-secondary)",
    "antsibull-table-background-even": "var(--color-background-secondary)",
    "antsibull-table-background-odd": "var(--color-background-primary)",
    "antsibull-table-border": "var(--color-background-border)",
    "antsibull-narrowtable-background": "var(--color-background-secondary)",
    "antsibull-links-background": "var(--color-brand-primary)",
    "antsibull-links-background-active": "var(--color-brand-content)",
    "antsibull-links-focus-outline": "var(--color-foreground-primary)",
    "antsibull-links-text": "var(--color-background-primary)",
    "antsibull-option-sample-header": "var(--color-foreground-primary)",
    "antsibull-attribute-support-na": "inherit",
}


def colours(brand: str, kind: str, must: str, good: str, fair: str, value: str) -> dict[str, str]:
    """Variables of the style sheets: the brand, types, what is required, what is fine, what is half fine, values."""
    of_options = {"type": kind, "elements": kind, "required": must, "version-added": good, "aliases": good}
    of_support = {"none": must, "partial": fair, "full": good}
    return {
        "color-brand-primary": brand,
        "color-brand-content": brand,
        **TABLES,
        **{f"antsibull-option-{name}": colour for name, colour in of_options.items()},
        **{f"antsibull-option-{name}": value for name in ("default", "sample")},
        **{f"antsibull-attribute-support-{name}": colour for name, colour in of_support.items()},
    }


html_theme_options = {
    "light_css_variables": colours("#0b6e8c", "#7a2a8c", "#b3261e", "#1b6e3c", "#8a6d00", "#2363d1"),
    "dark_css_variables": colours("#5cc4e0", "#d79ae6", "#ff9a8f", "#7fd8a0", "#d6c25e", "#7aa7ff"),
}
html_show_sphinx = False
html_copy_source = False
html_use_index = False
# Browsers do not let a page that was opened from a disk read others for it.
html_show_search_summary = False
highlight_language = "yaml+jinja"
