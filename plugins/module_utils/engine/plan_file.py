# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan in a file: one run writes it, somebody looks at it, and another run makes it if it would still plan the same.

What is secret is in the file as a fingerprint that takes long to compute, salted anew for each file: whoever gives the
same secret again can be told from whoever gives another one, and guessing is slow.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import dates
from .kinds import has
from .plan import DeclarationError, Plan
from .stored import step_data
from .task import Foreseen
from .visible import one_line
from .wording import NamedUuid, called, listed

FORMAT = "plan/1"
#: What scrypt takes: about a twentieth of a second and 16 MB for each secret.
_WORK = {"n": 2**14, "r": 8, "p": 1, "dklen": 16}
#: What of a step depends on which others there are: some may have been made already.
_RELATIVE = ("needs",)

Content = dict[str, Any]


def server_of(params: Mapping[str, Any]) -> str:
    """The address of the API that a task talks to, as files say it."""
    return str(params["api_url"]).strip().rstrip("/")


def content_of(plan: Plan, server: str, foreseen: Foreseen) -> Content:
    """What a file says of a plan.

    :param server: the address of the API that it is for.
    """
    salt = secrets.token_hex(16)
    return {
        "format": FORMAT,
        "server": server,
        "made_at": dates.as_stored(dates.now()),
        "salt": salt,
        "subjects": plan.subjects,
        "promise": dict(plan.promise),
        "forecast": dict(foreseen.forecast),
        "names": dict(foreseen.names),
        **foreseen.about,
        "steps": _steps(plan, salt),
    }


def as_text(content: Content) -> bytes:
    """The content of a file as it is written and signed."""
    text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    return text.encode("utf-8", "surrogatepass")


def write_whole(path: str, text: bytes, option: str, mode: int = 0o600) -> None:
    """Write a file, which by default only the user can read. It is whole, or as it was before.

    :raises DeclarationError: it cannot be written; names the option.
    """
    target = Path(path)
    try:
        descriptor, draft = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
            os.chmod(draft, mode)
            os.replace(draft, target)
        except OSError:
            os.unlink(draft)
            raise
    except OSError as error:
        raise DeclarationError(f"{option}: {path} cannot be written: {error.strerror or error}") from None


def read_whole(path: str, option: str) -> bytes:
    """What a file holds.

    :raises DeclarationError: it cannot be read; names the option.
    """
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeclarationError(f"{option}: {path} cannot be read: {reason}") from None


def parse(text: bytes, path: str, option: str) -> Content:
    """The content of a file.

    :param text: what it holds.
    :raises DeclarationError: it is not a plan; names the option and the file.
    """
    try:
        content = json.loads(text.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        content = None
    if not _is_a_plan(content):
        raise DeclarationError(f"{option}: {path} is not a plan that plan_to has written")
    found: Content = content
    return found


def _is_a_plan(content: Any) -> bool:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return False
    salt, steps = content.get("salt"), content.get("steps")
    try:
        bytes.fromhex(salt if isinstance(salt, str) else "-")
    except ValueError:
        return False
    parts = {"action": str, "resource": str, "key": list}
    return isinstance(steps, list) and all(has(step, parts) for step in steps)


def check(path: str, content: Content, plan: Plan, server: str) -> None:
    """Refuse a plan that would do anything that a file does not say. What of that is made already does not matter.

    :param content: what the file says.
    :raises DeclarationError: the file is for another server; or what it rests on has changed since: names what.
    """
    if content.get("server") != server:
        raise DeclarationError(
            f"plan_from: {path} is a plan for {one_line(str(content.get('server')))}, not for {server}"
        )
    names = _names(content, plan)
    problems = [*_broken(content, plan, names), *_differences(content, _steps(plan, content["salt"]), names)]
    if problems:
        named = listed(problems, 5, between="; ", more="; and {} more")
        raise DeclarationError(
            f"Nothing was written: {path} does not fit any more, because the task or what it rests on has changed "
            f"since. {named}. Make a new plan with plan_to"
        )


def _names(content: Content, plan: Plan) -> dict[str, str]:
    """The names of things, by their uuids: in the file, and by now."""
    then = [content.get("names"), *_promised(content).values()]
    parts = [part for step in plan.steps for part in step.key if isinstance(part, NamedUuid)]
    now = {part: part.name for part in parts if part.name}
    found = [names for names in (*then, now, *plan.promise.values()) if isinstance(names, Mapping)]
    return {str(uuid): str(name) for names in found for uuid, name in names.items()}


def _promised(content: Content) -> Content:
    promise = content.get("promise")
    return promise if isinstance(promise, dict) else {}


def _broken(content: Content, plan: Plan, names: Mapping[str, str]) -> list[str]:
    """What a plan would promise otherwise than a file does. What things are called does not matter."""
    found = []
    for name, now in plan.promise.items():
        then = _promised(content).get(name)
        if isinstance(now, Mapping):
            before = set(then) if isinstance(then, dict) else set()
            found += [f"{name}: {named(uuid, names)} is new in it" for uuid in now if uuid not in before]
            found += [f"{name}: {named(uuid, names)} is not in it any more" for uuid in sorted(before - set(now))]
        elif then != now:
            found.append(f"{name}: planned was {_json(then)}, and is {_json(now)} now")
    return found


def _differences(content: Content, steps: list[Content], names: Mapping[str, str]) -> list[str]:
    known = {_identity(step): step for step in content["steps"]}
    found = []
    for step in steps:
        if step.get("bookkeeping"):
            continue
        then = known.get(_identity(step))
        if then is None:
            found.append(f"{title(step, names)} is not in it")
        elif _compared(then) != _compared(step):
            found.append(f"{title(step, names)}: {_what_differs(then, step)}")
    return found


def _identity(step: Content) -> str:
    # One row may change twice in a plan, other columns each time.
    after = step.get("after")
    return json.dumps([step["action"], step["resource"], step["key"], sorted(after) if isinstance(after, dict) else []])


def _compared(step: Content) -> Content:
    return {name: value for name, value in step.items() if name not in _RELATIVE}


def title(step: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A stored step as people call it.

    :param names: those of things, by their uuids.
    """
    action = "update" if step["action"] == "act" else step["action"]
    return one_line(f"{action} {step['resource']} {' '.join(named(str(part), names) for part in step['key'])}")


def named(part: str, names: Mapping[str, str]) -> str:
    """A thing by its name and short uuid, if its name is known; anything else as it is."""
    return one_line(called(part, names[part]) if part in names else part)


def _what_differs(then: Content, now: Content) -> str:
    for side, sentence in (("before", "it was {}, and is {} now"), ("after", "planned was {}, and is {} now")):
        old, new = then.get(side), now.get(side)
        if old != new:
            return (
                "a secret is another one now" if "$secret" in f"{old}{new}" else sentence.format(_json(old), _json(new))
            )
    return "it is about another row now" if then.get("id") != now.get("id") else "it would be made in another way now"


def _json(side: Any) -> str:
    return one_line(json.dumps(side, ensure_ascii=False, sort_keys=True))[:200]


def _steps(plan: Plan, salt: str) -> list[Content]:
    steps = [{**step_data(step, lambda value: fingerprint(value, salt)), "action": step.action} for step in plan.steps]
    found: list[Content] = json.loads(json.dumps(steps))
    return found


@lru_cache(maxsize=4096)
def fingerprint(value: str, salt: str) -> str:
    """A stand-in for a secret, which is the same for the same secret in one file.

    :param salt: that of the file, in hexadecimal digits.
    """
    return hashlib.scrypt(value.encode("utf-8", "surrogatepass"), salt=bytes.fromhex(salt), **_WORK).hex()
