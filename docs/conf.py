# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx for the site that `make docs` builds. Nothing is fetched, so it builds offline."""

from __future__ import annotations

project = "community.balena"
author = "The community.balena authors"
project_copyright = f"2026 {author}"
title = html_short_title = html_title = project

extensions = ["myst_parser", "sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
# build.py writes this inventory of the pages of Ansible's own site that the plugins' pages link to.
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/latest/", "../ansible.inv")}
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_heading_anchors = 4

html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
html_copy_source = False
html_use_index = False
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"
