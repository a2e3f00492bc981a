# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever may name a device or set a tag runs nothing on the controller, and touches no other host."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import yaml
from ansible.module_utils.ansible_release import __version__

from tests.support.ansible_runs import without_actions

CORE = ".".join(__version__.split(".")[:2])
MARKS_KEYS = tuple(int(part) for part in CORE.split(".")) >= (2, 19)

#: Ways to have text evaluated; RUN is a call that leaves a file behind.
WAYS = [
    "{{ RUN }}", "{{RUN}}", "{{- RUN -}}", "{%- if RUN %}{% endif %}", "{% set x = RUN %}", "{# #}{{ RUN }}",
    "x {{ RUN }} y", "}}{{ RUN }}{{", "'}}{{ RUN }}", '"}}{{ RUN }}', "{{ [RUN] | first }}", "{{ RUN",
    "#jinja2: variable_start_string: '[[', variable_end_string: ']]'\n[[ RUN ]]",
    "RUN", "(RUN)", "RUN | trim", "1 if RUN else 2", "\\x7b\\x7b RUN \\x7d\\x7d", "\\u007b\\u007b RUN }}",
    "{{ '{{' }} RUN {{ '}}' }}", "{\u200b{ RUN }}", "{ { RUN } }", "\n{{ RUN }}\n", "!unsafe '{{ RUN }}'",
    "{{ lookup('template', '/dev/stdin') }}{{ RUN }}", "{% raw %}{% endraw %}{{ RUN }}", "{{ RUN }}" + "x" * 2000,
    "{{ cycler.__init__.__globals__.os.system(COMMAND) }}", "{{ ''.__class__ }}{{ RUN }}", "{",
]  # fmt: skip
CALLS = ["lookup('pipe', COMMAND)", "query('ansible.builtin.pipe', COMMAND)", "lookup('pipe',COMMAND)|trim"]
TEXTS = [
    way.replace("RUN", call).replace("COMMAND", f"'touch ran_{number}'")
    for number, (call, way) in enumerate([*itertools.product(CALLS[:1], WAYS), *itertools.product(CALLS[1:], WAYS[:3])])
]
#: Two texts that are a template when they are put together.
HALVES = [
    ("{", "{ lookup('pipe', 'touch ran_halves') }}"),
    ("{", "% if lookup('pipe', 'touch ran_halves') %}{% endif %}"),
]

#: What is done to the variables of a host, and then shown, which evaluates it once more on some ansible-cores.
EXPRESSIONS = [
    "balena_tags | to_json", "balena_tags", "balena_tags | dict2items",
    "balena_tags | dict2items | map(attribute='key') | join",
    "balena_tags.keys() | join", "balena_tags.values() | join", "balena_tags | string", "balena_tags | to_nice_yaml",
    "balena_note", "balena_note | to_json", "balena_device_name ~ ''", "[balena_note] | join",
    "hostvars[inventory_hostname].balena_tags | to_json", "hostvars[inventory_hostname].balena_note | to_json",
    "groups.all | map('extract', hostvars, 'balena_note') | select | join(' ')",
    "groups.all | map('extract', hostvars, 'balena_tags') | list | to_json", "about", "keys", "joined",
]  # fmt: skip
COMPOSE = {
    "about": "balena_tags | to_json",
    "keys": "balena_tags | dict2items | map(attribute='key') | list",
    "joined": "balena_tags.keys() | join",
    "ansible_remote_tmp": "'/tmp/' ~ balena_id",
}


@pytest.fixture
def hostile(emulator):
    """A device for each text: its name, note, and a tag's key and value."""
    pairs = [*((text, text) for text in TEXTS), *HALVES]
    emulator.seed(
        {
            "applications": [
                {"name": "hostile", "organization": "acme", "devices": [{"name": "d{n:03d}", "count": len(pairs)}]}
            ]
        }
    )
    fleet = emulator.store.query("application", slug="acme/hostile")[0]["id"]
    devices = emulator.store.ids("device", belongs_to__application=fleet)
    for device, (first, second) in zip(devices, pairs, strict=True):
        emulator.store.update("device", device, device_name=first, note=second, os_version=first)
        emulator.store.insert("device_tag", device=device, tag_key=first, value="x")
        emulator.store.insert("device_tag", device=device, tag_key=second + " ", value=second)
    return len(pairs)


def source(folder, **options) -> str:
    """An inventory file that makes all it can of the devices' text."""
    config: dict[str, Any] = {
        "plugin": "community.balena.balena", "applications": ["acme/hostile"], "group_by": ["tags", "os_version"],
        "hostnames": ["balena_tags.keys() | first", "device_name"], "compose": COMPOSE,
        "groups": {"noted": "balena_note | length > 1"},
        "keyed_groups": [{"key": "balena_tags", "prefix": ""}, {"key": "balena_note", "parent_group": "notes"},
                         {"key": "balena_tags.keys() | list", "separator": ""}],
        **options,
    }  # fmt: skip
    path = folder / "hostile.balena.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return str(path)


def shown(expressions: list[str]) -> list[dict[str, Any]]:
    """Tasks that keep what each expression gives, show it, and ask a condition of it."""
    names = {f"kept_{number}": f"{{{{ {text} }}}}" for number, text in enumerate(expressions)}
    return [
        {"ansible.builtin.set_fact": names},
        {"ansible.builtin.debug": {"msg": [f"{{{{ {name} }}}}" for name in names]}},
        {"ansible.builtin.debug": {"msg": "x"}, "when": "{{ kept_0 }}", "ignore_errors": True},
    ]


def ran(folder) -> list[str]:
    return sorted(path.name for path in folder.rglob("ran_*"))


def test_text_of_devices_is_never_evaluated_in_an_inventory(ansible, hostile, tmp_path, tell):
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    path = source(tmp_path, **cache)
    play = {"hosts": "all", "gather_facts": False, "connection": "local", "tasks": shown(EXPRESSIONS)}
    for _read_then_cached in range(2):
        done = ansible.playbook([play], "-i", path, env={"ANSIBLE_STDOUT_CALLBACK": "minimal"}, status=None)
        assert "Traceback" not in done.text
        assert ran(tmp_path) == []
    listed = ansible.run("ansible-inventory", "-i", path, "--list")
    assert len(listed.json["_meta"]["hostvars"]) == hostile
    assert ran(tmp_path) == []
    tell(f"hostile names and tags: {hostile} tried on ansible-core {CORE}, none ran, none touched another host")


@pytest.mark.parametrize("as_process", [False, True], ids=["action", "module"])
def test_text_of_devices_is_never_evaluated_in_a_result(ansible, hostile, tmp_path, as_process):
    env = {"ANSIBLE_COLLECTIONS_PATH": str(without_actions(tmp_path))} if as_process else {}
    results = [
        "found", "found.devices | to_json", "found.devices | map(attribute='tags') | map('to_json') | join",
        "found.devices | map(attribute='tags') | map('dict2items') | flatten | map(attribute='key') | join",
        "found.devices[0].tags | to_json",
        "hostvars[inventory_hostname].found.devices | map(attribute='tags') | to_json",
        "found.devices | map(attribute='name') | join", "found.devices[0].tags.keys() | list",
    ]  # fmt: skip
    tasks = [
        {"community.balena.balena_device_info": {"application": "acme/hostile"}, "register": "found"},
        {"ansible.builtin.set_fact": {"found": {"devices": "{{ found.devices }}"}}},
        *shown(results),
    ]
    done = ansible.playbook([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], env=env, status=None)
    assert done.recap()["ok"] >= 4, done.text[:4000]
    assert "Traceback" not in done.text
    assert ran(tmp_path) == []
    assert MARKS_KEYS or "urldecode" in done.errors


@pytest.mark.skipif(MARKS_KEYS, reason="this ansible-core keeps text of the API apart from templates")
def test_what_is_written_with_percent_signs_can_be_read_again(ansible, emulator, tmp_path):
    emulator.seed({"applications": [{"name": "lone", "organization": "acme", "devices": [{"name": "d", "count": 1}]}]})
    fleet = emulator.store.query("application", slug="acme/lone")[0]["id"]
    (device,) = emulator.store.ids("device", belongs_to__application=fleet)
    key = "a+b {{ lookup('pipe', 'touch ran_key') }} 50%"
    emulator.store.insert("device_tag", device=device, tag_key=key, value="v")
    path = source(tmp_path, applications=["acme/lone"], hostnames=["device_name"], keyed_groups=[], group_by=[])
    done = ansible.run("ansible-inventory", "-i", path, "--list")
    (found,) = done.json["_meta"]["hostvars"]["d"]["balena_tags"]
    assert "{{" not in found
    assert " ".join(done.errors.split()).count("the filter urldecode takes that back") == 1
    again = {"that": [f"(balena_tags.keys() | first | urldecode | length) == {len(key)}"]}
    play = {"hosts": "all", "gather_facts": False, "connection": "local", "tasks": [{"ansible.builtin.assert": again}]}
    ansible.playbook([play], "-i", path)
    assert ran(tmp_path) == []


#: Names that belong to somebody else, or stand for more than one host.
NAMES = [
    "all", "ungrouped", "www", "web", "db", "noted", "balena_online", "balena_tag_site_oslo", "oslo", "localhost",
    "localhost.", "LOCALHOST", "127.1", "127.0.0.2", "0.0.0.0", "0x7f000001", "2130706433", "::1", "ip6-localhost",
    "ip6-loopback", "!all", "@file", "a:&b", "a,b", "[0:3]", "web[1:3]", "~regex", "*", "", " ", "web ", "a\x00b",
    "a\x1b[2J", "\u202eweb", "x" * 5000, "/etc/hosts", "../../x", "-oProxyCommand=touch ran_option",
    "$(touch ran_shell)", "`touch ran_shell`", "a;touch ran_shell",
    "group_vars", "host_vars", "inventory_hostname", "omit", "true",
    "null", "1",
]  # fmt: skip
OTHERS = """\
all:
  vars: {of_all: 1}
  children:
    www:
      vars: {of_www: 1}
      hosts:
        web: {ansible_host: 192.0.2.1, ansible_connection: local}
        member: {ansible_host: 192.0.2.2, ansible_connection: local}
    db:
      hosts:
        member:
"""


@pytest.mark.parametrize("order", ["first", "last"])
def test_a_device_touches_no_other_host_by_its_name(ansible, emulator, tmp_path, order, tell):
    count = len(NAMES)
    emulator.seed(
        {
            "applications": [
                {"name": "hostile", "organization": "acme",
                 "devices": [{"name": "d{n:03d}", "count": count, "tags": {"site": "oslo"}}]}
            ]
        }
    )  # fmt: skip
    fleet = emulator.store.query("application", slug="acme/hostile")[0]["id"]
    for device, name in zip(emulator.store.ids("device", belongs_to__application=fleet), NAMES, strict=True):
        emulator.store.update("device", device, device_name=name)
    path = source(
        tmp_path,
        hostnames=["device_name"],
        group_by=["online", "tags"],
        connect=["host"],
        tunnel_address="tunnel.example.com:443",
        compose={"ansible_user": "'theirs'", "ansible_host": "balena_uuid"},
        keyed_groups=[
            {"key": "balena_tags.site", "separator": ""},
            {"key": "balena_device_name", "separator": "", "parent_group": "sites"},
            {"key": "balena_device_name", "parent_group": "{{ balena_device_name }}"},
        ],
    )
    others = tmp_path / "others.yml"
    others.write_text(OTHERS, encoding="utf-8")
    sources = ["-i", path, "-i", str(others)] if order == "last" else ["-i", str(others), "-i", path]
    alone = ansible.run("ansible-inventory", "-i", str(others), "--list").json
    done = ansible.run("ansible-inventory", *sources, "--list")
    assert "Traceback" not in done.text
    hosts = done.json["_meta"]["hostvars"]
    # A host of a later source that is called like a device is that device: nothing tells this source of it.
    untouched = ["member", "web"] if order == "first" else ["member"]
    for name in untouched:
        assert hosts[name] == alone["_meta"]["hostvars"][name], name
    devices = [host for host, found in hosts.items() if "balena_uuid" in found]
    assert len(devices) == count
    assert all("of_www" not in hosts[name] for name in devices if name not in done.json["www"]["hosts"])
    assert not {"localhost", "all", "ungrouped", "*", "0x7f000001"} & set(devices)
    assert ran(tmp_path) == []
    if order == "first":
        assert "web" not in done.json
    tell(f"hostile names beside other sources ({order}): {count} tried on ansible-core {CORE}, no other host touched")
