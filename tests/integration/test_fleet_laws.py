# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws of a fleet document: whatever is and whatever is declared, a task makes it so, as foreseen, and only once.

Random fleets and random documents go through the module against the emulator. What a document means is worked out
here a second time, as its description says it: defaults, then groups, then the device itself.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from emulator import Emulator
from tests.support.groups import choosing
from tests.support.tasks import run_task

FLEET = "acme/kiosk"
UUIDS = [f"{digit}" * 32 for digit in "abcd"]
PI = {"organization": "acme", "device_type": "raspberrypi4-64"}
SEED = {
    "applications": [
        {**PI, "name": "kiosk", "services": ["web"], "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}]}
    ]
}
SECRETS = {"s1": "hunter2-one", "s2": "hunter2-two"}

names = st.sampled_from(["A", "B", "c_1"])
texts = st.sampled_from(["", "x", "it's", "ü €", "{{ nothing }}", '{"a": [1]}'])
declared = st.one_of(texts, st.none(), st.sampled_from([{"secret": "s1"}, {"secret": "s2"}]))
variables = st.dictionaries(names, declared, max_size=3)
held = st.dictionaries(names, texts, max_size=2)
chosen_by = st.dictionaries(st.sampled_from(["site", "role"]), st.sampled_from(["x", "y"]), max_size=2)
other_tags = st.dictionaries(st.sampled_from(["a.b", "ü"]), st.one_of(texts, st.none()), max_size=2)
releases = st.sampled_from(["1.0.0", "1.1.0", "track"])


def said(**more):
    """What a part of a document says of devices."""
    services = st.dictionaries(st.sampled_from(["web", "db"]), st.fixed_dictionaries({"env": variables}), max_size=2)
    return st.fixed_dictionaries(
        more, optional={"env": variables, "services": services, "release": releases, "note": texts}
    )


def with_tags(layer, tags):
    return st.builds(lambda one, own: {**one, "tags": own}, layer, tags)


matches = st.dictionaries(
    st.sampled_from(["site", "role"]), st.one_of(st.sampled_from(["x", "y"]), st.none()), min_size=1, max_size=2
)
groups = st.lists(
    st.builds(lambda one, match: {**one, **choosing(match)}, with_tags(said(), other_tags), matches), max_size=3
)
own_tags = st.builds(lambda one, two: {**one, **two}, chosen_by, other_tags)
entries = st.dictionaries(st.sampled_from(UUIDS), with_tags(said(), own_tags), max_size=3)
documents = st.fixed_dictionaries(
    {"device_defaults": with_tags(said(), own_tags), "groups": groups, "devices": entries},
    optional={"release": releases, "tags": other_tags, "variables": st.fixed_dictionaries({"env": variables})},
)
actual_devices = st.dictionaries(
    st.sampled_from(UUIDS), st.fixed_dictionaries({"tags": chosen_by, "env": held, "web": held}), max_size=3
)
purges = st.sets(st.sampled_from(["tags", "services", "variables", "devices"]))


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED) as running:
        yield running


class Fleet:
    """The fleet in the emulator, made anew for each example."""

    def __init__(self, emulator, devices, env):
        self.emulator, self.store = emulator, emulator.store
        self.application = self.store.get("application", slug=FLEET)
        for resource in ("device", "application_tag", "application_environment_variable"):
            self.store.delete(resource, self.store.ids(resource))
        for service in self.store.query("service"):
            variables_ = self.store.ids("service_environment_variable", service=service["id"])
            self.store.delete("service_environment_variable", variables_)
            if service["service_name"] == "db":
                self.store.delete("service", [service["id"]])
        self.web = self.store.get("service", service_name="web", application=self.application["id"])["id"]
        self.store.update("application", self.application["id"], should_track_latest_release=True)
        self._fill(devices, env)

    def _fill(self, devices, env):
        home = {"belongs_to__application": self.application["id"]}
        kind = {"is_of__device_type": self.application["is_for__device_type"]}
        for uuid, has in devices.items():
            id_ = self.store.insert("device", uuid=uuid, device_name=uuid[:2], **home, **kind)
            install = self.store.insert("service_install", device=id_, installs__service=self.web)
            self._add("device_tag", "tag_key", has["tags"], device=id_)
            self._add("device_environment_variable", "name", has["env"], device=id_)
            of_install = {"service_install": install, "device": id_, "service": self.web}
            self._add("device_service_environment_variable", "name", has["web"], **of_install)
        self._add("application_environment_variable", "name", env, application=self.application["id"])

    def _add(self, resource, key, values, **parent):
        rows = [{**parent, key: name, "value": value} for name, value in values.items()]
        self.store.insert_many(resource, rows)

    def values(self, resource, key="name", **where):
        return {row[key]: row["value"] for row in self.store.query(resource, **where)}

    def devices(self):
        """Every device with its tags, variables, note and pin, by uuid."""
        services = {row["id"]: row["service_name"] for row in self.store.query("service")}
        versions = {row["id"]: f"1.{row['semver_minor']}.0" for row in self.store.query("release")}
        found = {}
        for row in self.store.query("device"):
            of_services: dict[str, dict[str, str]] = {}
            for one in self.store.query("device_service_environment_variable", device=row["id"]):
                of_services.setdefault(services[one["service"]], {})[one["name"]] = one["value"]
            found[row["uuid"]] = {
                "tags": self.values("device_tag", "tag_key", device=row["id"]),
                "env": self.values("device_environment_variable", device=row["id"]),
                "services": of_services,
                "note": row["note"] or "",
                "pin": versions.get(row["is_pinned_on__release"]),
            }
        return found


def merged(actual, wanted, *, purge):
    """What a set of named values becomes."""
    plain = {name: SECRETS[value["secret"]] if isinstance(value, dict) else value for name, value in wanted.items()}
    found = plain if purge else {**actual, **plain}
    return {name: value for name, value in found.items() if value is not None}


def takes(document, has, group):
    """Whether a group takes a device that the document does not name."""
    return chosen(group, merged(has, document["device_defaults"]["tags"], purge=False))


def chosen(group, tags):
    """Whether a group takes a device with these tags."""
    return set(group.get("has_tags", ())) <= set(tags) and group.get("match", {}).items() <= tags.items()


def expected_device(document, has, entry, purge):
    """What a device becomes: has is what it is, entry what the document says of it alone."""
    named = entry is not None
    base = {} if named and "tags" in purge else has["tags"]
    base = merged(base, {**document["device_defaults"]["tags"], **(entry or {}).get("tags", {})}, purge=False)
    layers = [document["device_defaults"]]
    for group in document["groups"]:
        if chosen(group, base):
            layers.append(group)
    layers += [entry] if named else []
    joined: dict[str, dict[str, Any]] = {"tags": {}, "env": {}}
    services: dict[str, dict[str, Any]] = {}
    rest = {"note": "", "release": "track"}
    for layer in layers:
        for part, values in joined.items():
            values.update(layer.get(part, {}))
        for name, service in layer.get("services", {}).items():
            services.setdefault(name, {}).update(service["env"])
        rest.update({part: layer[part] for part in rest if part in layer})
    of_services = {
        name: merged(has["web"] if name == "web" else {}, services.get(name, {}), purge="services" in purge)
        for name in {"web", *services}
    }
    return {
        "tags": merged(has["tags"], joined["tags"], purge=named and "tags" in purge),
        "env": merged(has["env"], joined["env"], purge="variables" in purge),
        "services": {name: values for name, values in of_services.items() if values},
        "note": rest["note"],
        "pin": None if rest["release"] == "track" else rest["release"],
    }


def foresee_and_do(server, **task):
    """Foresee, do, and do again; the result of doing it."""
    server.clear_requests()
    foreseen = run_task(server, "balena_fleet", check_mode=True, **task)
    assert not server.writes()
    made = run_task(server, "balena_fleet", **task)
    assert not made.get("failed"), made["msg"]
    for part in ("changed", "changes", "diff"):
        assert foreseen[part] == made[part]
    assert made["changed"] == bool(server.writes())
    server.clear_requests()
    again = run_task(server, "balena_fleet", **task)
    assert not again["changed"] and not server.writes(), again["diff"]
    return made


#: The server makes the service of a device together with the device; it is created by the task all the same.
REGISTERED_WITH_A_SERVICE = {
    "device_defaults": {"env": {}, "tags": {}, "note": "", "services": {"web": {"env": {"A": ""}}}},
    "groups": [],
    "devices": {"a" * 32: {"tags": {}}},
}


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(actual_devices, held, documents, purges)
@example(actual={}, env={}, document=REGISTERED_WITH_A_SERVICE, purge=set())
def test_a_fleet_becomes_what_its_document_says(server, actual, env, document, purge):
    fleet = Fleet(server, actual, env)
    entries_ = [{"uuid": uuid, **entry} for uuid, entry in document["devices"].items()]
    named_groups = [{"name": f"g{number}", **group} for number, group in enumerate(document["groups"])]
    sections: dict[str, Any] = {
        name: {} for name in purge if name != "devices"
    }  # a purge wants to be told against what
    whole = {**sections, **document, "fleet": FLEET, "devices": entries_, "groups": named_groups}
    made = foresee_and_do(server, document=whole, purge=sorted(purge), secrets=SECRETS)

    nothing: dict[str, Any] = {"tags": {}, "env": {}, "web": {}}
    groups = document["groups"]
    taken = {uuid for uuid, has in actual.items() if any(takes(document, has["tags"], group) for group in groups)}
    stay = {uuid for uuid in actual if "devices" not in purge or uuid in {*taken, *document["devices"]}}
    expected = {
        uuid: expected_device(document, actual.get(uuid, nothing), document["devices"].get(uuid), purge)
        for uuid in stay | set(document["devices"])
    }
    assert fleet.devices() == expected
    row = {"application": fleet.application["id"]}
    assert fleet.values("application_tag", "tag_key", **row) == merged(
        {}, document.get("tags", {}), purge="tags" in purge
    )
    declared_env = document.get("variables", {}).get("env", {})
    assert fleet.values("application_environment_variable", **row) == merged(
        env, declared_env, purge="variables" in purge
    )
    assert not any(value in str(made) for value in SECRETS.values())
