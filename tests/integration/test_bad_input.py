# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be is refused before anything is written, in words that name the option, the value and what is expected.

What belongs to one module alone is in its target; this is what they share, side by side.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator import Emulator
from tests.bad_inputs.calls import CALLS
from tests.support.modules import MODULES, argument_spec
from tests.support.tasks import run_task

FLEET = "acme/kiosk"
PI = {"organization": "acme", "device_type": "raspberrypi4-64"}
SEED = {
    "applications": [
        {
            **PI,
            "name": "kiosk",
            "services": ["web", "worker"],
            "releases": [
                {"version": "1.0.0", "age_days": 3, "invalidated": True},
                {"version": "1.1.0", "age_days": 2, "status": "failed"},
                {"version": "1.2.0", "age_days": 1},
            ],
            "devices": [{"name": "d-{n}", "count": 2, "os_version": "6.0.41"}],
        },
        {**PI, "name": "kiosk", "organization": "admin"},
        {**PI, "name": "twins", "devices": [{"name": "twin", "count": 2}]},
        {**PI, "name": "nucs", "device_type": "intel-nuc", "releases": [{"version": "7.7.7"}]},
    ]
}
OF_DEVICES = {"scope": "device", "application": FLEET, "name": "A", "value": "x"}
OF_FLEET = {**OF_DEVICES, "scope": "application"}
PIN = {"scope": "device", "application": FLEET}

VARIABLES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown device": ({"devices": ["nobody"]}, "device 'nobody' does not exist"),
    "an ambiguous name": (
        {"application": "acme/twins", "devices": ["twin"]},
        r"device 'twin' is ambiguous: twin \(\w+\)",
    ),
    "an ambiguous prefix": (
        {"application": "acme/twins", "devices": ["abcdef0"]},
        "device 'abcdef0' is ambiguous: .*uuid",
    ),
    "an unknown fleet": ({"application": "acme/nosuch"}, "application 'acme/nosuch' does not exist"),
    "a fleet's bare name": (
        {"application": "kiosk"},
        "'kiosk' is ambiguous: acme/kiosk, admin/kiosk. .*organization/name",
    ),
    "a device of another fleet": (
        {"application": "admin/kiosk", "devices": ["d-1"]},
        "device 'd-1' does not exist among",
    ),
    "no selection": ({"application": None}, "devices or application is needed"),
    "an empty selection": ({"with_tags": {"a": "b"}}, "select no device; say allow_empty: true"),
    "a malformed name": ({"name": "1A"}, "variable name '1A': only letters, digits, underscores"),
    "a reserved name": ({"name": "BALENA_X"}, "'BALENA_X': names that begin with RESIN_ or BALENA_ are reserved"),
    "a long name": ({"name": "A" * 256}, "longer than 255 characters"),
    "a line break": ({"value": "a\nb"}, "value of variable 'A' has a line break"),
    "two ways at once": ({"variables": {}}, "mutually exclusive: name.variables"),
    "a limit in words": ({"limit": "ten"}, "limit must be a whole number or a percentage such as 10%, not 'ten'"),
    "a guard in words": ({"max_changes": "ten"}, "max_changes must be a whole number or a percentage"),
    "a filter in bad grammar": (
        {"filter": "is_online is true"},
        "filter 'is_online is true': .*must be an OData condition",
    ),
    "a filter on no column": ({"filter": "colour eq 1"}, "filter 'colour eq 1': .*on the columns of a device"),
    "an unknown service": (
        {"scope": "service", "service": "db"},
        r"application 'acme/kiosk' has no service 'db' \(it has: web, worker\)",
    ),
    "devices where none are meant": (
        {"scope": "application", "limit": "1"},
        "limit select devices, and scope 'application'",
    ),
    "a plan that is too large": ({"max_changes": "1"}, "Nothing was written: the plan has 2 changes"),
}
RELEASES = {
    "an unknown release": ("9.9.9", "release '9.9.9' of application 'acme/kiosk' does not exist"),
    "one of another fleet": ("7.7.7", "release '7.7.7' of application 'acme/kiosk' does not exist"),
    "one that failed": ("1.1.0", r"release 1.1.0 \(\w+\) .* cannot be run: its build has the status 'failed'"),
    "one that is invalidated": ("1.0.0", r"release 1.0.0 \(\w+\) .* is invalidated; say allow_invalidated: true"),
    "a range that nothing satisfies": ("^9", "no release of application 'acme/kiosk' satisfies '\\^9'"),
    "no name of a release": ("not one", "release 'not one' does not name a release: a commit"),
}
SERVERS: dict[str, tuple[dict[str, Any], str]] = {
    "a server that is down": ({"api_url": "http://127.0.0.1:1"}, "http://127.0.0.1:1/.* failed: no connection"),
    "a name without address": ({"api_url": "http://nosuch.invalid"}, "no connection .*nosuch.invalid"),
    "no URL": ({"api_url": "127.0.0.1"}, "api_url must start with https:// or http://, not '127.0.0.1'"),
    "no time": ({"timeout": 0}, "timeout must be greater than 0 and at most 86400, not 0"),
}


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED, flavor="cloud") as running:
        for number, row in enumerate(running.store.query("device", device_name="twin")):
            running.store.update("device", row["id"], uuid=f"abcdef0{number}".ljust(32, "0"))
        yield running


@pytest.fixture
def refuses(server, no_waiting):
    """Run a task that must fail without a write; its message."""

    def run(module, **options):
        server.clear_requests()
        given = {name: value for name, value in options.items() if value is not None}
        result = run_task(server, module, **given)
        assert result.get("failed") and not result["changed"]
        assert server.writes() == []
        return result["msg"]

    yield run
    server.clear_faults()


@pytest.mark.parametrize("what", VARIABLES)
def test_a_variable_on(refuses, what):
    options, words = VARIABLES[what]
    assert re.search(words, message := refuses("balena_env_var", **{**OF_DEVICES, **options})), message


@pytest.mark.parametrize("what", RELEASES)
def test_a_pin_to(refuses, what):
    release, words = RELEASES[what]
    assert re.search(words, message := refuses("balena_release_pin", **PIN, release=release)), message


@pytest.mark.parametrize("what", SERVERS)
def test_a_connection_to(refuses, what):
    options, words = SERVERS[what]
    assert re.search(words, message := refuses("balena_env_var", **OF_FLEET, **options)), message


def test_a_server_without_tls(refuses, server):
    message = refuses("balena_env_var", **OF_FLEET, api_url=server.url.replace("http", "https"))
    assert "no trusted TLS connection" in message


def test_a_token_without_permission(refuses, server):
    server.fault(method="GET", status=401)
    message = refuses("balena_env_var", **OF_FLEET)
    assert "(401): the token is wrong or has expired, lacks the permission" in message


def test_an_architecture_that_does_not_fit(refuses):
    message = refuses("balena_device", in_application=FLEET, application="acme/nucs")
    assert "'acme/nucs' is for the CPU architecture amd64" in message and "aarch64" in message


@pytest.mark.parametrize(
    ("key", "value", "words"), [("a b", "x", "white space"), ("a", "x" * 60159, "60158 characters")]
)
def test_a_tag(refuses, key, value, words):
    message = refuses("balena_tag", scope="device", application=FLEET, name=key, value=value)
    assert f"Invalid tag '{key}'" in message and words in message


NEEDED_BUT_NULL: list[tuple[str, dict[str, Any], str]] = [
    ("balena_rollout", {"application": FLEET, "release": "1.2.0", "wave": None}, "wave is needed, and is null"),
    ("balena_rollout", {"application": FLEET, "release": None, "wave": 1}, "release is needed, and is null"),
    ("balena_tag", {**PIN, "name": None, "tags": None}, "name"),
    ("balena_api_key", {**PIN, "name": None}, "name"),
]


@pytest.mark.parametrize("module, options, words", NEEDED_BUT_NULL)
def test_null_where_something_is_needed(server, module, options, words):
    server.clear_requests()
    result = run_task(server, module, **options)
    assert result["failed"] and words in result["msg"]
    assert server.requests() == []


def test_tags_to_set_do_not_select_what_is_removed(refuses):
    message = refuses("balena_device", in_application=FLEET, state="absent", tags={"site": "lab"})
    assert "with_tags selects by tags" in message


def test_a_mapping_where_a_list_of_mappings_is_meant(refuses):
    assert "each" in refuses("balena_device", each={None: "x"}, application=FLEET)


@pytest.mark.parametrize("module", [name for name in MODULES if "filter" in argument_spec(name)])
@pytest.mark.parametrize("option", ["filter", "has_tags", "with_tags"])
def test_an_endless_text_is_refused_before_the_first_request(server, module, option):
    given = {"filter": "a" * 70_000, "has_tags": ["a" * 70_000], "with_tags": {"a": "b" * 70_000}}[option]
    server.clear_requests()
    result = run_task(server, module, **{**CALLS[module], option: given})
    assert result["failed"] and f"{option}" in result["msg"] and "70000 characters" in result["msg"]
    assert server.requests() == []
