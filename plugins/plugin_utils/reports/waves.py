# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to say of waves of devices: of a rollout, or of an update of the host OS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...module_utils.engine import dates
from ...module_utils.engine.visible import one_line
from ...module_utils.engine.wording import counted
from .model import BAD, GOOD, SOFT, Bar, Bars, Device, Group, Part, Span, Topic, clip

Account = Mapping[str, Any]
#: The states of an account in which all is as it was meant.
_FINE = {"finished", "foreseen", "unchanged"}
#: Those of which nobody who has seen every wave pass needs to be told more.
_SEEN = {"finished", "foreseen"}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def waves_part(account: Account, names: Mapping[str, str]) -> Part:
    """The waves, what came of them, and the devices that are not done.

    :param account: C(rollout_result) or C(os_update_result).
    :param names: what devices are called, by uuid, where the account has no names.
    """
    waves = list(account.get("waves") or ())
    named = {**names, **_names(waves)}
    state = str(account.get("state", ""))
    return Part(
        _title(account),
        clip(state.replace("_", " ")),
        GOOD if state in _FINE else BAD,
        [clip(line) for line in _lines(account)],
        list(_spans(account, waves)),
        [Bars("Waves", [_bar(wave) for wave in waves])] if waves else [],
        list(_topics(account, waves, named)),
    )


def _title(account: Account) -> str:
    if "release" in account:
        version = dict(account["release"] or {}).get("version", "")
        return clip(f"Release {version} for {account.get('application', '')}")
    what = [f"balenaOS {account['version']}"] if account.get("version") else []
    what += [f"supervisor {account['supervisor_version']}"] if account.get("supervisor_version") else []
    return clip(" and ".join(what) or "Waves")


def _names(waves: Sequence[Account]) -> dict[str, str]:
    """The names that the rows of the account have."""
    rows = [row for wave in waves for part in ("devices", "failed", "pending") for row in wave.get(part) or ()]
    return {str(row["uuid"]): str(row["name"]) for row in rows if isinstance(row, Mapping) and row.get("name")}


def _lines(account: Account) -> Iterator[str]:
    if account.get("problem"):
        yield str(account["problem"])
    began, ended = (dates.read(account.get(name)) for name in ("began", "ended"))
    if began and ended:
        lasted = _lasting((ended - began).total_seconds())
        yield f"From {began:%Y-%m-%d %H:%M} to {ended:%Y-%m-%d %H:%M} UTC, {lasted}"
    for wave in account.get("empty_waves") or ():
        yield f"Wave {wave.get('number')} ({wave.get('name')}) adds nobody: {wave.get('reason')}"


def _lasting(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return counted(round(seconds / size), unit)
    return counted(round(seconds), "second")


def _spans(account: Account, waves: Sequence[Account]) -> Iterator[Span]:
    """The waves one after the other; each begins, as far as is known, when the one before it has ended."""
    began = dates.read(account.get("began"))
    for wave in waves:
        ended = dates.read(wave.get("ended"))
        if began and ended:
            seconds = max(0.0, (ended - began).total_seconds())
            yield Span(_name(wave), seconds, _tone(wave), f"{began:%H:%M} to {ended:%H:%M}, {_lasting(seconds)}")
        began = ended


def _name(wave: Account) -> str:
    return clip(f"Wave {wave.get('number')} ({wave.get('name')})")


def _tone(wave: Account) -> str:
    return SOFT if wave.get("passed") is None else GOOD if wave["passed"] else BAD


def _number(value: Any) -> int:
    return value if isinstance(value, int) else len(value or ())


def _bar(wave: Account) -> Bar:
    done, failed, pending = (_number(wave.get(name)) for name in ("done", "failed", "pending"))
    total = max(_number(wave.get("total")), done + failed + pending)
    said = f"{done} of {counted(total, 'device')} done, {failed} failed, {pending} pending: {_result(wave)}"
    return Bar(_name(wave), [(GOOD, done), (BAD, failed), (SOFT, pending)], total, said)


def _topics(account: Account, waves: Sequence[Account], names: Mapping[str, str]) -> Iterator[Topic]:
    last = waves[-1] if waves else {}
    for part, tone in (("failed", BAD), ("pending", SOFT)):
        rows = _rows(last.get(part), names)
        if rows:
            yield Topic(part.capitalize(), _by_reason(rows, tone), len(rows))
    back = _rows(account.get("rolled_back"), names)
    if back:
        told: dict[str, list[Device]] = {}
        for row in back:
            told.setdefault(str(row.get("target", "")), []).append(Device.of(row))
        groups = [_group(f"have {where} as their target again", found, GOOD) for where, found in sorted(told.items())]
        yield Topic("Rolled back", groups, len(back))
    groups = [_of_wave(wave, names) for wave in waves]
    if groups:
        yield Topic("Devices by wave", groups, sum(group.number for group in groups))


def _of_wave(wave: Account, names: Mapping[str, str]) -> Group:
    return _group(_name(wave), [Device.of(row) for row in _rows(wave.get("devices"), names)], SOFT)


def _rows(rows: Any, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Devices as rows with their names, be they rows already or only uuids."""
    found = [dict(row) if isinstance(row, Mapping) else {"uuid": row} for row in rows or ()]
    return [{**row, "name": row.get("name") or names.get(str(row.get("uuid")))} for row in found]


def _by_reason(rows: Sequence[Mapping[str, Any]], tone: str) -> list[Group]:
    told: dict[str, list[Device]] = {}
    for row in rows:
        told.setdefault(str(row.get("reason") or "no reason is known"), []).append(Device.of(row))
    return [_group(reason, found, tone) for reason, found in sorted(told.items(), key=lambda pair: -len(pair[1]))]


def _group(title: str, devices: Sequence[Device], tone: str) -> Group:
    return Group(clip(title), devices, len(devices), tone)


def summary(account: Account) -> list[str]:
    """The account as a table, and what is wrong."""
    state = str(account.get("state", "")).replace("_", " ")
    title = _title(account) if "release" in account else "OS update"
    lines = [f"{title}: {state}"]
    waves = list(account.get("waves") or ())
    if waves:
        lines.append("wave  name        reached    done  failed  pending  result")
        lines += map(_row, sorted([*waves, *(account.get("empty_waves") or ())], key=lambda wave: wave["number"]))
    elif "release" not in account and not account.get("problem"):
        lines.append("No device needs anything")
    if account.get("state") == "unchanged":
        lines.append(
            "No rollout was under way and nothing has this release as its target, so there was nothing to undo"
        )
    if account.get("state") == "rolled_back":
        back = counted(len(account.get("rolled_back") or ()), "device has its", "devices have their")
        lines.append(f"{back} former target again")
    lines += [str(account["problem"])] if account.get("problem") else []
    return [one_line(line) for line in lines]


def brief(account: Account) -> list[str]:
    """The same for somebody who has watched the waves: the table only where something is left to be said."""
    lines = summary(account)
    said = account.get("problem") or account.get("empty_waves") or account.get("state") not in _SEEN
    return lines if said or not all(map(_is_whole, account.get("waves") or ())) else lines[:1]


def _is_whole(wave: Account) -> bool:
    """Whether every device of a wave is done, or nothing was done yet."""
    return not (_number(wave.get("failed")) or _number(wave.get("pending"))) and wave.get("passed") is not False


def _row(wave: Account) -> str:
    begin = f"{wave['number']:4}  {wave.get('name', ''):10} {wave.get('total', 0):8}"
    if "reason" in wave:
        return f"{begin} {'-':>7} {'-':>7} {'-':>8}  adds nobody: {wave['reason']}"
    done, failed, pending = (_number(wave.get(name)) for name in ("done", "failed", "pending"))
    return f"{begin} {done:7} {failed:7} {pending:8}  {_result(wave)}"


def _result(wave: Account) -> str:
    if wave.get("passed") is None and not wave.get("problem"):
        return "foreseen"
    return "passed" if wave.get("passed") else "did not pass"
