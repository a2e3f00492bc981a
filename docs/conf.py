# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx for the site that `make docs` builds. Nothing is fetched, so it builds offline."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "tools"))

project = "community.balena"
author = "The community.balena authors"
project_copyright = f"2026 {author}"
html_title = project

extensions = ["myst_parser", "sphinx.ext.intersphinx", "sphinx_antsibull_ext", "linked_modules"]
# build.py writes this inventory of the pages of Ansible's own site that the plugins' pages link to.
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/latest/", "../ansible.inv")}
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_heading_anchors = 4
nitpicky = True
# Text in backquotes on the plugins' pages is no reference.
default_role = "literal"

html_theme = "furo"
html_static_path = ["tools/static"]
html_css_files = ["site.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e8c", "color-brand-content": "#0b6e8c"},
    "dark_css_variables": {"color-brand-primary": "#5cc4e0", "color-brand-content": "#5cc4e0"},
}
html_show_sphinx = False
html_copy_source = False
html_use_index = False
# Browsers do not let a page that was opened from a disk read others for it.
html_show_search_summary = False
highlight_language = "yaml+jinja"
