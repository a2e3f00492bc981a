# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write every page as Markdown beside its HTML, and llms.txt, which lists them, for programs that read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

COLLECTION = "community.balena"
# What Ansible's documentation writes as O(name), M(name), V(value) and so on.
MARKUP = re.compile(r"\b(?:O|V|C|M|P|RV|E|I|B|U)\(((?:[^()\\]|\\.|\([^()]*\))+)\)")
HEAD = """\
# community.balena

> An Ansible collection that declares fleets, devices, variables, releases and OS versions on balenaCloud and
> openBalena, rolls releases out in waves, and makes devices hosts of an inventory. It runs in the controller: devices
> need no Python.

Every page is also Markdown, at the address of its HTML with `.md` in the place of `.html`.
"""


def plain(text: Any) -> str:
    """Return a description as Markdown; paragraphs may be a list."""
    parts = text if isinstance(text, list) else [text]
    return " ".join(MARKUP.sub(lambda found: f"`{found[1]}`", str(part)) for part in parts)


def option_lines(options: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Yield a line for each option, and below it for those inside it."""
    for name, option in options.items():
        facts = [option.get("type", "str")]
        if option.get("elements"):
            facts.append(f"of {option['elements']}")
        facts += ["required"] if option.get("required") else []
        if option.get("choices"):
            facts.append("one of " + ", ".join(f"`{choice}`" for choice in option["choices"]))
        if option.get("default") is not None:
            facts.append(f"default `{json.dumps(option['default'])}`")
        yield f"{'  ' * depth}- `{name}` ({', '.join(facts)}): {plain(option['description'])}"
        yield from option_lines(option.get("suboptions") or option.get("options") or {}, depth + 1)


def result_lines(returned: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Yield a line for each key of a result, and below it for those inside it."""
    for name, value in returned.items():
        yield f"{'  ' * depth}- `{name}` ({value.get('type', 'raw')}): {plain(value['description'])}"
        yield from result_lines(value.get("contains") or {}, depth + 1)


def plugin_page(name: str, kind: str, said: Mapping[str, Any]) -> str:
    """Return the page of a module or plugin, of what ansible-doc says."""
    doc = said["doc"]
    parts = [f"# {name} ({kind})", plain(doc["short_description"]) + ".", plain(doc["description"])]
    if said.get("examples"):
        parts += ["## Examples", f"```yaml\n{said['examples'].strip()}\n```"]
    parts += ["## Options", "\n".join(option_lines(doc["options"]))]
    if said.get("return"):
        parts += ["## Results", "\n".join(result_lines(said["return"]))]
    if doc.get("notes"):
        parts += ["## Notes", "\n".join(f"- {plain(note)}" for note in doc["notes"])]
    return "\n\n".join(parts) + "\n"


def role_page(readme: Path) -> str:
    """Return the README of a role, without the comment at its top."""
    return re.sub(r"\A<!--.*?-->\s*", "", readme.read_text(encoding="utf-8"), flags=re.DOTALL)


def plugins(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name of each plugin's page with its Markdown."""
    for kind in ("module", "inventory", "connection"):
        listed = told(environment, "-t", kind, "-l", COLLECTION)
        for name, said in told(environment, "-t", kind, *sorted(listed)).items():
            yield f"{name.rpartition('.')[2]}_{kind}", plugin_page(name, kind, said)


def told(environment: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    """Ask ansible-doc."""
    command = ["ansible-doc", "--json", *arguments]
    done = subprocess.run(command, env=dict(environment), check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def title_of(text: str) -> str:
    """Return the title of a page of Markdown."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def first_sentence(text: str) -> str:
    """Return the first sentence below the title of a page."""
    for paragraph in text.split("\n\n"):
        words = " ".join(paragraph.split())
        if words and not words.startswith(("#", "|", "```", "<", "-", ":")):
            return re.split(r"(?<=[.:])\s", re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", words))[0]
    return ""


def listing(title: str, pages: Mapping[str, str]) -> str:
    """Return a section of llms.txt."""
    lines = [f"- [{title_of(text)}]({name}.md): {first_sentence(text)}" for name, text in pages.items()]
    return f"## {title}\n\n" + "\n".join(lines) + "\n"


def write(source: Path, site: Path, environment: Mapping[str, str]) -> None:
    """Write them into the built site."""
    roles = {
        f"collection/{path.parent.name}_role": role_page(path) for path in source.parents[2].glob("roles/*/README.md")
    }
    pages = {f"collection/{name}": text for name, text in plugins(environment)} | dict(sorted(roles.items()))
    for name, text in pages.items():
        (site / f"{name}.md").write_text(text, encoding="utf-8")
    guides: dict[str, str] = {}
    for page in sorted(source.rglob("*.md")):
        name = str(page.relative_to(source).with_suffix(""))
        shutil.copyfile(page, site / f"{name}.md")
        if name != "index":
            guides[name] = page.read_text(encoding="utf-8")
    sdk = {name: text for name, text in guides.items() if name.startswith("sdk/")}
    only = {name: text for name, text in guides.items() if name not in sdk}
    parts = [HEAD, listing("Guides", only), listing("Modules, plugins and roles", pages), listing("Python SDK", sdk)]
    (site / "llms.txt").write_text("\n".join(parts), encoding="utf-8")
