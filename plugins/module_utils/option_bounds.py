# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large the numbers and how long the texts of options may be: one rule for modules, roles and the inventory plugin.

A text that is too long to be sent is answered by the server with a status that names no option, if it is answered at
all. So it is refused where it comes in, before the first request.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .domain import bounds
from .emptiness import is_blank
from .engine import limits
from .engine.limits import Bounds
from .sdk.configuration import LONGEST_WAIT, MOST_CONNECTIONS, MOST_REQUESTS

#: The options that are numbers, by their names in modules and, behind the role's name, in roles; in another option,
#: behind its name.
BOUNDS: dict[str, Bounds] = {
    **limits.BOUNDS,
    **bounds.BOUNDS,
    "timeout": Bounds(most=LONGEST_WAIT, above=True, kind=""),
    "max_connections": Bounds(most=MOST_CONNECTIONS, above=True, kind=""),
    "request_limit": Bounds(most=MOST_REQUESTS, above=True, kind=""),
    "device_timeout": limits.INTERVAL,
    "download_timeout": limits.INTERVAL,
    "diagnose_settle": limits.TIME,
    "approved": Bounds(),
    "wave": Bounds(),
    "limit": Bounds(least=1),
    "count": Bounds(least=1, most=1000, kind=""),
    "max_restarts": Bounds(),
    "max_reboots": Bounds(),
    "silent_days": Bounds(most=36525),
    "app_update_poll_interval": Bounds(least=1, most=525_600, kind="a number of minutes "),
    "max_age": Bounds(),
    "undo_within": Bounds(most=36525, kind="a number of days "),
    "overlap": Bounds(),
    "location.latitude": Bounds(-90, 90, kind="a number of degrees "),
    "location.longitude": Bounds(-180, 180, kind="a number of degrees "),
}

#: The most characters of a text, unless it is one of L(_LONGER): more than any name has, and few enough for an address.
LONGEST = 1000
#: Options whose texts may be longer. 8000 characters are what fits into an address together with all else.
_LONGER = {
    "filter": 8000,
    "expand": 8000,
    "hostnames": 8000,
    "api_token": 8000,
    "public_key": 16_384,
    "query": 100_000,
    "description": 1244,
    "note": 1_000_000,
    "ca_path": 4096,
    "dest": 4096,
    "account": 4096,
    "account_to": 4096,
    "plan_to": 4096,
    "plan_summary": 4096,
    "plan_from": 4096,
    "plan_sign_key": 4096,
    "plan_signers": 4096,
    "plan": 4096,
    "earlier": 4096,
    "policy": 100_000,
    "report": 4096,
    "gate_tasks": 4096,
    "documents": 4096,
}
#: What has limits of its own, depending on what it belongs to.
_ELSEWHERE = ("value", "variables", "env", "tags", "document", "secrets", "compose", "groups", "keyed_groups")
#: Texts in which white space alone can be meant.
_FREE = ("value", "note", "known_issues", "description")
_INDEX = re.compile(r"\[\d+\]")


def problems(name: str, option: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    """What is out of bounds in an option; each a sentence that does not repeat a text.

    :param name: the option's own name.
    :param option: what is declared of it.
    :param value: as it was given. Its kind is for others to judge.
    :param path: the option as messages name it.
    """
    if option.get("options") or name in _ELSEWHERE:
        return
    parents = _INDEX.sub("", path).split(".")[:-1][-1:]
    if option.get("type") in ("int", "float"):
        number, bounds = _number(value), BOUNDS.get(".".join([*parents, name]))
        if number is not None and bounds and (wrong := bounds.problem(path, number)):
            yield wrong
    elif parents and not may_be_blank(name, option) and (blank := _blank_place(value, path)):
        # Of those that are in no other, L(emptied) says it together with what else is empty.
        yield f"{blank} is blank. Leave it out, or say what it should be"
    else:
        yield from _too_long(value, path, _LONGER.get(name, LONGEST))


def may_be_blank(name: str, option: Mapping[str, Any]) -> bool:
    """Whether white space alone can be meant in an option, or is judged by what it must be one of."""
    kind = option.get("elements") if option.get("type") == "list" else option.get("type", "str")
    return name in _FREE or bool(option.get("choices")) or kind not in ("str", "path")


def _number(value: Any) -> float | None:
    """The number that Ansible reads an option as; None if it is none, which is said by others."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = value if isinstance(value, int) else float(value)
        return number if math.isfinite(number) else None
    except (ValueError, OverflowError):
        return None


def _blank_place(value: Any, path: str) -> str:
    """Where a text, or the first one in a list, is of white space alone."""
    if isinstance(value, (list, tuple)):
        return next((f"{path}[{number}]" for number, item in enumerate(value) if is_blank(item)), "")
    return path if is_blank(value) else ""


def _too_long(value: Any, path: str, most: int) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) > most:
            yield f"{path} has {len(value)} characters, and may have at most {most}"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if len(str(key)) > most:
                yield f"a key of {path} has {len(str(key))} characters, and may have at most {most}"
            else:
                yield from _too_long(item, f"{path}.{key}", most)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _too_long(item, f"{path}[{number}]", most)
