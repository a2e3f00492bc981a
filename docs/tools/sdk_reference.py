# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the SDK's reference, a Markdown page for each namespace, from the docstrings."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import griffe

from docs.tools.sdk_examples import EXAMPLES

SDK = "ansible_collections.community.balena.plugins.module_utils.sdk"
#: How the examples make their client.
CLIENT = 'Balena(token=os.environ["BALENA_TOKEN"], api_url=os.environ["BALENA_API_URL"])'
STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
HEADINGS = {"parameters": "Arguments", "attributes": "Attributes", "returns": "Returns", "yields": "Yields"}


def loaded(name: str) -> ModuleType:
    """Import a module of the SDK."""
    return importlib.import_module(f"{SDK}.{name}".rstrip("."))


def subjects() -> Iterator[tuple[str, Any]]:
    """Yield each page's name and the class or module that it describes."""
    sdk = loaded("")
    yield "Balena", sdk.Balena
    yield "Options", sdk.Options
    balena = sdk.Balena(data_directory=False)
    for name in ("auth", "logs", "pine", "request", "settings"):
        yield name, type(getattr(balena, name))
    yield "LogSubscription", loaded("logs").LogSubscription
    yield "Interceptor", sdk.Interceptor
    for name in ("errors", "utils"):
        yield name, loaded(name)
    for name, _member in public_members(type(balena.models)):
        yield f"models.{name}", type(getattr(balena.models, name))


def as_markdown(text: str) -> str:
    """Turn the few marks of reStructuredText that docstrings have into Markdown's."""
    lines = text.replace("``", "`").splitlines()
    result: list[str] = []
    fenced = False
    for line in lines:
        example = line.lstrip().startswith((">>> ", "... "))
        if example != fenced:
            result.append("```python" if example else "```")
            fenced = example
        for role in (":class:", ":meth:", ":func:", ":mod:", ":data:", ":attr:"):
            line = line.replace(f"{role}`~.", "`").replace(f"{role}`~", "`").replace(f"{role}`", "`")  # noqa: PLW2901
        result.append(line)
    return "\n".join([*result, "```"] if fenced else result)


def item(name: str, description: str) -> str:
    """One entry of a list of arguments, attributes or errors."""
    return f"- `{name}`: " + " ".join(as_markdown(description).split())


def documentation(docstring: str | None) -> str:
    """The text of a docstring with its sections as Markdown."""
    options: Any = {"returns_multiple_items": False, "returns_named_value": False, "warnings": False}
    parts = []
    for section in griffe.Docstring(inspect.cleandoc(docstring or "")).parse("google", **options):
        kind = section.kind.value
        if kind == "text":
            parts.append(as_markdown(section.value))
        elif kind == "raises":
            parts.append("**Raises**\n\n" + "\n".join(item(str(e.annotation), e.description) for e in section.value))
        elif kind in ("returns", "yields"):
            parts.append(f"**{HEADINGS[kind]}** " + " ".join(as_markdown(e.description) for e in section.value))
        elif kind in HEADINGS:
            listed = "\n".join(item(entry.name, entry.description) for entry in section.value)
            parts.append(f"**{HEADINGS[kind]}**\n\n{listed}")
        else:
            parts.append(as_markdown(str(section.value)))
    return "\n\n".join(parts)


def shown_parameter(parameter: inspect.Parameter) -> str:
    """A parameter as it is written in the source."""
    text = STARS.get(parameter.kind, "") + parameter.name
    if parameter.annotation is not inspect.Parameter.empty:
        text += f": {parameter.annotation}"
    if parameter.default is not inspect.Parameter.empty:
        shown = repr(parameter.default)
        # An object that only tells "not given" has no repr worth reading, and another one in each run.
        text += f" = {'...' if shown.startswith('<') else shown}"
    return text


def signature(function: Any, name: str) -> str:
    """The call of a function, with types, over several lines if it is long."""
    found = inspect.signature(function)
    shown: list[str] = []
    keywords_only = False
    for parameter in found.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not keywords_only:
            keywords_only = True
            if not any(text.startswith("*") for text in shown):
                shown.append("*")
        shown.append(shown_parameter(parameter))
    answer = "" if found.return_annotation is inspect.Signature.empty else f" -> {found.return_annotation}"
    line = f"{name}({', '.join(shown)}){answer}"
    return line if len(line) <= 100 else f"{name}(\n    " + ",\n    ".join(shown) + f",\n){answer}"


def function_of(member: Any) -> Any:
    """The function behind a property, else the member itself."""
    return getattr(member, "make", None) or getattr(member, "fget", None) or member


def namespace_of(member: Any) -> type | None:
    """The class of a namespace inside another one, or None for any other member."""
    found: Any = getattr(member, "namespace", None)
    if hasattr(member, "make") and found is None:
        function = member.make
        found = getattr(importlib.import_module(function.__module__), str(function.__annotations__["return"]), None)
    return found if inspect.isclass(found) else None


def public_members(subject: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a class or module offers by itself, without what it imported from elsewhere."""
    for name in sorted(dir(subject)):
        member = inspect.getattr_static(subject, name)
        if isinstance(member, staticmethod):
            member = member.__func__
        origin = getattr(function_of(member), "__module__", None) or SDK
        own = origin == subject.__name__ if isinstance(subject, ModuleType) else origin.startswith(SDK)
        if own and not name.startswith("_"):
            yield name, member


def example(name: str) -> str:
    """Return a whole example of what a page is about, with what it imports."""
    code = EXAMPLES[name]
    imported = [it for it in ("Balena", "Interceptor", "Options") if it == "Balena" or it in code]
    lines = [f"from {SDK} import {', '.join(imported)}"]
    lines += [f"from {SDK} import {module}" for module in ("errors", "utils") if f"{module}." in code]
    made = [] if "Balena(" in code else [f"balena = {CLIENT}"]
    if made or "os." in code:
        lines.insert(0, "import os\n")
    return "\n".join([*lines, "", *made, code])


def linked(text: str, to: Mapping[str, str]) -> str:
    """Return a page in which the types that its text names lead to where they are described; code stays as it is."""

    def link(found: re.Match[str]) -> str:
        return f"[{found[0]}]({to[found[1]]})" if found[1] in to else found[0]

    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    for number in range(0, len(parts), 2):
        parts[number] = re.sub(
            r"(?<!\[)`(\w+)`",
            lambda found: f"[`{found[1]}`]({to[found[1]]})" if found[1] in to else found[0],
            parts[number],
        )
    return "".join(parts)


def sections(path: str, subject: Any) -> Iterator[str]:
    """Yield the parts of the page about one class or module."""
    yield f"# {path}\n"
    if text := documentation(inspect.getdoc(subject)):
        yield text + "\n"
    yield f"```python\n{example(path.removeprefix('balena.'))}\n```\n"
    for name, member in public_members(subject):
        if inspect.isclass(member):
            yield f"## {name}\n\n{documentation(member.__doc__)}\n"
        elif inspect.isfunction(member):
            call = signature(member, f"{path}.{name}")
            yield f"## {name}\n\n```python\n{call}\n```\n\n{documentation(inspect.getdoc(member))}\n"
        elif function_of(member) is not member and not namespace_of(member):
            yield f"## {name}\n\n{documentation(member.__doc__)}\n"


def described(name: str, subject: Any) -> Iterator[tuple[str, str]]:
    """Yield a name and its page for a class or module and for the namespaces inside it."""
    path = name if name[0].isupper() else f"balena.{name}"
    yield name, "\n".join(sections(path, subject)).rstrip() + "\n"
    for inner, member in public_members(subject):
        if namespace := namespace_of(member):
            yield from described(f"{name}.{inner}", namespace)


def written_pages() -> dict[str, str]:
    """Return all pages by their names."""
    pages = dict(page for name, subject in subjects() for page in described(name, subject))
    to = {name: f"{name}.md" for name in pages if name[0].isupper()}
    to |= {name: f"errors.md#{name.lower()}" for name, _error in public_members(loaded("errors"))}
    return {name: linked(page, to) for name, page in pages.items()}


def write(folder: Path) -> None:
    """Write all pages into a folder."""
    folder.mkdir()
    for name, text in written_pages().items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
