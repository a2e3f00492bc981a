# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of surveys, as AWX writes them and this ansible-core reads them: used exactly as written, or refused by name.

Up to ansible-core 2.18 all text arrives; from 2.19 on, what looks like another type in YAML does not.
"""

from __future__ import annotations

import importlib.util
import json
import re

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from hypothesis import given
from hypothesis import strategies as st

from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT, Ansible, python_here
from tests.support.awx_jobs import PROJECT, answers, extra_vars_file, job_templates

PLAYBOOKS = PROJECT / "playbooks"
TEMPLATES = job_templates()
#: What becomes a boolean, null, a number or a date, or up to ansible-core 2.18 a dictionary, a list or a boolean.
NASTY = [
    "yes", "no", "on", "Off", "true", "True", "FALSE", "null", "~", "", "1.10", "0123", "0x1F", "0b11", "1_000",
    "12:30", "12:30:45", "1.5e+3", ".inf", ".NaN", "-7", "2026-01-31", "2026-01-31T10:00:00Z", "42", "{'a': 1}",
    '{"a": 1}', "[1, 2]", '["yes"]', '"quoted"', "'single'", "it's", "{{ 7 * 7 }}", "{{ lookup('pipe', 'id') }}",
    "{% if x %}", "a: b", "!unsafe 'x'", "!vault x", "# no comment", " yes", "yes ", "- item", "&a", "*a", "@x",
    "%x", "|", ">", "=x", "a\nb", "  a\n\n  b\n", "tab\tbed", "ünïcödé", "😀", "x" * 300, "word " * 60, "\\n",
    "$HOME", "`id`", "1e3", "1.2.0", "latest",
]  # fmt: skip
SEED = {
    "applications": [
        {
            "name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64", "services": ["main"],
            "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}], "pin": "1.0.0",
            "devices": [{"name": "kiosk-{n}", "count": 2, "os_version": "5.3.27"}],
        }
    ]
}  # fmt: skip


@pytest.fixture(scope="module")
def filters():
    return plugin("answers")


def plugin(name):
    """The filters of a file of the project's playbooks."""
    spec = importlib.util.spec_from_file_location(name, PLAYBOOKS / "filter_plugins" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FilterModule().filters()


def arrived(text):
    """What a playbook sees of an answer."""
    return DataLoader().load(extra_vars_file({"asked": text}))["asked"]


def outcome(function, *arguments, **more):
    """What a filter returns, or the message it fails with."""
    try:
        return function(*arguments, **more), None
    except AnsibleError as error:
        return None, str(error)


def check_text(filters, text, name, *, quoted):
    """The text is returned exactly, or refused with its question; as JSON it is always returned."""
    form = ["JSON"] if name == "answered_value" else []
    found, refusal = outcome(filters[name], arrived(text), "Something asked")
    if refusal is None and not quoted:
        assert found == text
    else:
        assert quoted or "The answer to 'Something asked' did not arrive as text" in refusal
    assert outcome(filters[name], arrived(json.dumps(text)), "Something asked", *form) == (text, None)


@pytest.mark.parametrize("text", NASTY)
def test_a_text_is_used_as_it_was_written_or_refused(filters, text):
    check_text(filters, text, "answered_value", quoted=False)
    check_text(filters, text, "answered_text", quoted=text.startswith('"'))


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=12))
def test_any_text_is_used_as_it_was_written_or_refused(filters, text):
    try:
        arrived(text)
    except AnsibleError:
        return  # "=" and "<<" alone are of types that Ansible does not know: the job ends before it begins
    check_text(filters, text, "answered_value", quoted=False)
    check_text(filters, text, "answered_text", quoted=text.strip().startswith('"'))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1%, 10%, 50%, 100%", ["1%", "10%", "50%", "100%"]),
        ("2", [2]),
        ("2, canary,all", [2, "canary", "all"]),
        ("50%", ["50%"]),
        ("", []),
        (" , ", []),
        ('"yes"', ["yes"]),
        ("yes, no", ["yes", "no"]),
        ("010, 20", ["010", 20]),
        ("{{ 1 }}, [2]", ["{{ 1 }}", "[2]"]),
    ],
)
def test_a_list_has_its_parts(filters, text, parts):
    assert filters["answered_list"](arrived(text), "Waves") == parts


@pytest.mark.parametrize("text", ["yes", "1.10", "2026-01-31"])
def test_a_list_that_is_none_any_more_is_refused(filters, text):
    found, refusal = outcome(filters["answered_list"], arrived(text), "Waves")
    assert found == [text] if refusal is None else "The answer to 'Waves' did not arrive as text" in refusal


def test_numbers_and_nothing_are_answers_where_they_are_asked_for(filters):
    assert filters["answered_text"](arrived(""), "Version", empty=True) == ""
    assert filters["answered_text"](arrived("20"), "Changes at most", numbers=True) == "20"
    assert outcome(filters["answered_text"], True, "Changes at most", numbers=True)[1]


def test_a_value_is_not_shown_and_bad_json_is_named(filters):
    assert "83" not in str(outcome(filters["answered_value"], 83, "Value", "text", "The value is"))
    for answer in ("hunter2", "[1]", '"open', '{"a": 1}'):
        refusal = outcome(filters["answered_value"], answer, "Value", "JSON")[1]
        assert refusal == "The answer to 'Value' is not text in double quotes as JSON has it."


def test_choices_are_text_in_yaml_or_booleans_that_the_playbooks_take():
    for template in TEMPLATES.values():
        for question in template["survey"]:
            for choice in question.get("choices", []):
                assert yaml.safe_load(choice) in (choice, True, False), question["variable"]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("site=oslo, ring=beta", {"site": "oslo", "ring": "beta"}),
        ("ring = canary", {"ring": "canary"}),
        ("keep=", {"keep": ""}),
        ("url=a=b", {"url": "a=b"}),
        ("", {}),
        ("{{ 1 }}=[2]", {"{{ 1 }}": "[2]"}),
    ],
)
def test_tags_have_their_values(filters, text, tags):
    assert filters["answered_tags"](arrived(text), "Canaries") == tags


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("22:00-04:00 UTC", [{"start": "22:00", "end": "04:00", "timezone": "UTC"}]),
        (
            "mon-thu, sun 22:00 - 04:00 Europe/Oslo",
            [{"days": ["mon-thu", "sun"], "start": "22:00", "end": "04:00", "timezone": "Europe/Oslo"}],
        ),
        ("sat 1:00-2:00; sun 3:00-4:00", [
            {"days": ["sat"], "start": "1:00", "end": "2:00"}, {"days": ["sun"], "start": "3:00", "end": "4:00"},
        ]),
        ("", []),
    ],
)  # fmt: skip
def test_windows_have_their_parts(filters, text, windows):
    assert filters["answered_windows"](arrived(text), "Maintenance windows") == windows


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("answered_tags", "site", "is not made of tags and values"),
        ("answered_tags", "=oslo", "is not made of tags and values"),
        ("answered_tags", "a=1, a=2", "has the tag 'a' twice"),
        ("answered_windows", "at night", "'at night' in the answer to 'It' is not a maintenance window"),
        ("answered_windows", "22:00", "is not a maintenance window"),
        ("answered_number", "many", "is not a whole number"),
        ("answered_number", "1.5", "is not a whole number"),
        ("answered_tag", '"no"', "cannot be 'no'"),
    ],
)
def test_an_answer_of_another_form_is_named(filters, name, text, message):
    refusal = outcome(filters[name], arrived(text), "It")[1]
    assert refusal.startswith(("The answer to 'It'", "'")) and (message in refusal or "did not arrive" in refusal)


def test_what_is_missing_or_empty_stands_for_the_default(filters):
    for nothing in ("", None):
        assert filters["answered_number"](nothing, "It", 300) == 300
        assert filters["answered_yes"](nothing, "It", True) is True
    assert filters["answered_number"](0, "It", 300) == 0
    assert filters["answered_yes"](False, "It", True) is filters["answered_yes"]("no", "It", True) is False


#: What a person at a survey is not asked, by what its name ends with: files of the project, and what is fine as it is.
NOT_ASKED = {
    "rollout": {
        "allow_invalidated", "approved_variable", "diagnose_checks", "diagnose_settle", "diagnose_thresholds", "filter",
        "gate_tasks", "has_tags", "min_devices", "patience", "plan_from", "plan_sign_key", "plan_signer",
        "plan_signers", "plan_summary", "plan_to", "poll_interval", "prompt", "seed", "when_stopped",
    },
    "os_update": {
        "approved_variable", "diagnose_checks", "diagnose_settle", "diagnose_thresholds", "filter", "gate_tasks",
        "has_tags", "min_devices", "os_type", "patience", "poll_interval", "prompt", "seed", "when_stopped",
    },
    "fleet": {"allow_pending", "fail_on_drift", "report", "secrets", "sections", "silent_days", "templates"},
}  # fmt: skip


@pytest.mark.parametrize("name", ["converge.yml", "os_update.yml", "rollout.yml"])
def test_a_survey_asks_for_what_the_role_takes(name):
    (play,) = yaml.safe_load((PLAYBOOKS / name).read_text(encoding="utf-8"))
    role, told = told_role(play)
    spec = yaml.safe_load((CHECKOUT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = spec["argument_specs"]["main"]["options"]
    questions = {question["variable"]: question for question in TEMPLATES[name]["survey"]}
    asked = {option: re.findall(r"asked_\w+", str(value)) for option, value in told.items()}
    left = {option for option in options if not asked.get(option)} - {f"{role}_{one}" for one in NOT_ASKED[role]}
    assert left == set()
    assert {one for variables in asked.values() for one in variables} | {"asked_report", "asked_report_folder"} == set(
        questions
    )
    for option, question in ((one, questions[variables[0]]) for one, variables in asked.items() if variables):
        choices = options[option].get("choices")
        if choices and question["variable"] != "asked_state":
            assert set(question["choices"]) - {"none", "download, switch"} == set(choices), option
        assert question["required"] or not options[option].get("required"), option


def told_role(play):
    """The role of a play, and what it is told."""
    tasks = [each for task in play["tasks"] for each in task.get("block", [task])]
    told = {name: value for task in tasks for name, value in task.get("ansible.builtin.set_fact", {}).items()}
    included = next(task for task in tasks if "ansible.builtin.include_role" in task)
    role = included["ansible.builtin.include_role"]["name"].rpartition(".")[2]
    return role, {**told, **included["vars"]}


def test_the_files_of_a_report_are_those_that_were_asked_for(filters):
    files = filters["report_files"]
    assert files("none", "", "drift-7", "/p") == []
    assert files("mail", "", "drift-7", "/p") == ["/p/balena-report.mail.html"]
    assert files("none", "/reports/", "drift-7", "/p") == ["/reports/drift-7.html"]
    assert files("markdown", "/reports", "drift-7", "/p") == ["/p/balena-report.md", "/reports/drift-7.md"]


def test_an_answer_that_is_missing_means_what_the_survey_suggests(tmp_path):
    """What the roles are told is the same, whether the optional answers are the suggested ones, empty or missing."""
    given = []
    for name, template in TEMPLATES.items():
        required = {question["variable"]: "acme/kiosk" for question in template["survey"] if question["required"]}
        empty = {question["variable"]: "" for question in template["survey"]}
        given += [(name, answers(template, **required)), (name, required), (name, {**empty, **required})]
    said = what_is_said(tmp_path, given)
    for (name, _given), suggested, missing, empty in zip(given[::3], said[::3], said[1::3], said[2::3], strict=True):
        assert suggested == missing == empty, name


def what_is_said(folder, given):
    """What each playbook tells its role or module when it is given these answers."""
    plays = []
    for number, (name, answered) in enumerate(given):
        (play,) = yaml.safe_load((PLAYBOOKS / name).read_text(encoding="utf-8"))
        tasks = [each for task in play["tasks"] for each in task.get("block", [task])]
        facts = [task for task in tasks if "ansible.builtin.set_fact" in task]
        called = next(task for task in tasks if task not in facts)
        told = {**called.get("vars", {}), **called.get("community.balena.balena_env_var", {})}
        kept = {
            one: f"{{{{ {one} | default('left out') }}}}" for task in facts for one in task["ansible.builtin.set_fact"]
        }
        keep = {"ansible.builtin.set_fact": {"said": "{{ it }}"}, "vars": {"it": {**told, **kept}}}
        play = {"hosts": f"h{number}", "gather_facts": False, "vars": {**answered, "balena_uuid": "0" * 32}}
        plays.append({**play, "tasks": [*facts, keep]})
    hosts = [play["hosts"] for play in plays]
    content = "{{ " + str(hosts) + " | map('extract', hostvars, 'said') | list | to_json }}"
    write = {"ansible.builtin.copy": {"content": content, "dest": str(folder / "said.json")}}
    plays.append({"hosts": "localhost", "gather_facts": False, "tasks": [write]})
    ansible = Ansible(folder, {"ANSIBLE_FILTER_PLUGINS": str(PLAYBOOKS / "filter_plugins")})
    ansible.playbook(plays, "-i", ",".join(hosts) + ",", *python_here(folder), status=0)
    return json.loads((folder / "said.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ("a: 'text'", ""),
        ('{"a": "text"}', ""),
        ("a: 0123", "has a value for 'a' that is not text"),
        ("hunter2", "does not hold names with values"),
        ("a: [hunter2", "cannot be read as YAML or JSON"),
    ],
)
def test_secrets_of_a_credential_are_names_with_texts(tmp_path, held, message):
    read = plugin("fleet_secrets")["secrets_in_file"]
    (tmp_path / "held").write_text(held, encoding="utf-8")
    found, refusal = outcome(read, str(tmp_path / "held"))
    assert (found == {"a": "text"} and refusal is None) if not message else message in refusal
    assert "hunter2" not in str(refusal)
    assert read("") == {}


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED) as running:
        yield running


@pytest.fixture
def fleet(server):
    server.reset()
    return server


def launcher(emulator, folder):
    """A function that runs a playbook of the project with answers as AWX writes them."""
    ansible = Ansible(folder, {"BALENA_API_URL": emulator.url, "BALENA_TOKEN": emulator.token})

    def launch(name, *, check=False, status=None, **given):
        file = folder / "extravars"
        file.write_text(extra_vars_file(answers(TEMPLATES[name], **given)), encoding="utf-8")
        more = ["-i", str(PROJECT / "inventory" / "fleet.balena.yml")] if name == "device_variable.yml" else []
        more += ["--check"] if check else []
        return ansible.playbook(PLAYBOOKS / name, "-e", f"@{file}", *more, status=status)

    return launch


@pytest.fixture
def run(fleet, tmp_path):
    return launcher(fleet, tmp_path)


WRITTEN = ["yes", "1.10", "0123", "True", '{"a": 1}', "[1, 2]", '"quoted"', "{{ 7 * 7 }}", "it's: # a"]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_variable_has_exactly_the_value_that_was_answered_or_none(run, fleet, text):
    done = run("device_variable.yml", asked_name="LEVEL", asked_value=text)
    values = [row["value"] for row in fleet.store.query("device_environment_variable", name="LEVEL")]
    if done.status == 0:
        assert values == [text, text]
    else:
        assert "The answer to 'Value' did not arrive as text" in done.text
        assert fleet.writes() == []
    assert isinstance(arrived(text), str) == (done.status == 0)


def test_any_value_can_be_said_as_json(run, fleet):
    for text in ("0123", 'yes "and" no'):
        run("device_variable.yml", asked_name="LEVEL", asked_value=json.dumps(text), asked_value_form="JSON", status=0)
        assert {row["value"] for row in fleet.store.query("device_environment_variable", name="LEVEL")} == {text}


def test_a_name_that_is_a_boolean_in_yaml_is_no_other_name(run, fleet):
    done = run("device_variable.yml", asked_name="ON", asked_value="x")
    names = {row["name"] for row in fleet.store.query("device_environment_variable")}
    assert names == {"ON"} if done.status == 0 else "'Name of the variable' did not arrive as text" in done.text
    run("device_variable.yml", asked_name='"ON"', asked_value="x", status=0)
    assert {row["name"] for row in fleet.store.query("device_environment_variable")} == {"ON"}


@pytest.mark.parametrize("fail", ["yes", "no"])
def test_drift_fails_a_job_if_that_is_asked_for(run, fail):
    done = run("drift.yml", check=True, asked_fail=fail)
    assert (done.status == 0) == (fail == "no")
    assert "LOG_LEVEL" in done.output


def test_an_update_of_the_os_works_with_an_empty_version(run):
    done = run("os_update.yml", check=True, asked_application="acme/kiosk", asked_supervisor_version="latest")
    assert "The answer to" not in done.text
    assert done.status == 0, done.text
    neither = run("os_update.yml", check=True, asked_application="acme/kiosk")
    assert "Neither os_update_version nor os_update_supervisor_version" in neither.text


@pytest.mark.parametrize(
    ("name", "given", "question"),
    [
        ("rollout.yml", {"asked_release": "1.10"}, "Release"),
        ("rollout.yml", {"asked_release": "0123456"}, "Release"),
        ("rollout.yml", {"asked_application": "123"}, "Fleet"),
        ("os_update.yml", {"asked_version": "6.10"}, "Version of balenaOS"),
        ("os_update.yml", {"asked_supervisor_version": "17.10"}, "Version of the supervisor"),
        ("converge.yml", {"asked_documents": "0123"}, "Documents"),
        ("converge.yml", {"asked_max_changes": "1.10"}, "Changes at most"),
        ("drift.yml", {"asked_documents": "2026-01-31"}, "Documents"),
    ],
)
def test_an_answer_that_is_no_text_any_more_is_named_before_anything_is_done(run, fleet, name, given, question):
    needed = {"asked_application": "acme/kiosk"} if name in ("rollout.yml", "os_update.yml") else {}
    needed |= {"asked_release": "1.1.0"} if name == "rollout.yml" else {}
    done = run(name, **{**needed, **given})
    assert done.status != 0
    if not isinstance(arrived(next(iter(given.values()))), str):
        assert f"The answer to '{question}' did not arrive as text" in done.text
    assert fleet.writes() == []


def test_a_first_converge_creates_no_fleet_that_was_not_asked_for(tmp_path):
    with Emulator() as empty:
        launch = launcher(empty, tmp_path)
        refused = launch("converge.yml")
        assert refused.status != 0
        assert "fleet 'acme/kiosk' does not exist" in refused.text
        assert empty.writes() == []
        launch("converge.yml", asked_create="yes", asked_max_changes="10", status=0)
        assert len(empty.store.ids("application", slug="acme/kiosk")) == 1
