# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with which devices join an application, and the registration of the devices that they are for."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...engine import dates
from ...engine.apply import Outcome
from ...engine.plan import Change, DeclarationError, Need, Plan
from ...engine.report import SENSITIVE
from ...engine.stored import Secret
from ...engine.task import Task
from ...sdk._related import related
from ..devices.plan import check_architecture, check_types, find_home, type_of
from ..devices.types import architecture, find_all, named, runs_containers_for
from ..query import Record
from . import contents, files, settings
from .options import Want
from .present import Job, accepts, contents_of, look
from .subjects import Entry, find
from .writers import DEVICE_KEY, FILE, TEMPLATE, WRITERS, content

if TYPE_CHECKING:
    from ...sdk import Balena

#: How many devices are registered before their files are written. What stops a run in between loses no more keys.
BATCH = 50
#: With this key devices are registered; nobody is told it.
_KEY_NAME = "Registers devices for balena_config"
_KEY_SECONDS = 86_400


@dataclass(frozen=True)
class _Known:
    """What a declaration means, and what is there."""

    want: Want
    application: Record
    content: contents.Wanted
    jobs: Sequence[Job]

    @property
    def slug(self) -> str:
        """What people call the application."""
        return str(self.application["slug"])


def plan(balena: Balena, want: Want) -> Task:
    """What has to change for files to be there, and the devices that they are for.

    :param want: the options of the module balena_config.
    :raises DeclarationError: options that do not fit each other, a device or a folder that cannot be used.
    """
    said = contents.wanted(want)
    _check(want)
    application = find_home(balena, want["application"])
    entries = find(balena, want, application)
    _check_kind(want, bool(entries))
    jobs = _jobs(balena, want, application, entries)
    seen = look(balena, jobs, application, said.settings, verify=want["verify_keys"])
    known = _Known(want, application, said, [_with_given_key(balena, want, application, job) for job in seen])
    changes = _changes(known)
    result = {"configs": [_shown(known, job, None) for job in known.jobs]}

    def told(outcome: Outcome) -> dict[str, Any]:
        shown = [_shown(known, job, outcome) for job in known.jobs]
        return {"configs": shown, **({SENSITIVE: True} if any("content" in one for one in shown) else {})}

    return Task(Plan(tuple(changes), max(1, len(entries)), result), WRITERS, result=told)


def _check(want: Want) -> None:
    if want["each"] == []:
        raise DeclarationError("each is an empty list. Leave it out for a config.json of the application as a whole")
    contents.provisioning_key(want)


def _check_kind(want: Want, devices: bool) -> None:
    """Refuse options of devices where there are none, and the other way round.

    :raises DeclarationError: names them.
    """
    useless: Final = (
        ("provisioning_key_name", "provisioning_key_expires") if devices else ("note", "tags", "env", "device_api_key")
    )
    given = [name for name in useless if want[name] is not None]
    if given:
        what = "devices, which have keys of their own" if devices else "an application as a whole"
        raise DeclarationError(f"{', '.join(given)} cannot be used for {what}")
    if want["device_api_key"] is not None and want["each"] is not None:
        raise DeclarationError("device_api_key is the key of one device, and each is for several")


def _jobs(balena: Balena, want: Want, application: Record, entries: Sequence[Entry]) -> list[Job]:
    dest = Path(want["dest"]) if want["dest"] else None
    many = want["each"] is not None
    if dest:
        files.check_folder(dest if many else dest.parent, made=many)
    names = {entry.subject.wanted["device_type"] for entry in entries if entry.subject.wanted.get("device_type")}
    if want["device_type"]:
        names.add(want["device_type"])
    types = find_all(balena, names)
    subjects = [entry.subject for entry in entries]
    check_types(subjects, types)
    if not entries:
        return [Job(None, _type_of_joining(want, application, types), dest)]
    check_architecture(subjects, application, types)
    return [
        Job(
            entry,
            type_of(entry.subject, application, types),
            dest / f"{entry.serial or entry.subject.uuid}.json" if dest and many else dest,
        )
        for entry in entries
    ]


def _type_of_joining(want: Want, application: Record, types: Mapping[str, Record]) -> Record:
    """The device type of those that shall join an application."""
    built_for = related(application, "is_for__device_type")
    name = want["device_type"]
    if not name or runs_containers_for(types[name], built_for):
        return types[name] if name else built_for
    raise DeclarationError(
        f"device_type '{name}' has the CPU architecture {architecture(types[name])} and cannot run the containers of "
        f"application '{application['slug']}', which are for {architecture(built_for)}"
    )


def _with_given_key(balena: Balena, want: Want, application: Record, job: Job) -> Job:
    """A job with the key that the task gives.

    :raises DeclarationError: the key is not one of the device.
    """
    given, subject = want["device_api_key"], job.subject
    if not given or subject is None:
        return job
    if subject.found and want["verify_keys"] and not accepts(balena, given, subject.uuid, application["id"]):
        raise DeclarationError(f"device_api_key is not a key of device {subject.label} that the server accepts")
    differs = job.differs if job.key == given else tuple(dict.fromkeys([*job.differs, "key"]))
    return Job(job.entry, job.device_type, job.dest, job.found, job.key, differs if job.found else ())


def _is_due(job: Job) -> bool:
    """Whether a file has to be written, or returned."""
    return job.found is None or bool(job.differs) or job.found.mode != files.MODE


def _changes(known: _Known) -> list[Change]:
    registered = [_registration(known, job) for job in known.jobs]
    keys = [_new_key(known, job) for job in known.jobs]
    written = [_file(known, job) for job in known.jobs]
    changes = _templates(known, [job for job, new, key in zip(known.jobs, registered, keys, strict=True) if new or key])
    for start in range(0, len(known.jobs), BATCH):
        for steps in (registered, keys, written):
            changes += [step for step in steps[start : start + BATCH] if step]
    return changes + settings.changes([job.subject for job in known.jobs if job.subject])


def _key_of(known: _Known, job: Job) -> tuple[str, str]:
    """What people call the config.json that the server makes for a device type."""
    return (known.slug, job.device_type["slug"])


def _templates(known: _Known, in_need: Sequence[Job]) -> list[Change]:
    """One config.json of the server for each device type, with a key that lasts as long as it is needed.

    :param in_need: the jobs whose devices are to be registered, or get another key.
    """
    due = [*in_need, *(job for job in known.jobs if _is_due(job) and not job.reuse)]
    found: dict[tuple[str, str], Change] = {}
    for job in due:
        key = _key_of(known, job)
        if key not in found:
            found[key] = _template(known, job, key)
    return list(found.values())


def _template(known: _Known, job: Job, key: tuple[str, str]) -> Change:
    shown = contents.provisioning_key(known.want)
    asked = dict(shown)
    if job.subject:
        shown = {"name": _KEY_NAME}
        asked = {"name": _KEY_NAME, "expires": dates.as_stored(dates.later(dates.now(), _KEY_SECONDS, "a key"))}
    wifi_key = known.content.options.get("wifi_key")
    options = {
        **known.content.options,
        "wifi_key": Secret(wifi_key) if wifi_key else None,
        "device_type": job.device_type["slug"],
        "provisioning_key_name": asked["name"],
        "provisioning_key_expiry_date": asked["expires"],
    }
    arguments = {"application": known.application["id"], "options": options}
    return Change(
        "create", TEMPLATE, key, None, {name: value for name, value in shown.items() if value}, {}, arguments=arguments
    )


def _registration(known: _Known, job: Job) -> Change | None:
    subject = job.subject
    if subject is None or subject.found:
        return None
    home, template = known.application, _key_of(known, job)
    after = {
        "belongs_to__application": settings.home(home),
        "is_of__device_type": named(job.device_type),
    }
    given = known.want["device_api_key"]
    arguments = {
        "template": list(template),
        "device_type": job.device_type["slug"],
        **({"key": Secret(given)} if given else {}),
    }
    needs = (Need(TEMPLATE, "create", template),)
    return Change(
        "create", "device", subject.key, None, after, {"uuid": subject.uuid}, needs=needs, arguments=arguments
    )


def _new_key(known: _Known, job: Job) -> Change | None:
    """A key of a device that exists, and whose own is not known."""
    subject = job.subject
    if subject is None or not subject.found or job.key or known.want["device_api_key"] or not _is_due(job):
        return None
    return Change("create", DEVICE_KEY, subject.key, None, {}, {"device": subject.found["id"]})


def _arguments(known: _Known, job: Job) -> dict[str, Any]:
    """What it takes to make the text of a config.json."""
    subject, given = job.subject, known.want["device_api_key"]
    wifi_key = known.content.settings["wifiKey"]
    device = subject and {
        "key": list(subject.key),
        "uuid": subject.uuid,
        "id": subject.found["id"] if subject.found else None,
        "device_type": job.device_type["slug"],
        "secret": Secret(given) if given else None,
    }
    return {
        "dest": str(job.dest) if job.dest else None,
        "reuse": job.reuse,
        "template": list(_key_of(known, job)),
        "settings": {**known.content.settings, "wifiKey": Secret(wifi_key) if wifi_key else None},
        "device": device,
    }


def _file(known: _Known, job: Job) -> Change | None:
    if job.dest is None or not _is_due(job):
        return None
    subject = job.subject
    after = {"for": subject.uuid if subject else known.slug, "mode": f"{files.MODE:04o}"}
    needs = [] if job.reuse else [Need(TEMPLATE, "create", _key_of(known, job))]
    if subject:
        needs += [Need("device", "create", subject.key), Need(DEVICE_KEY, "create", subject.key)]
    before = contents_of(job) if job.found else None
    return Change(
        "update" if job.found else "create",
        FILE,
        (str(job.dest),),
        before,
        {**after, **{name: "as declared" for name in before or {} if name not in after}},
        needs=tuple(needs),
        arguments=_arguments(known, job),
    )


def _shown(known: _Known, job: Job, outcome: Outcome | None) -> dict[str, Any]:
    """A config.json as tasks return it: for whom it is, where it is, and, if it is nowhere, what it holds."""
    subject = job.subject
    found = (subject.found if subject else None) or {}
    made = outcome.made.get(("device", subject.key)) if outcome and subject else None
    shown: dict[str, Any] = {
        "application": known.slug,
        "uuid": subject.uuid if subject else None,
        "id": found.get("id") or (made.id if made else None),
        "serial": job.entry.serial if job.entry else None,
        "name": (subject.wanted.get("name") or found.get("device_name")) if subject else None,
        "device_type": job.device_type["slug"],
        "dest": str(job.dest) if job.dest else None,
    }
    if (
        outcome
        and job.dest is None
        and (TEMPLATE, _key_of(known, job)) in outcome.made
        and (found or made or not subject)
    ):
        text = content(_arguments(known, job), outcome)
        shown["content"] = base64.b64encode(text.encode()).decode()
    return shown
