# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of single devices that hide those of the fleet or of a service, and that no document declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ...engine.plan import Change
from ..query import Record
from .document import Document, Secret, Value, Values
from .findings import HIDDEN, Finding
from .likely_secrets import is_likely_secret
from .members import Member
from .snapshot import LiveFleet

_OF_SERVICES = "device_service_environment_variable"


@dataclass
class _Inherited:
    """The variables that devices have from their fleet, as they are and as they are declared.

    :param there: the names, by the service; the fleet's under None.
    :param declared: the values that the document has of them.
    """

    there: dict[str | None, set[str]] = field(default_factory=dict)
    declared: dict[str | None, Values] = field(default_factory=dict)

    def add(self, service: str | None, rows: Sequence[Record], values: Values) -> None:
        """Note the variables of the fleet or of one service."""
        self.there[service] = {row["name"] for row in rows} | {name for name, value in values.items() if value}
        self.declared[service] = values

    def hides(self, name: str, service: str | None) -> list[str | None]:
        """Where there is a variable that one of a device hides: one for a service hides the fleet's and its own."""
        places = list(self.there) if service is None else [place for place in (service, None) if place in self.there]
        return [place for place in places if name in self.there[place]]


def override_findings(
    document: Document, fleet: LiveFleet, members: Sequence[Member], changes: Sequence[Change]
) -> Iterator[Finding]:
    """The overrides that the document does not declare and the plan does not change."""
    planned = {(change.resource, change.key) for change in changes}
    secret = document.secret_variables()
    env, config = _inherited(document, fleet)
    for member in members:
        row, layer = member.row, member.holds
        own: list[tuple[_Inherited, str | None, str, Sequence[Record], Values]] = [
            (config, None, "device_config_variable", row["device_config_variable"], layer.config),
            (env, None, "device_environment_variable", row["device_environment_variable"], layer.env),
        ]
        for name, install in sorted(fleet.installs(row).items()):
            own.append((env, name, _OF_SERVICES, install[_OF_SERVICES], layer.services.get(name, {})))
        for inherited, service, resource, rows, declared in own:
            for variable in rows:
                name = variable["name"]
                key = (row["uuid"], *([service] if service else []), name)
                hidden = inherited.hides(name, service)
                if hidden and name not in declared and (resource, key) not in planned:
                    yield _finding(row, service, variable, inherited, hidden[0], secret)


def _inherited(document: Document, fleet: LiveFleet) -> tuple[_Inherited, _Inherited]:
    """Environment variables, and config variables."""
    row, env, config = fleet.application, _Inherited(), _Inherited()
    env.add(None, row["application_environment_variable"], document.env)
    config.add(None, row["application_config_variable"], document.config)
    live = {service["service_name"]: service["service_environment_variable"] for service in row["service"]}
    for service in sorted({*live, *document.services}):
        env.add(service, live.get(service, ()), document.services.get(service, {}))
    return env, config


def _finding(
    device: Record,
    service: str | None,
    variable: Record,
    inherited: _Inherited,
    hidden: str | None,
    secret: frozenset[str],
) -> Finding:
    name = variable["name"]
    declared = inherited.declared[hidden].get(name)
    actual: Value = HIDDEN if name in secret or is_likely_secret(name, variable["value"]) else variable["value"]
    shown = declared if actual != HIDDEN and not isinstance(declared, Secret) else declared and HIDDEN
    whose = f"the service {hidden}'s" if hidden else "the fleet's"
    where = f" for the service {service}" if service else ""
    text = f"has a variable {name}{where} of its own, which hides {whose} and which the document does not declare"
    full_name = f"{service} {name}" if service else name
    return Finding.of(device, "override", text, name=full_name, declared=shown, actual=actual)
