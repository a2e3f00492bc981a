# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds: a YAML description of fleets and their devices becomes rows of the store.

The form is described in `README.md`; `seeds/demo.yml` shows most of it. Names, uuids, commits and everything that a
seed leaves to chance follow from the seed's own `random_seed`, so that the same file gives the same fleet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..simulation.builds import ReleaseSpec, make_release
from .devices import DeviceTemplate, Fleet

if TYPE_CHECKING:
    from ..inside import InsideClient
    from ..simulation.clock import Clock
    from ..store.store import Store

DAY = 86400.0
SEED_KEYS = frozenset({"random_seed", "organizations", "applications", "faults", "simulation"})
APPLICATION_KEYS = frozenset(
    "name organization device_type class tags env config build_env services releases pin track_latest devices "
    "public archived".split()
)
RELEASE_KEYS = frozenset(
    "version commit status final age_days tags note invalidated known_issues phase passing_tests".split()
)
# Of a release's keys, those that are a field under another name or by themselves.
RELEASE_FIELDS = {
    "status": "status",
    "note": "note",
    "invalidated": "is_invalidated",
    "known_issues": "known_issue_list",
    "phase": "phase",
    "passing_tests": "is_passing_tests",
}


class Seeder:
    """Puts seeds into a store: fleets through the API, so that its rules hold; devices in bulk.

    devices: number of devices that each device template makes, instead of its own `count`.
    """

    def __init__(self, client: InsideClient, store: Store, clock: Clock, devices: int | None = None) -> None:
        self._client = client
        self._store = store
        self._clock = clock
        self._devices = devices
        self._random_seed = "0"
        self._made: dict[str, int] = {}

    def apply(self, seed: Mapping[str, Any]) -> dict[str, int]:
        """Add what the seed describes; number of new rows by resource. Raises ValueError for an unknown key."""
        check_keys("seed", seed, SEED_KEYS)
        self._random_seed = str(seed.get("random_seed", 0))
        self._made = {}
        for organization in seed.get("organizations", []):
            self._organization(organization["name"], organization.get("handle"))
        for application in seed.get("applications", []):
            self._application(application)
        return dict(self._made)

    def _organization(self, name: str, handle: str | None = None) -> int:
        handle = handle or name.lower()
        found = self._store.ids("organization", handle=handle)
        if found:
            return found[0]
        # Not through the API: the open server makes none.
        organization = self._store.insert("organization", name=name, handle=handle)
        admin = self._client.one("user", "username eq 'admin'")
        roles = self._store.ids("organization_membership_role", name="administrator")
        role = {"organization_membership_role": roles[0], "effective_seat_role": "administrator"} if roles else {}
        self._store.insert("organization_membership", user=admin, is_member_of__organization=organization, **role)
        self._count("organization", 1)
        return organization

    def _application(self, seed: Mapping[str, Any]) -> None:
        check_keys("application", seed, APPLICATION_KEYS)
        slug = f"{seed.get('organization', 'acme')}/{seed['name']}".lower()
        type_slug = seed.get("device_type", "raspberrypi4-64")
        device_type = self._client.one("device_type", f"slug eq '{type_slug}'")
        application = self._add(
            "application",
            app_name=seed["name"],
            uuid=stable_uuid(self._random_seed, "application", slug),
            organization=self._organization(seed.get("organization", "acme")),
            is_for__device_type=device_type,
            is_of__class=seed.get("class", "fleet"),
            is_public=seed.get("public", False),
        )
        self._pairs("application_tag", "tag_key", {"application": application}, seed.get("tags"))
        self._pairs("application_environment_variable", "name", {"application": application}, seed.get("env"))
        self._pairs("application_config_variable", "name", {"application": application}, seed.get("config"))
        self._pairs("build_environment_variable", "name", {"application": application}, seed.get("build_env"))
        services = self._services(application, seed.get("services", ["main"]))
        releases = self._releases(application, slug, services, seed.get("releases", []))
        self._target(application, releases, seed)
        fleet = Fleet(application, device_type, services, releases, self._target_of(application))
        for number, template in enumerate(seed.get("devices", [])):
            key = f"{self._random_seed}/{slug}/{number}"
            made = DeviceTemplate(self._store, self._clock, fleet, key).make(template, self._devices)
            for resource, count in made.items():
                self._count(resource, count)
        if seed.get("archived"):
            self._client.change("application", application, is_archived=True)

    def _services(self, application: int, services: Sequence[Any]) -> dict[str, int]:
        made = {}
        for item in services:
            service: Mapping[str, Any] = {"name": item} if isinstance(item, str) else item
            row = self._add("service", application=application, service_name=service["name"])
            made[service["name"]] = row
            self._pairs("service_environment_variable", "name", {"service": row}, service.get("env"))
        return made

    def _releases(
        self, application: int, slug: str, services: Mapping[str, int], releases: Sequence[Mapping[str, Any]]
    ) -> dict[str, int]:
        made: dict[str, int] = {}
        for number, seed in enumerate(releases):
            check_keys("release", seed, RELEASE_KEYS)
            started = self._clock.timestamp() - float(seed.get("age_days", len(releases) - number)) * DAY
            version = str(seed["version"])
            spec = ReleaseSpec(
                application,
                seed.get("commit") or self._hex(40, "release", slug, version, str(number)),
                started,
                services,
                version,
                seed.get("final", True),
                {column: seed[key] for key, column in RELEASE_FIELDS.items() if key in seed},
            )
            made[version] = make_release(self._client, spec)
            self._count("release", 1)
            self._pairs("release_tag", "tag_key", {"release": made[version]}, seed.get("tags"))
        return made

    def _target(self, application: int, releases: Mapping[str, int], seed: Mapping[str, Any]) -> None:
        if "pin" in seed:
            target = releases[str(seed["pin"])]
            self._client.change(
                "application", application, should_be_running__release=target, should_track_latest_release=False
            )
        elif not seed.get("track_latest", True):
            self._client.change("application", application, should_track_latest_release=False)

    def _target_of(self, application: int) -> int | None:
        row = self._client.find("application", f"id eq {application}", "should_be_running__release")[0]
        target = row["should_be_running__release"]
        return int(target["__id"]) if target else None

    def _pairs(self, resource: str, name: str, parent: Mapping[str, int], pairs: Mapping[str, Any] | None) -> None:
        for key, value in (pairs or {}).items():
            self._add(resource, **parent, **{name: key}, value=str(value))

    def _add(self, resource: str, **fields: Any) -> int:
        self._count(resource, 1)
        return int(self._client.add(resource, **fields)["id"])

    def _count(self, resource: str, number: int) -> None:
        self._made[resource] = self._made.get(resource, 0) + number

    def _hex(self, length: int, *parts: str) -> str:
        return stable_hex(length, self._random_seed, *parts)


def stable_hex(length: int, *parts: str) -> str:
    """Hex digits (up to 128) that follow from the parts."""
    return hashlib.sha512("/".join(parts).encode()).hexdigest()[:length]


def stable_uuid(*parts: str) -> str:
    """A uuid of version 4 without dashes, as far as can be seen, that follows from the parts."""
    digits = stable_hex(32, *parts)
    return f"{digits[:12]}4{digits[13:16]}a{digits[17:]}"


def check_keys(what: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuse a misspelt key: a seed that is silently half applied would mislead a test."""
    unknown = set(given) - known
    if unknown:
        raise ValueError(f"{what}: unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
