# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes as people see them: the diff, and what failed. Secret values never get in here readable."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..sdk.masking import mask
from .apply import Failure, Outcome
from .explain import explain
from .plan import Key, NamedId, NewId, Step
from .visible import one_line, visible_in
from .wording import counted, spelled

#: In a result: it holds something secret that is told only once, so nobody shall be shown it.
SENSITIVE = "sensitive"

#: What is shorter would be found in every sentence; nothing repeats it, so it need not be looked for.
SHORTEST = 4

#: Fresh in each process, so that a fingerprint tells equal from different within one diff and nothing else.
_SALT = secrets.token_bytes(16)


def count(steps: Iterable[Step]) -> dict[str, int]:
    """How many rows are created, updated and deleted; what is only done counts as an update."""
    counts = {"create": 0, "update": 0, "delete": 0}
    for step in steps:
        counts[word(step)] += 1
    return counts


def word(step: Step) -> str:
    """What results call the action of a step."""
    return "update" if step.action == "act" else step.action


def title(step: Step) -> str:
    """What people call a step: what it does to what."""
    return one_line(f"{word(step)} {step.resource} {spelled(step.key)}")


def fingerprint(value: Any) -> str:
    """A short salted stand-in for a secret value."""
    digest = hashlib.sha256(_SALT + repr(value).encode("utf-8", "surrogatepass")).hexdigest()
    return f"<secret {digest[:8]}>"


def diff(changes: Iterable[Step]) -> dict[str, dict[str, Any]]:
    """Before and after of all that changes, by resource and natural key; a deletion is there before and not after.

    People read it, so what has a name is called by it.

    :returns: C({"before": {resource: {key: value}}, "after": {resource: {key: value}}}).
    """
    sides: dict[str, dict[str, Any]] = {"before": {}, "after": {}}
    changes = list(changes)
    texts = _texts(changes)
    for change in changes:
        key = texts[change.resource, change.key]
        for side, fields in (("before", change.before), ("after", change.after)):
            if fields is not None:
                rows = sides[side].setdefault(change.resource, {})
                shown = _shown(change, fields)
                # One thing may change twice in a plan: other columns each time, or at last it is deleted.
                rows[key] = {**rows[key], **shown} if isinstance(rows.get(key), dict) else shown
        if change.action == "delete":
            sides["after"].get(change.resource, {}).pop(key, None)
    shown_sides: dict[str, dict[str, Any]] = visible_in(sides)
    return shown_sides


def _texts(steps: Iterable[Step]) -> dict[tuple[str, Key], str]:
    """What a diff calls rows, by resource and key: by whole uuids where names leave two of them alike."""
    found = {(step.resource, step.key): spelled(step.key) for step in steps}
    times = Counter((resource, text) for (resource, _key), text in found.items())
    return {(of, key): text if times[of, text] == 1 else " ".join(key) for (of, key), text in found.items()}


def failed_items(outcome: Outcome) -> list[dict[str, Any]]:
    """What was not done, one entry a change: C(resource), C(key), C(action), C(title), C(error)."""
    items = [_item(failure.change, reason(failure)) for failure in outcome.failed]
    return items + [_item(change, "not tried after the failures above") for change in outcome.not_done]


def failure_message(outcome: Outcome) -> str:
    """One sentence on a run that did not complete: how much was done, the first reason, what to do."""
    done, failed, left = len(outcome.done), len(outcome.failed), len(outcome.not_done)
    first = outcome.failed[0]
    return (
        f"{failed} of {done + failed + left} changes failed, {counted(done, 'was', 'were')} made, "
        f"{counted(left, 'was', 'were')} not tried. "
        f"First failure, {title(first.change)}: {reason(first)}. "
        "Running the task again finishes what is left (see failed_items)."
    )


def reason(failure: Failure) -> str:
    """Why a change failed. What the server says is left out where it was sent a secret, which it may repeat in part."""
    text = explain(failure.error, repeat=not failure.change.secret)
    return mask(text, secrets_of([failure.change]))


def secrets_of(changes: Iterable[Step]) -> set[str]:
    """The values of changes that must not be shown."""
    return {
        value
        for change in changes
        if change.secret
        for fields in (change.before, change.after)
        for value in (fields or {}).values()
        if isinstance(value, str) and len(value) >= SHORTEST
    }


def _shown(change: Step, fields: Mapping[str, Any]) -> Any:
    readable = {name: fingerprint(value) if change.secret else _named(value) for name, value in fields.items()}
    return readable["value"] if set(readable) == {"value"} else readable


def _named(value: Any) -> Any:
    if isinstance(value, NewId):
        return spelled(value.key)
    return value.label if isinstance(value, NamedId) else value


def _item(change: Step, error: str) -> dict[str, Any]:
    item = {
        "resource": change.resource,
        "key": [str(part) for part in change.key],
        "action": word(change),
        "title": title(change),
        "error": error,
    }
    shown: dict[str, Any] = visible_in(item)
    return shown
