# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation site into docs/_build/html; any warning is an error."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent
BUILD = DOCS / "_build"
SOURCE = BUILD / "source"
TOOLS = Path(sys.executable).parent
# Labels of Ansible's own site that antsibull-docs links to, and their pages.
ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "inventory_plugins": "plugins/inventory.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
ENVIRONMENT = {
    **os.environ,
    "PATH": os.pathsep.join([str(TOOLS), os.environ["PATH"]]),
    "ANSIBLE_COLLECTIONS_PATH": str(DOCS.parent / ".cache"),
}


def copy_pages() -> None:
    """Copy what is written by hand and the SDK's reference."""
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.copytree(DOCS, SOURCE, ignore=shutil.ignore_patterns("_build", "tools", "conf.py", "__pycache__"))


def write_plugin_pages() -> None:
    """Let antsibull-docs write a page for each module and plugin."""
    pages = SOURCE / "collection"
    pages.mkdir(mode=0o755)
    command = ["antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--cleanup", "everything"]
    subprocess.run([*command, "--dest-dir", str(pages), "community.balena"], env=ENVIRONMENT, check=True)


def linked_pages() -> dict[str, str]:
    """Return the labels of Ansible's own site that the pages link to, with their pages there."""
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.rst"))
    plugins = set(re.findall(r"ansible_collections\.ansible\.builtin\.(\w+)", text))
    builtin = {
        f"ansible_collections.ansible.builtin.{name}": f"collections/ansible/builtin/{name}.html" for name in plugins
    }
    return {**ANSIBLE_PAGES, **builtin}


def write_ansible_inventory() -> None:
    """Write the Sphinx inventory of Ansible's own site, as far as it is needed, so that nothing is fetched."""
    head = "# Sphinx inventory version 2\n# Project: ansible\n# Version: latest\n"
    head += "# The remainder of this file is compressed using zlib.\n"
    pages = sorted(linked_pages().items())
    lines = (f"{label} std:label -1 {page} {label.rsplit('.')[-1].replace('_', ' ')}\n" for label, page in pages)
    (BUILD / "ansible.inv").write_bytes(head.encode() + zlib.compress("".join(lines).encode()))


def main() -> int:
    """Build the site and say where it is."""
    copy_pages()
    write_plugin_pages()
    write_ansible_inventory()
    html = BUILD / "html"
    command = ["sphinx-build", "-q", "-W", "--keep-going", "-b", "html", "-c", str(DOCS), str(SOURCE), str(html)]
    status = subprocess.call(command, env=ENVIRONMENT)
    if status == 0:
        sys.stdout.write(f"docs: {html / 'index.html'}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
