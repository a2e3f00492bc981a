# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What balena_fleet_info exports, balena_fleet takes: the same fleet is unchanged, and an empty account gets it again.

Also with names and values that YAML, Jinja or a URL could take for something else, and by way of a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.community.balena.plugins.module_utils.domain.fleet.document import PURGEABLE, read
from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from emulator import Emulator
from emulator.emulator import SEEDS
from tests.support.ansible_runs import Ansible
from tests.support.tasks import run_task

#: Text that is easily taken for something else.
ODD = (
    "no", "null", "~", "1.10", "0x1F", "1e3", "007", "2024-01-31", "true", "=", "-", "- a", "-v", "--", "a: b", "a:",
    "# c", "a #c", "{{ 7 * 7 }}", "{{ lookup('pipe', 'false') }}", "{% raw %}", "{# c #}", "{secret: x}", "[a, b]",
    "{a: b}", "'single'", '"double"', "it's", "\\", "\\n", "%41", "a+b", "a&b=c", "a/b?c", "$filter", "$(id)", "`id`",
    "*x", "&x", "!x", "!vault x", "|", ">", "@x", "Käse & Übermut", "日本語", "😀", "zero\u200bwidth", "\u00a0x",
    "e\u0301", "<b>&amp;</b>", "…",
)  # fmt: skip
NAMES = ("no", "null", "true", "_", "__x__", "yes", "NULL", "a1", "nan", "Infinity")
SERVICES = ("no", "1.10", "a b", "{{ s }}", "Ü: x")
VERSIONS = ("1.0.0", "1.10.0", "2.0.0-rc.1")
SUPERVISOR = "balena_os/aarch64-supervisor"
SECRETS = {"API_KEY": "correct horse", "PASSWORD": ""}
AWKWARD: dict[str, Any] = {
    "name": "-1e3",
    "device_type": "raspberrypi4-64",
    "tags": {text.replace(" ", "_").replace("\u00a0", "_"): text for text in ODD},
    "env": {**{f"V{number}": text for number, text in enumerate(ODD)}, **SECRETS, "EMPTY": "", "SPACES": "  a  "},
    "build_env": {"no": "1.10", "REGISTRY_TOKEN": "{{ t }}"},
    "config": {"BALENA_a:b:c": "{{ x }}", "RESIN_HOST_CONFIG_gpu_mem": "016"},
    "services": [{"name": name, "env": {"A": name, "TOKEN": name}} for name in SERVICES],
    "releases": [*({"version": version} for version in VERSIONS), {"version": "2.0.0", "final": False}],
    "pin": "1.0.0",
    "devices": [{"name": "device-{n}", "count": len(ODD) // 2}],
}
#: Columns of single devices. Names are not unique.
UNUSUAL: tuple[dict[str, Any], ...] = (
    {"device_name": "twin"},
    {"device_name": "twin"},
    {"custom_latitude": "52.5", "custom_longitude": "-13.25"},
    {"is_web_accessible": True},
    {"is_active": False, "is_online": False},
)


def client(emulator: Emulator, **more: Any) -> Balena:
    """The SDK, to do what no module does."""
    return Balena(api_url=emulator.url, token=emulator.token, **more)


def make_awkward(emulator: Emulator) -> None:
    """Give the devices of the awkward fleet the names, tags, variables and pins that no seed can."""
    balena = client(emulator)
    services = balena.pine.get("service_install", options={"$select": ["id", "device"]})
    releases = balena.pine.get("release", options={"$filter": {"belongs_to__application": fleet_id(emulator)}})
    devices = balena.pine.get("device", options={"$select": ["id"], "$orderby": "id asc"})
    for device, text, other in zip(devices, ODD[::2], ODD[1::2], strict=True):
        installs = [row["id"] for row in services if row["device"]["__id"] == device["id"]]
        balena.pine.patch("device", {"device_name": text, "note": other}, id=device["id"])
        tag = {"device": device["id"], "tag_key": other.replace(" ", "_").replace("\u00a0", "_"), "value": text}
        balena.pine.post("device_tag", tag)
        for name in NAMES:
            balena.pine.post("device_environment_variable", {"device": device["id"], "name": name, "value": other})
        secret = {"service_install": installs[0], "name": "Api_Key", "value": text}
        balena.pine.post("device_service_environment_variable", secret)
    for device, release in zip(devices, releases, strict=False):
        balena.pine.patch("device", {"is_pinned_on__release": release["id"]}, id=device["id"])
    for device, columns in zip(devices, UNUSUAL, strict=False):
        balena.pine.patch("device", columns, id=device["id"])
    for key in ({"name": "no", "description": "{{ d }}"}, {"name": "-v", "expires": "2099-12-31"}):
        made = run_task(emulator, "balena_api_key", scope="application", application="acme/-1e3", **key)
        assert not made.get("failed"), made


def fleet_id(emulator: Emulator) -> int:
    """The id of the only fleet with releases."""
    found = client(emulator).pine.get("application", options={"$select": ["id"], "$filter": {"app_name": "-1e3"}})
    return found[0]["id"]


def organizations(emulator: Emulator) -> None:
    """An empty account, which has the demo's organization."""
    emulator.seed({"organizations": [{"name": "Sunrise Retail", "handle": "sunrise"}]})


@pytest.fixture(scope="module")
def awkward() -> Iterator[Emulator]:
    with Emulator(seed={"random_seed": 5, "applications": [AWKWARD]}, flavor="cloud") as running:
        make_awkward(running)
        yield running


@pytest.fixture(scope="module")
def demo() -> Iterator[Emulator]:
    with Emulator(seed=SEEDS / "demo.yml") as running:
        yield running


@pytest.fixture(params=["sunrise/signage", "sunrise/gateways", "acme/-1e3"])
def origin(request) -> tuple[Emulator, str]:
    """Each fleet, and where it is."""
    return request.getfixturevalue("awkward" if request.param == "acme/-1e3" else "demo"), request.param


def export(emulator: Emulator, application: str, **options: Any) -> dict[str, Any]:
    """The result of balena_fleet_info."""
    result = run_task(emulator, "balena_fleet_info", application=application, **options)
    assert not result.get("failed"), result
    return result


def converge(emulator: Emulator, document: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The result of balena_fleet."""
    result = run_task(emulator, "balena_fleet", document=document, **options)
    assert not result.get("failed"), result
    return result


def switch_on(source: Emulator, target: Emulator) -> None:
    """Devices are inactive until they come online, as those that are active in the source have."""
    active = [row["uuid"] for row in source.store.query("device", is_active=True)]
    target.store.update("device", target.store.ids("device", uuid=active), is_active=True)


def test_the_same_fleet_is_unchanged(origin):
    emulator, fleet = origin
    emulator.clear_requests()
    found = export(emulator, fleet)
    assert len(emulator.requests()) == (6 if emulator.flavor == "cloud" else 5)
    assert {"API_KEY", "password", "services.1.10.TOKEN"} <= set(found["secrets"]) or fleet.startswith("sunrise")
    assert "correct horse" not in str(found)
    for document in (found["document"], export(emulator, fleet, show_secrets=True)["document"]):
        for purge in ([], list(PURGEABLE)):
            result = converge(emulator, document, purge=purge)
            assert (result["changed"], result["diff"]) == (False, {"before": {}, "after": {}})
            # Some devices of the awkward fleet were pinned on what they do not run.
            assert set(result["drift"]["counts"]) <= ({"running"} if fleet == "acme/-1e3" else set())
    assert emulator.writes() == []
    assert export(emulator, fleet)["document"] == found["document"]


def test_an_empty_account_gets_the_same_fleet(origin):
    emulator, fleet = origin
    document = export(emulator, fleet, show_secrets=True)["document"]
    with Emulator(flavor="cloud" if fleet == "acme/-1e3" else "openbalena") as empty:
        organizations(empty)
        first = converge(empty, document, allow_pending=True)
        push_releases(emulator, empty, fleet)
        converge(empty, document)
        switch_on(emulator, empty)
        assert export(empty, fleet, show_secrets=True)["document"] == document
        assert not converge(empty, document, purge=list(PURGEABLE))["changed"]
    assert first["changed"]


def push_releases(origin: Emulator, target: Emulator, fleet: str) -> None:
    """What a user does with C(balena push): the releases of one fleet, for the other."""
    slug = {"belongs_to__application": {"$any": {"$alias": "a", "$expr": {"a": {"slug": fleet}}}}}
    columns = ("commit", "semver", "is_final", "status", "source", "composition", "start_timestamp")
    rows = client(origin).pine.get("release", options={"$filter": slug, "$orderby": "id asc"})
    balena = client(target)
    application = balena.pine.get("application", options={"$filter": {"slug": fleet}})[0]["id"]
    for row in rows:
        body = {name: row[name] for name in columns}
        balena.pine.post("release", {**body, "belongs_to__application": application})


def test_what_a_document_cannot_say_is_warned_of():
    with Emulator(seed=SEEDS / "demo.yml", flavor="cloud") as emulator:
        pine = client(emulator).pine
        rows = pine.get("device", options={"$select": ["id", "belongs_to__application"], "$orderby": "id asc"})
        device = rows[0]["id"]
        actor = pine.get("application", id=rows[0]["belongs_to__application"]["__id"], options={"$select": ["actor"]})
        supervisor = {"belongs_to__application": {"$any": {"$alias": "a", "$expr": {"a": {"slug": SUPERVISOR}}}}}
        release = pine.get("release", options={"$select": ["id"], "$filter": {**supervisor, "raw_version": "17.0.3"}})
        pine.patch("device", {"device_name": " ", "should_be_managed_by__release": release[0]["id"]}, id=device)
        emulator.store.insert("api_key", key="x", is_of__actor=actor["actor"]["__id"])
        found = export(emulator, "sunrise/signage")
        assert [warning.partition(" ")[0] for warning in found["warnings"]] == ["Provisioning", "The", "Devices"]
        assert not converge(emulator, found["document"], purge=["tags", "services", "variables", "devices"])["changed"]


def test_a_file_on_disk_keeps_every_text(awkward, tmp_path):
    ansible = Ansible(tmp_path, {"BALENA_API_URL": awkward.url, "BALENA_TOKEN": awkward.token})
    options: dict[str, Any] = {"application": "acme/-1e3", "secret_names": []}
    (tmp_path / "fleets").mkdir()
    awkward.clear_requests()
    tasks = [
        {"community.balena.balena_fleet_info": options, "register": "found"},
        {"ansible.builtin.copy": {"content": "{{ found.document | to_nice_yaml }}", "dest": "fleets/a.yml"}},
        {"ansible.builtin.import_role": {"name": "community.balena.fleet"}},
    ]
    variables = {"fleet_purge": list(PURGEABLE)}
    done = ansible.playbook([{"hosts": "localhost", "gather_facts": False, "tasks": tasks, "vars": variables}])
    assert done.recap()["changed"] == 1  # the file
    assert awkward.writes() == []
    written = yaml.safe_load((tmp_path / "fleets" / "a.yml").read_text(encoding="utf-8"))
    assert read(written) == read(export(awkward, **options)["document"])
