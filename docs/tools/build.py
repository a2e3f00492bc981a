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

import yaml

DOCS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(DOCS.parent), str(DOCS.parent / ".cache")]
from docs.tools import fleet_document, plain_pages, sdk_reference  # noqa: E402

BUILD = DOCS / "_build"
SOURCE = BUILD / "source"
HTML = BUILD / "html"
TOOLS = Path(sys.executable).parent
# Labels of Ansible's own site that antsibull-docs links to, and their pages.
ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "connection_plugins": "plugins/connection.html",
    "inventory_plugins": "plugins/inventory.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
ENVIRONMENT = {
    **os.environ,
    "PATH": os.pathsep.join([str(TOOLS), os.environ["PATH"]]),
    "ANSIBLE_COLLECTIONS_PATH": str(DOCS.parent / ".cache"),
}
# A link of a guide to a file outside of docs/, which is on the site only as part of the plugins' pages, if at all.
LINK_OUT = re.compile(r"\]\(\.\./([^)#\s]+)(#[^)\s]*)?\)")
# What antsibull-docs writes for Ansible's own site, where thousands of pages lie side by side, and what suits this one.
BETTER = (
    # The theme has its own table of contents.
    (re.compile(r"^\.\. contents::\n(   :.*\n)+", re.MULTILINE), ""),
    (re.compile(r"^community\.balena\.(\w+ (?:module|role|inventory|connection) -- )", re.MULTILINE), r"\1"),
    (re.compile(r"^Community\.Balena\n=+$", re.MULTILINE), "Modules, roles and plugins\n" + 26 * "="),
    # Who has come for an example does not want to read all options first.
    (
        re.compile(r"(\n\.\. Options\n.*)(\n\.\. Examples\n.*?)(?=\n\.\. (?:Facts|Return values|Status)\b)", re.DOTALL),
        r"\2\1",
    ),
    # The navigation lists names, not whole titles.
    (re.compile(r"^    (\w+)_(module|role|inventory|connection)$", re.MULTILINE), r"    \1 <\1_\2>"),
)


def copy_pages() -> None:
    """Copy what is written by hand, and write the SDK's reference beside it."""
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.copytree(DOCS, SOURCE, ignore=shutil.ignore_patterns("_build", "tools", "conf.py", "__pycache__"))
    sdk_reference.write(SOURCE / "sdk")


def write_plugin_pages() -> None:
    """Let antsibull-docs write a page for each module, role and plugin."""
    pages = SOURCE / "collection"
    pages.mkdir(mode=0o755)
    command = ["antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"]
    if subprocess.call([*command, "--dest-dir", str(pages), "community.balena"], env=ENVIRONMENT):
        raise SystemExit("error: antsibull-docs could not write the pages of the plugins")
    for page in pages.glob("*.rst"):
        text = page.read_text(encoding="utf-8")
        for pattern, better in BETTER:
            text = pattern.sub(better, text)
        page.write_text(text, encoding="utf-8")
    fleet_document.write(pages / "fleet_document.md")


def lead_links_home() -> None:
    """Turn the guides' links to other files of the repository into links to their pages, or to the repository."""
    repository = yaml.safe_load((DOCS.parent / "galaxy.yml").read_text(encoding="utf-8"))["repository"]

    def new_link(found: re.Match[str]) -> str:
        path, anchor = found[1], found[2] or ""
        if not (DOCS.parent / path).exists():
            raise SystemExit(f"error: a guide links to {path}, which does not exist")
        role = re.fullmatch(r"roles/(\w+)(/README\.md)?/?", path)
        return f"](collection/{role[1]}_role.rst)" if role else f"]({repository}/blob/main/{path}{anchor})"

    for page in SOURCE.glob("*.md"):
        page.write_text(LINK_OUT.sub(new_link, page.read_text(encoding="utf-8")), encoding="utf-8")


def linked_pages() -> list[str]:
    """Return what the pages refer to on Ansible's own site, as lines of a Sphinx inventory."""
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.rst"))
    pages = dict(ANSIBLE_PAGES)
    for name in re.findall(r"ansible_collections\.ansible\.builtin\.(\w+)", text):
        page = f"collections/ansible/builtin/{name}.html"
        pages[f"ansible_collections.ansible.builtin.{name}"] = page
    labels = [
        f"{label} std:label -1 {page} {label.rsplit('.', maxsplit=1)[-1].replace('_', ' ')}"
        for label, page in pages.items()
    ]
    settings = set(re.findall(r":envvar:`(ANSIBLE_\w+)`", text.replace("\\_", "_")))
    return labels + [f"{name} std:envvar -1 reference_appendices/config.html#envvar-{name} -" for name in settings]


def write_ansible_inventory() -> None:
    """Write the Sphinx inventory of Ansible's own site, as far as it is needed, so that nothing is fetched."""
    head = "# Sphinx inventory version 2\n# Project: ansible\n# Version: latest\n"
    head += "# The remainder of this file is compressed using zlib.\n"
    lines = "".join(f"{line}\n" for line in sorted(linked_pages()))
    (BUILD / "ansible.inv").write_bytes(head.encode() + zlib.compress(lines.encode()))


def main() -> int:
    """Build the site."""
    copy_pages()
    write_plugin_pages()
    lead_links_home()
    write_ansible_inventory()
    command = ["sphinx-build", "-q", "-W", "--keep-going", "-b", "html", "-c", str(DOCS), "-d", str(BUILD / "read")]
    status = subprocess.call([*command, str(SOURCE), str(HTML)], env=ENVIRONMENT)
    if status == 0:
        plain_pages.write(SOURCE, HTML, ENVIRONMENT)
    return status


if __name__ == "__main__":
    sys.exit(main())
