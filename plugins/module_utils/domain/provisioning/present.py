# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that are there: for whom they are, in what they differ, and whether their keys are still accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...sdk.errors import BalenaNotLoggedIn, BalenaRequestError, BalenaUsageError
from ..devices.subjects import Subject
from ..query import Record
from . import contents, files
from .subjects import Entry

if TYPE_CHECKING:
    from ...sdk import Balena


@dataclass(frozen=True)
class Job:
    """A config.json that is declared.

    :param entry: the device that it is for; None: the application as a whole.
    :param device_type: of the device, or of those that shall join.
    :param dest: where it belongs; None: it is returned.
    :param found: what is there.
    :param key: the key that goes on to be used; None: a new one is made.
    :param differs: the names in which the file differs from what it should be.
    """

    entry: Entry | None
    device_type: Record
    dest: Path | None
    found: files.Found | None = None
    key: str | None = None
    differs: tuple[str, ...] = ()

    @property
    def subject(self) -> Subject | None:
        """The device."""
        return self.entry.subject if self.entry else None

    @property
    def reuse(self) -> bool:
        """Whether the new file is made of the old one."""
        return bool(self.found and self.key and not {"applicationId", "deviceType"} & set(self.differs))


def look(
    balena: Balena, jobs: Sequence[Job], application: Record, settings: Mapping[str, Any], *, verify: bool
) -> list[Job]:
    """The jobs with what is there already.

    :param settings: what the files should hold.
    :param verify: ask the server whether the keys in the files are accepted; a request for each file that is right.
    :raises DeclarationError: a file that cannot be read.
    """
    seen = [_seen(job, application, settings) for job in jobs]
    asked = [job for job in seen if job.key]
    if not (verify and asked):
        return seen
    with ThreadPoolExecutor(min(balena.options.max_connections, len(asked))) as pool:
        good = dict(
            zip(map(id, asked), pool.map(lambda job: _is_accepted(balena, job, application), asked), strict=True)
        )
    return [job if good.get(id(job), True) else replace(job, key=None, differs=(*job.differs, "key")) for job in seen]


def _seen(job: Job, application: Record, settings: Mapping[str, Any]) -> Job:
    found = files.read(job.dest) if job.dest else None
    if found is None or found.content is None:
        return replace(job, found=found, differs=("everything",) if found else ())
    identity: dict[str, Any] = {"applicationId": application["id"], "deviceType": job.device_type["slug"]}
    subject, name = job.subject, "apiKey"
    if subject:
        name = "deviceApiKey"
        identity |= {"uuid": subject.uuid, "deviceId": subject.found["id"] if subject.found else None}
    else:
        identity |= {"uuid": None}
    differs = contents.differences(found.content, settings, identity)
    # A key belongs to who the file is for; to nobody else.
    same = not identity.keys() & set(differs) and (subject is None or subject.found is not None)
    key = found.content.get(name)
    key = key if same and isinstance(key, str) and key else None
    return replace(job, found=found, key=key, differs=(*differs, *(() if key else ("key",))))


def _is_accepted(balena: Balena, job: Job, application: Record) -> bool:
    """Whether the server still takes the key in a file for what the file is for."""
    return accepts(balena, str(job.key), job.subject.uuid if job.subject else None, application["id"])


def accepts(balena: Balena, key: str, uuid: str | None, application: int) -> bool:
    """Whether the server takes a key for that of a device, or for one of an application."""
    path = f"/v7/device(uuid='{uuid}')" if uuid else f"/v7/application({application})"
    try:
        answer = balena.request.send(
            url=path,
            base_url=balena.options.api_root,
            qs={"$select": "id"},
            api_key=key,
            send_token=False,
            shape="object",
        ).body
    except (BalenaNotLoggedIn, BalenaUsageError):  # no text that is a key
        return False
    except BalenaRequestError as error:
        if error.status_code not in (401, 403):
            raise
        return False
    return bool(answer.get("d")) if uuid else True


def contents_of(job: Job) -> dict[str, Any]:
    """A file as a diff shows it: for whom it is, and in what it differs, but no value of it."""
    found = job.found
    held = (found.content if found else None) or {}
    shown = held.get("uuid") or held.get("applicationName") or held.get("applicationId")
    return {
        "for": str(shown) if shown else "something else",
        "mode": f"{found.mode:04o}" if found else None,
        **{name: "other" for name in job.differs if name not in ("everything", "uuid")},
    }
