# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws of a declaration: whatever is and whatever is declared, a task makes it so, as foreseen, and only once.

Random actual and desired states of variables, tags and devices go through the real modules against the emulator.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import Emulator
from tests.support.tasks import run_task

FLEET = "acme/kiosk"
UUIDS = [f"{digit}" * 32 for digit in "abcd"]
SEED = {"applications": [{"name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64"}]}

TEXTS = ["", "x", "y", "it's", "a b", "ü €", "100%", "a&b=c/d?e#f+g", "{{ nothing }}", '{"a": [1]}', "(1,2)", "\\"]
values = st.sampled_from(TEXTS)
variable_names = st.sampled_from(["A", "B", "c_1", "_D"])
tag_keys = st.sampled_from(["site", "a.b", "ü", "it's", "x/y", "k=v", "%41"])
tag_sets = st.dictionaries(tag_keys, values)


def some(names, what=values, present=("1", "2", "3")):
    """For each of some devices a dictionary."""
    return st.fixed_dictionaries({device: st.dictionaries(names, what, max_size=4) for device in present})


def devices(what):
    """Some devices, each with some of what describes it: what is not there is unset."""
    return st.dictionaries(
        st.sampled_from(UUIDS),
        st.fixed_dictionaries({}, optional={"name": what, "note": values, "tags": tag_sets}),
        min_size=1,
    )


laws = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED) as running:
        yield running


class Fleet:
    """The fleet in the emulator, made anew for each example."""

    def __init__(self, emulator):
        self.emulator, store = emulator, emulator.store
        self.store = store
        self.application = store.get("application", slug=FLEET)
        for resource in ("device_environment_variable", "device_tag", "device"):
            store.delete(resource, store.ids(resource))

    def add(self, uuid, **fields):
        home = {"belongs_to__application": self.application["id"]}
        kind = {"is_of__device_type": self.application["is_for__device_type"]}
        return self.store.insert("device", uuid=uuid, **{**home, **kind, **fields})

    def rows(self, resource, parent, key):
        """The values of all rows by the id of their device and their name; a row that is there twice is an error."""
        found = {}
        for row in self.store.query(resource):
            assert (row[parent], row[key]) not in found
            found[row[parent], row[key]] = row["value"]
        return found

    def obeys(self, module, **task):
        """Foresee, do, and do again; the result of doing it. How many writes it took is judged too."""
        self.emulator.clear_requests()
        foreseen = run_task(self.emulator, module, check_mode=True, **task)
        assert not self.emulator.writes()
        made = run_task(self.emulator, module, **task)
        assert not made.get("failed"), made["msg"]
        for part in ("changed", "changes", "diff"):
            assert foreseen[part] == made[part]
        assert made["changed"] == bool(self.emulator.writes())
        self.emulator.clear_requests()
        again = run_task(self.emulator, module, **task)
        assert not again["changed"] and not self.emulator.writes()
        return made


def expected(actual, declared, purge):
    """What a set of named values becomes; None in what is declared means that there must be no such thing."""
    merged = declared if purge else {**actual, **declared}
    return {name: value for name, value in merged.items() if value is not None}


@laws
@given(some(variable_names), st.dictionaries(variable_names, st.one_of(values, st.none()), min_size=1), st.booleans())
def test_variables(server, actual, declared, purge):
    fleet = Fleet(server)
    ids = {fleet.add(device * 32): held for device, held in actual.items()}
    rows = [{"device": id_, "name": name, "value": value} for id_, held in ids.items() for name, value in held.items()]
    fleet.store.insert_many("device_environment_variable", rows)
    made = fleet.obeys("balena_env_var", scope="device", application=FLEET, variables=declared, purge=purge)
    wanted = {
        (id_, name): value for id_, held in ids.items() for name, value in expected(held, declared, purge).items()
    }
    assert fleet.rows("device_environment_variable", "device", "name") == wanted
    if purge:
        assert list(made["variables"].values()) == [
            {name: value for name, value in declared.items() if value is not None} for held in ids
        ]


@laws
@given(some(tag_keys), st.dictionaries(tag_keys, st.one_of(values, st.none()), min_size=1), st.booleans())
def test_tags(server, actual, declared, purge):
    fleet = Fleet(server)
    ids = {fleet.add(device * 32): held for device, held in actual.items()}
    rows = [{"device": id_, "tag_key": key, "value": value} for id_, held in ids.items() for key, value in held.items()]
    fleet.store.insert_many("device_tag", rows)
    fleet.obeys("balena_tag", scope="device", application=FLEET, tags=declared, purge=purge)
    wanted = {(id_, key): value for id_, held in ids.items() for key, value in expected(held, declared, purge).items()}
    assert fleet.rows("device_tag", "device", "tag_key") == wanted


@laws
@given(devices(st.sampled_from(["n", "it's", "ü €"])), devices(st.sampled_from(["n", "m"])), st.booleans())
def test_devices(server, actual, declared, purge):
    """Those that are declared are as declared; what is not said of them, and all others, stays as it was."""
    fleet = Fleet(server)
    before = {}
    for uuid, held in actual.items():
        before[uuid] = {"name": held.get("name", "-"), "note": held.get("note"), "tags": held.get("tags", {})}
        id_ = fleet.add(uuid, device_name=before[uuid]["name"], note=before[uuid]["note"])
        rows = [{"device": id_, "tag_key": key, "value": value} for key, value in before[uuid]["tags"].items()]
        fleet.store.insert_many("device_tag", rows)
    each = [{"uuid": uuid, **wanted} for uuid, wanted in declared.items()]
    fleet.obeys("balena_device", application=FLEET, each=each, purge_tags=purge)
    tags = fleet.rows("device_tag", "device", "tag_key")
    found = {row["uuid"]: row for row in fleet.store.query("device")}
    assert set(found) == set(actual) | set(declared)
    for uuid, row in found.items():
        was, wanted = before.get(uuid, {}), declared.get(uuid, {})
        if "name" in {**was, **wanted}:
            assert row["device_name"] == {**was, **wanted}["name"]
        assert (row["note"] or "") == (wanted.get("note", was.get("note")) or "")
        own = {key: value for (id_, key), value in tags.items() if id_ == row["id"]}
        assert own == expected(was.get("tags", {}), wanted.get("tags", {}), purge and "tags" in wanted)
