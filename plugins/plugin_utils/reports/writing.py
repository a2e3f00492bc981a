# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report in one of its forms: the one place that makes reports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from ...module_utils.engine import dates
from ...module_utils.engine.plan import DeclarationError
from . import drift, waves
from .html_page import page
from .mail import mail
from .markdown import markdown
from .model import Report
from .room import fitted

#: What the ends of names of files mean.
_ENDINGS = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown", ".json": "json"}
_WRITERS = {"html": page, "mail": mail, "markdown": markdown}
_MEANT = {
    "rollout": "rollout_result",
    "os_update": "os_update_result",
    "drift": "what balena_fleet returns as drift, nor a list of that",
}
TITLES = {"rollout": "Rollout", "os_update": "Update of the host OS", "drift": "Drift of balena fleets"}


def checked(kind: str, data: Any) -> Any:
    """The data, if it can be what it is said to be.

    :raises DeclarationError: it is something else.
    """
    known = "findings" if kind == "drift" else "state"
    if not all(isinstance(one, Mapping) and known in one for one in _listed(data)):
        raise DeclarationError(f"data is not {_MEANT[kind]}: it has no {known}")
    return data


def form_of(path: str, wanted: str | None = None) -> str | None:
    """The form that a file should have; None if its name does not say it.

    :param wanted: the form that is asked for. C(mail) means those of the files that are HTML.
    """
    endings = [ending.lower() for ending in PurePath(path).suffixes[-2:]]
    found = _ENDINGS.get(endings[-1]) if endings else None
    if found in (None, "html") and (wanted == "mail" or (found and ".mail" in endings)):
        return "mail"
    return found or wanted


def report_of(
    kind: str, data: Any, *, names: Mapping[str, str] | None = None, title: str | None = None, dashboard: str = ""
) -> Report:
    """What there is to say.

    :param kind: one of L(TITLES).
    :param data: an account of waves, or the drift of one fleet or several.
    :param names: what devices are called, by uuid, where the data has no names.
    :param dashboard: the root of the dashboard; empty without one.
    """
    if kind == "drift":
        parts = drift.drift_parts(_listed(data))
    else:
        parts = [waves.waves_part(account, names or {}) for account in _listed(data)]
    root = f"{dashboard.rstrip('/')}/" if dashboard else ""
    return Report(title or TITLES[kind], f"{dates.now():%Y-%m-%d %H:%M} UTC", parts, root)


def written(report: Report, data: Any, form: str) -> str:
    """The text of a file.

    :param data: what the report is made of, which C(json) is.
    :param form: C(html), C(mail), C(markdown) or C(json).
    """
    if form == "json":
        return json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    return _WRITERS[form](fitted(report, form))


def summary(kind: str, data: Any) -> list[str]:
    """The same in a few lines."""
    if kind == "drift":
        return drift.summary(_listed(data))
    return [line for account in _listed(data) for line in waves.summary(account)]


def shown(kind: str, data: Any) -> list[str]:
    """The lines for whoever watches: of waves that all passed, the account is short."""
    if kind == "drift":
        return summary(kind, data)
    return [line for account in _listed(data) for line in waves.brief(account)]


def _listed(data: Any) -> Sequence[Any]:
    return data if isinstance(data, Sequence) and not isinstance(data, str) else [data]
