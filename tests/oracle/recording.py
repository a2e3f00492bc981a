# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read recorded calls, and turn their placeholders and markers into Python values."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FORMAT = json.loads((HERE / "wire-format.json").read_text(encoding="utf-8"))
FROZEN_CLOCK = datetime.datetime.fromisoformat(FORMAT["frozenClock"].replace("Z", "+00:00"))
#: The methods of each version, and what they take: `uuidOrId, options?{force?}`.
METHODS = {
    path.stem: dict(re.findall(r"^([\w.]+)\((.*)\)$", path.read_text(encoding="utf-8"), re.MULTILINE))
    for path in sorted((HERE / "methods").glob("*.txt"))
}
DOCUMENTED = list(dict.fromkeys(method for methods in METHODS.values() for method in methods))


class _Undefined:
    """JavaScript's ``undefined``: an argument that was not given."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = _Undefined()


@dataclasses.dataclass
class JsFunction:
    """A function among the arguments; only JavaScript can have one."""


@dataclasses.dataclass
class Callback:
    """A function among the arguments that notes what it is called with."""


@dataclasses.dataclass
class File:
    """A file among the arguments: what JavaScript has as a ``File``, or the path of one on disk."""

    about: dict[str, Any]
    on_disk: bool

    @property
    def content(self) -> bytes:
        """The bytes of the file; long ones are recorded as a text that is repeated."""
        if "text" in self.about:
            return str(self.about["text"]).encode()
        repeated, size = str(self.about.get("repeat") or "\0").encode(), int(self.about.get("size") or 0)
        return (repeated * (size // len(repeated) + 1))[:size]


@dataclasses.dataclass
class Call:
    """One recorded call; all placeholders are replaced, markers only in ``args``.

    ``reference`` is the version of the SDK that was recorded, or empty if the file does not show it.
    """

    method: str
    variant: str
    documented: bool
    auth: str
    args: list[Any]
    requests: list[dict[str, Any]]
    result: dict[str, Any]
    options: dict[str, Any]
    steps: list[str]
    reference: str = ""

    @property
    def name(self) -> str:
        """How the call is named in reports and in deviations.yml."""
        return f"{self.method} | {self.variant}"


def _fake_token(name: str, about: dict[str, Any]) -> str:
    """Build a token that a program can tell from all others and, if it is a session token, read."""
    if "payload" not in about:
        return f"{name.lower().replace('_', '-')}-0123456789abcdef"
    parts = [{"typ": "JWT", "alg": "none"}, about["payload"], name]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


TOKENS = {name: _fake_token(name, about) for name, about in FORMAT["tokenPlaceholders"].items()}
_VERSIONS = "|".join(re.escape(version) for version in FORMAT["sdk"]["versions"])
_CLIENT = re.compile(rf'"(?:X-Balena-Client": "balena-sdk/|version": ")({_VERSIONS})"')
_TOKEN_NAME = re.compile("|".join(r"\{\{" + name + r"\}\}" for name in TOKENS))


def load(path: Path, home: str) -> Iterator[Call]:
    """Yield the calls of one file, plain or gzipped.

    Args:
        path: a file with one recorded call in each line.
        home: what stands for the home directory.
    """
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        lines = file.readlines()
    reference = _reference(path, lines)
    for line in lines:
        if line.strip():
            trace = _replace(json.loads(line), home)
            yield Call(
                reference=reference,
                method=trace["method"],
                variant=trace["variant"],
                documented=trace.get("documented", True),
                auth=TOKENS.get(trace["auth"], ""),
                args=[from_markers(argument) for argument in trace["args"]],
                requests=trace["requests"],
                result=trace["result"],
                options=trace.get("sdkOptions") or {},
                steps=trace.get("steps") or [],
            )


def _reference(path: Path, lines: list[str]) -> str:
    """Return which version of the SDK a file shows: as its requests say, or the folder that it is in."""
    found = (_CLIENT.search(line) for line in lines)
    folder = re.search(r"(?:^|/)(\d+\.\d+\.\d+)(?:/|$)", path.parent.as_posix())
    return next((match[1] for match in found if match), folder[1] if folder else "")


def _replace(value: Any, home: str) -> Any:
    if isinstance(value, str):
        return _TOKEN_NAME.sub(lambda name: TOKENS[name[0][2:-2]], value).replace("{{HOME}}", home)
    if isinstance(value, list):
        return [_replace(item, home) for item in value]
    if isinstance(value, dict):
        return {_replace(name, home): _replace(item, home) for name, item in value.items()}
    return value


def from_markers(value: Any) -> Any:
    """Turn ``{"$date": …}``, ``{"$undefined": true}`` … into what they stand for."""
    if isinstance(value, list):
        return [from_markers(item) for item in value]
    if not isinstance(value, dict):
        return value
    marker = next(iter(value)) if len(value) == 1 else ""
    if marker == "$undefined":
        return UNDEFINED
    if marker == "$date":
        return datetime.datetime.fromisoformat(str(value[marker]).replace("Z", "+00:00"))
    if marker == "$number":
        return float(str(value[marker]).lower().replace("infinity", "inf"))
    if marker == "$base64":
        return base64.b64decode(value[marker])
    if marker == "$function":
        return JsFunction()
    if marker == "$callback":
        return Callback()
    if marker in ("$file", "$filePath"):
        return File(value[marker], on_disk=marker == "$filePath")
    return {name: from_markers(item) for name, item in value.items()}


def js_only(call: Call) -> str | None:
    """Return why no Python program can make this call, or ``None``."""
    if call.options.get("isBrowser"):
        return "browser mode"
    if any(_contains(argument, JsFunction) for argument in call.args):
        return "a function among the arguments"
    inside = [item for argument in call.args for item in _children(argument)]
    if any(_contains(item, _Undefined) for item in inside):
        return "undefined inside of an argument"
    return None


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _contains(value: Any, kind: type) -> bool:
    return isinstance(value, kind) or any(_contains(item, kind) for item in _children(value))
