# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet document that is wrong fails with the place of each mistake; one that is right is understood."""

from __future__ import annotations

import copy
import datetime
import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.domain.fleet import document, schema_check
from ansible_collections.community.balena.plugins.module_utils.domain.fleet.schema import SCHEMA
from ansible_collections.community.balena.plugins.module_utils.domain.tags.compare import check_tag
from ansible_collections.community.balena.plugins.module_utils.domain.variables.compare import check_name
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError
from tests.support.ansible_runs import CHECKOUT

GOOD: dict[str, Any] = {
    "fleet": "acme/kiosk",
    "device_type": "raspberrypi4-64",
    "class": "fleet",
    "public": False,
    "tags": {"team": "retail", "tier": 1, "old": None},
    "release": "^1.2",
    "variables": {
        "env": {"LOG_LEVEL": "info", "KEY": {"secret": "key"}},
        "config": {"BALENA_HOST_CONFIG_gpu_mem": 128},
    },
    "services": {"player": {"env": {"REFRESH": 60}}, "updater": {}},
    "device_defaults": {"env": {"A": True}, "lock_override": False},
    "groups": [{"name": "windows", "match": {"role": "window"}, "has_tags": ["site"], "release": 4711}],
    "devices": [{"uuid": "0123456789abcdef" * 2, "name": "d", "location": {"latitude": 1, "longitude": 2.5}}],
    "supervisor": {"version": "17.0.3"},
    "os": {"version": "^6.0", "apply": False},
    "provisioning_keys": [{"name": "factory", "expires": "2030-01-31"}],
}
REFERENCE = jsonschema.Draft202012Validator(SCHEMA)


def message(content):
    with pytest.raises(DeclarationError) as caught:
        document.read(content)
    return str(caught.value)


def changed(path, value):
    """The good document with another value somewhere; Ellipsis: with nothing there."""
    content = copy.deepcopy(GOOD)
    place: Any = content
    for part in path[:-1]:
        place = place[part] if isinstance(place, list) else place.setdefault(part, {})
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return content


BAD = [
    (("fleet",), ..., "fleet: is needed"),
    (("fleet",), "kiosk", "fleet: must be organization/name"),
    (("relase",), "1.0.0", r"relase: is unknown; did you mean 'release'\?"),
    (("release",), 1.1, "release: must be a release: .* in quotes"),
    (("release",), "not one", "release: release 'not one' does not name a release"),
    (("public",), "yes", "public: must be true or false, not text"),
    (("class",), "thing", "class: must be fleet, app or block"),
    (("variables", "env"), None, r"variables.env: must be a mapping, not nothing \(null\)"),
    (
        ("groups", 0, "env"),
        {"LOG LEVEL": "x"},
        r"groups\[0\].env.LOG LEVEL: is not a valid name of an environment variable",
    ),
    (("groups", 0, "env"), {"BALENA_X": "x"}, r"groups\[0\].env.BALENA_X: .* are config variables"),
    (("groups", 0, "match"), {}, r"groups\[0\].match: must not be empty"),
    (("groups", 0, "match"), None, r"groups\[0\].match: must be a mapping, not nothing"),
    (("groups", 0, "match"), {"site": None}, r"groups\[0\].match.site: must be the value .*; has_tags, a list of keys"),
    (("groups", 0, "match"), {"site": ""}, r"groups\[0\].match.site: must be the value .*, and not empty"),
    (("groups", 0, "match"), {"site": " \n"}, r"groups\[0\].match.site: must be the value .*, and not empty"),
    (("groups", 0, "match"), {"site": []}, r"groups\[0\].match.site: must be the value"),
    (("groups", 0, "has_tags"), [], r"groups\[0\].has_tags: must not be empty"),
    (("groups", 0, "has_tags"), None, r"groups\[0\].has_tags: must be a list, not nothing"),
    (("groups", 0, "has_tags"), "site", r"groups\[0\].has_tags: must be a list, not text"),
    (("groups", 0, "has_tags"), ["site", None], r"groups\[0\].has_tags\[1\]: must be text, not nothing"),
    (("groups", 0, "has_tags"), [""], r"groups\[0\].has_tags\[0\]: is not a valid tag key"),
    (("groups", 0), {"name": "all"}, r"groups\[0\]: needs match or has_tags"),
    (("groups", 0, "tags"), {"site": "x"}, r"groups\[0\].tags.site: the group 'windows' is chosen by this tag"),
    (("groups", 0, "tags"), {"role": "x"}, r"groups\[0\].tags.role: the group 'windows' is chosen by this tag"),
    (("groups", 0, "name"), ..., r"groups\[0\].name: is needed"),
    (("variables", "config"), {"gpu_mem": 1}, "variables.config.gpu_mem: .*begins with BALENA_ or RESIN_"),
    (("variables", "env", "A"), "hunter\n2", "variables.env.A: must be text without line breaks"),
    (("variables", "env", "A"), {"secret": ""}, r"variables.env.A: must be .*\{secret: NAME\}"),
    (("variables", "env", "A"), ["x"], "variables.env.A: must be"),
    (("tags", "a b"), "x", "tags.a b: is not a valid tag key"),
    (("tags", "io.balena.x"), "x", "tags.io.balena.x: is not a valid tag key"),
    (("tags", "a"), "x" * 1001, "tags.a: must be text of at most 1000 characters"),
    (("devices", 0), {"note": "x"}, r"devices\[0\]: needs a uuid or a name"),
    (("devices", 0, "uuid"), "7cf02a6", r"devices\[0\].uuid: is not the full uuid"),
    (("devices", 0, "location"), {"latitude": 91, "longitude": 0}, r"devices\[0\].location.latitude: must be from -90"),
    (("devices", 0, "location"), {"latitude": 9}, r"devices\[0\].location: needs latitude"),
    (("devices", 0, "support_access_until"), "soon", r"devices\[0\].support_access_until: .*not a date"),
    (("devices", 0, "config"), {"RESIN_OVERRIDE_LOCK": "1"}, r"devices\[0\].config.RESIN_OVERRIDE_LOCK: is what lock_"),
    (("devices",), [{"name": "a"}, {"name": "a"}], r"devices\[1\].name: 'a' is declared twice"),
    (("services", "player"), {"LANG": "de"}, "services.player.LANG: is unknown; there are env"),
    (("supervisor",), {}, "supervisor.version: is needed"),
    (("os", "version"), "new", "os.version: the text 'new' is not a version"),
    (("os", "apply"), True, "os.apply: must be false or target"),
    (("provisioning_keys", 0, "expires"), "never", r"provisioning_keys\[0\].expires: .*not a date"),
]


@pytest.mark.parametrize(("path", "value", "words"), BAD)
def test_a_mistake_is_named_with_its_place(path, value, words):
    said = message(changed(path, value))
    assert said.startswith("The fleet document has a mistake. ")
    assert re.search(words, said), said


def test_all_mistakes_are_named_at_once_and_values_are_not():
    content = changed(("variables", "env"), {"1A": "x", "B": "hunter2\n", "C": {"secret": "hunter2", "more": 1}})
    said = message({**content, "public": "hunter2"})
    assert "has 4 mistakes" in said and "(4) variables.env.C: must be" in said
    assert "hunter2" not in said


def test_what_is_no_document_is_refused():
    assert "the document: must be a mapping, not text" in message("fleet: acme/kiosk")
    assert "the document: must be a mapping, not nothing" in message(None)


def test_a_document_is_understood():
    found = document.read(GOOD)
    assert (found.fleet, found.name, found.release and found.release.kind) == ("acme/kiosk", "kiosk", "range")
    assert found.tags == {"team": "retail", "tier": "1", "old": None}
    assert found.env == {"LOG_LEVEL": "info", "KEY": document.Secret("key")}
    assert found.services == {"player": {"REFRESH": "60"}, "updater": {}}
    assert [layer.path for layer in found.layers] == ["device_defaults", "groups[0]", "devices[0]"]
    assert found.defaults.env == {"A": "true"} and found.defaults.options == {"lock_override": False}
    assert found.secrets() == {"key": ["variables.env.KEY"]}


def test_keys_and_dates_that_yaml_makes_of_text():
    found = document.read(
        {"fleet": "a/kiosk", "tags": {7: "x", True: "y"}, "provisioning_keys": [{"name": "n", "expires": DATE}]}
    )
    assert found.tags == {"7": "x", "true": "y"}
    assert found.keys[0]["expires"] == "2030-01-31"


DATE = datetime.date(2030, 1, 31)


def test_a_group_takes_devices_by_their_tags():
    (group,) = document.read(GOOD).groups
    assert group.takes({"role": "window", "site": "x"})
    assert not group.takes({"role": "window"})
    assert not group.takes({"role": "door", "site": "x"})


def test_the_schema_for_editors_is_the_same():
    written = CHECKOUT / "docs" / "fleet.schema.json"
    assert json.loads(written.read_text(encoding="utf-8")) == SCHEMA


def keywords(schema, *, names=False):
    """All keywords in a schema; what stands under properties and $defs are names."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if not names:
                yield key
            yield from keywords(value, names=not names and key in ("properties", "$defs"))
    elif isinstance(schema, list):
        for value in schema:
            yield from keywords(value)


def test_the_schema_is_valid_and_uses_only_what_is_checked():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(keywords(SCHEMA)) <= schema_check.KEYWORDS


def agree(content):
    ours, theirs = schema_check.mistakes(content, SCHEMA), list(REFERENCE.iter_errors(content))
    assert bool(ours) == bool(theirs), (ours, [error.message for error in theirs])


@pytest.mark.parametrize(("path", "value", "words"), BAD)
def test_the_library_refuses_the_same(path, value, words):
    agree(document.plain(changed(path, value)))


names = st.sampled_from(["A", "1A", "A\n", "BALENA_X", "BALENA_X:y", "RESIN_Ü", "USER", "USERS", "a b", "", "site"])
plain_values = st.one_of(
    st.none(), st.booleans(), st.integers(-200, 200), st.floats(allow_nan=False), st.text(max_size=3), names
)
values = st.recursive(
    plain_values, lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(names, inner, max_size=2))
)
refs = st.fixed_dictionaries({"secret": plain_values})
maps = st.dictionaries(names, st.one_of(values, refs), max_size=3)
layers = st.fixed_dictionaries(
    {},
    optional={
        "tags": maps,
        "env": maps,
        "config": maps,
        "services": st.dictionaries(names, st.fixed_dictionaries({}, optional={"env": maps}), max_size=2),
        "release": plain_values,
        "location": st.fixed_dictionaries({}, optional={"latitude": plain_values, "longitude": plain_values}),
        "name": plain_values,
        "uuid": st.sampled_from(["a" * 32, "a" * 33, "A" * 32, "a" * 32 + "\n"]),
        "match": maps,
    },
)
documents = st.fixed_dictionaries(
    {"fleet": st.sampled_from(["acme/kiosk", "acme/kio", "acme/kiosk\n", "kiosk", 1])},
    optional={
        **{key: values for key in SCHEMA["properties"] if key != "fleet"},
        "device_defaults": layers,
        "groups": st.lists(layers, max_size=2),
        "devices": st.lists(layers, max_size=2),
        "os": st.fixed_dictionaries({"version": plain_values}, optional={"apply": plain_values}),
    },
)


@given(documents)
def test_the_library_agrees_on_random_documents(content):
    agree(document.plain(content))


@given(st.one_of(names, st.text(max_size=4)), plain_values)
def test_the_schema_takes_the_names_that_the_rest_of_the_collection_takes(name, value):
    for kind in ("env", "config"):
        content = {"fleet": "acme/kiosk", "variables": {kind: {name: "x"}}}
        assert bool(schema_check.mistakes(content, SCHEMA)) == refuses(check_name, name, kind)
    content = {"fleet": "acme/kiosk", "tags": {name: value}}
    assert bool(schema_check.mistakes(content, SCHEMA)) == refuses(check_tag, "application", name, value)
    content = {"fleet": "acme/kiosk", "device_defaults": {"tags": {name: value}}}
    assert bool(schema_check.mistakes(content, SCHEMA)) == refuses(check_tag, "device", name, value)


def refuses(check, *arguments):
    try:
        check(*arguments)
    except DeclarationError:
        return True
    return False
