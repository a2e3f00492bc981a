# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account of what was changed, in a file from which it can be taken back.

It is written before the first change, with all that is about to be made, and again at the end, with what was made. So
a run that is killed in between leaves one too: what of it was made is seen by what is there. Secrets are in it as
fingerprints (see C(engine/plan_file.py)), by which they are known again; what they were before is lost.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...engine import dates
from ...engine.apply import Made, Outcome
from ...engine.plan import Act, Change, DeclarationError, Key, NewId, Step
from ...engine.plan_file import fingerprint, title, write_whole
from ...engine.stored import step_data, step_of
from ...engine.task import Whom
from ...engine.visible import one_line
from ...sdk.errors import (
    BalenaConnectionError,
    BalenaError,
    BalenaInvalidResponseError,
    BalenaRequestError,
    BalenaUnknownOutcomeError,
)

FORMAT = "account/1"
#: How far the changes have come: they are about to be made; all were; some were not.
BEGUN, COMPLETE, INCOMPLETE = "begun", "complete", "incomplete"

Content = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A step that was made.

    :param step: with fingerprints instead of secrets, and without what it took to make it.
    :param sure: whether it is known that it was made; else it may have been.
    """

    step: Step
    sure: bool = True


@dataclass(frozen=True)
class Account:
    """What a file says.

    :param server: the address of the API.
    :param work: what several tasks belong to that write into one file; None: each is by itself.
    :param subjects: how many things the plans were about.
    """

    server: str
    work: str | None = None
    state: str = BEGUN
    made_at: str = ""
    salt: str = ""
    subjects: int = 0
    whom: Whom = field(default_factory=Whom)
    entries: tuple[Entry, ...] = ()

    def matches(self, value: Any, held: Any) -> bool:
        """Whether a value is the one that an entry holds, be that a fingerprint."""
        return bool(held == (value if held is None or value is None else fingerprint(str(value), self.salt)))


def opened(previous: Account | None, server: str, work: str | None, subjects: int, whom: Whom) -> Account:
    """An account that begins, or goes on with one that is not complete, or is of the same work.

    :raises DeclarationError: what was begun is not complete, and is of another server.
    """
    if previous is None or (previous.state == COMPLETE and (work is None or previous.work != work)):
        return Account(server, work, BEGUN, dates.as_stored(dates.now()), secrets.token_hex(16), subjects, whom)
    if previous.server != server:
        raise DeclarationError(
            f"account_to: the file has an account of {one_line(previous.server)} that is not complete, and this is "
            f"{server}. Say another file"
        )
    both = Whom(tuple(dict.fromkeys((*previous.whom.homes, *whom.homes))), {**previous.whom.names, **whom.names})
    return replace(previous, work=work, state=BEGUN, subjects=max(previous.subjects, subjects), whom=both)


def begun(account: Account, steps: Iterable[Step]) -> Account:
    """The account before the first change."""
    return _with(account, BEGUN, [(step, False) for step in steps], {})


def ended(account: Account, outcome: Outcome) -> Account:
    """The account after the last change."""
    failed = [one for one in (*outcome.earlier, *outcome.failed) if _may_be_made(one.error)]
    steps = [*((one.change, False) for one in failed), *((step, True) for step in outcome.done)]
    return _with(account, COMPLETE if outcome.complete else INCOMPLETE, steps, outcome.made)


def _may_be_made(error: BalenaError) -> bool:
    if isinstance(error, BalenaRequestError):
        return error.status_code >= 500
    return isinstance(error, (BalenaConnectionError, BalenaInvalidResponseError, BalenaUnknownOutcomeError))


def _with(
    account: Account, state: str, steps: Iterable[tuple[Step, bool]], made: Mapping[tuple[str, Key], Made]
) -> Account:
    entries = [
        Entry(_kept(_known(step, made), account.salt), sure)
        for step, sure in steps
        if not (isinstance(step, Act) and step.leaves_no_trace)
    ]
    return replace(account, state=state, entries=(*account.entries, *entries))


def _known(step: Step, made: Mapping[tuple[str, Key], Made]) -> Step:
    """A step with the ids of rows that were made instead of what stands for them."""
    if isinstance(step, Act):
        return step

    def known(value: Any) -> Any:
        found = made.get((value.resource, value.key)) if isinstance(value, NewId) else None
        return found.id if found and found.id is not None else value

    new = known(step.new) if step.new else None
    own = made.get((step.resource, step.key)) if step.action == "create" else None
    return replace(
        step,
        id=own.id if own else new if isinstance(new, int) else step.id,
        identity={name: known(value) for name, value in step.identity.items()},
        after=None if step.after is None else {name: known(value) for name, value in step.after.items()},
    )


def _kept(step: Step, salt: str) -> Step:
    return step_of(_data(step, salt))


def _data(step: Step, salt: str) -> Content:
    bare = replace(step, needs=(), arguments={})
    if isinstance(bare, Change) and bare.kept:
        bare = replace(bare, secret=False)
    found: Content = json.loads(json.dumps(step_data(bare, lambda value: fingerprint(value, salt))))
    return {**found, "action": step.action}


def write(path: str, account: Account) -> None:
    """Write a file that only the user can read; it is whole, or as it was before.

    :raises DeclarationError: it cannot be written.
    """
    content: Content = {
        "format": FORMAT,
        "server": account.server,
        "fleets": list(account.whom.homes),
        "made_at": account.made_at,
        "state": account.state,
        "work": account.work,
        "salt": account.salt,
        "subjects": account.subjects,
        "names": dict(account.whom.names),
        "not_kept": _not_kept(account),
        "steps": [_entry(entry) for entry in account.entries],
    }
    text = json.dumps({**content, "digest": _digest(content)}, ensure_ascii=False, indent=2, sort_keys=True)
    write_whole(path, f"{text}\n".encode("utf-8", "surrogatepass"), "account_to")


def _entry(entry: Entry) -> Content:
    # What is secret is a fingerprint already.
    found: Content = json.loads(json.dumps(step_data(entry.step, lambda value: value)))
    return {**found, "action": entry.step.action, "sure": entry.sure}


def _not_kept(account: Account) -> list[str]:
    """What cannot be given back because its former value is a secret."""
    hidden = [entry.step for entry in account.entries if entry.step.secret and entry.step.before]
    return [
        title({"action": step.action, "resource": step.resource, "key": step.key}, account.whom.names)
        for step in hidden
    ]


def _digest(content: Content) -> str:
    text = json.dumps(content, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()


def parse_file(path: str, option: str = "account") -> Account:
    """What L(write) has written.

    :param option: what the file is called by, for the message.
    :raises DeclarationError: it cannot be read, is something else, or was changed since.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8", errors="surrogatepass"))
    except OSError as error:
        raise DeclarationError(f"{option}: {path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        content = None
    known = content.get("format") if isinstance(content, dict) else None
    if not isinstance(known, str) or not known.startswith("account/"):
        raise DeclarationError(f"{option}: {path} is not an account that account_to has written")
    if known != FORMAT:
        raise DeclarationError(
            f"{option}: {path} has the format {one_line(known)[:40]}, and this version of the collection reads {FORMAT}"
        )
    if content.pop("digest", None) != _digest(content):
        raise DeclarationError(f"{option}: {path} was changed since it was written, so nothing is undone by it")
    try:
        return _account(content)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DeclarationError(f"{option}: {path} is not an account that account_to has written") from None


def _account(content: Content) -> Account:
    bytes.fromhex(content["salt"])
    entries = []
    for step in content["steps"]:
        sure = step.pop("sure")
        found = step_of(step)
        if found.action not in ("create", "update", "delete", "act") or not found.key:
            raise ValueError(found.action)
        entries.append(Entry(found, bool(sure)))
    whom = Whom(tuple(map(str, content["fleets"])), dict(content["names"]))
    return Account(
        str(content["server"]),
        content["work"],
        content["state"],
        content["made_at"],
        content["salt"],
        int(content["subjects"]),
        whom,
        tuple(entries),
    )


def previous(path: str) -> Account | None:
    """The account that a file has, which is about to be written; None if there is no such file.

    :raises DeclarationError: it is something else, which is not overwritten.
    """
    return parse_file(path, "account_to") if Path(path).exists() else None


def changes_of(entries: Iterable[Entry]) -> Iterable[tuple[Change, bool]]:
    """The changes of rows among entries, and whether each is known to be made."""
    return ((entry.step, entry.sure) for entry in entries if isinstance(entry.step, Change))
