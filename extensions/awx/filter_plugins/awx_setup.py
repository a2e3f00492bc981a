# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What setup.yml works out: the nodes of the workflow, and how what AWX has differs from what it should have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

Record = Mapping[str, Any]

#: What AWX shows of a secret that it has.
ENCRYPTED = "$encrypted$"
#: How nodes are linked.
LINKS = ("success_nodes", "failure_nodes", "always_nodes")
ROLL_BACK = "roll-back"


def approved_waves(
    waves: Sequence[Any], rollout: str, canary: str = "", timeout: int = 0, converge: str = "", rolls_back: bool = False
) -> list[Record]:
    """Return the nodes of a workflow: a job for each wave, and an approval before each but the first.

    :param waves: the waves of the rollout, as its survey takes them.
    :param rollout: the job template that rolls out.
    :param canary: tags of the devices that go first, which makes one wave more.
    :param timeout: seconds after which an approval cannot be given any more, or 0.
    :param converge: a job template that runs first, if any.
    :param rolls_back: whether the rollout is taken back when an approval is denied.
    """
    names = [*(["canary"] if canary else []), *map(str, waves)]
    if not waves:
        raise AnsibleFilterError("awx_workflow_waves is empty: give it at least one wave")
    answers = {"asked_waves": ", ".join(map(str, waves)), "asked_approval": "all", "asked_outside_window": "wait"}
    answers |= {"asked_canary": canary} if canary else {}
    nodes = [_job("converge", converge, {}, ["wave-1"])] if converge else []
    for number, name in enumerate(names, 1):
        if number > 1:
            denied = [ROLL_BACK] if rolls_back else []
            nodes.append(_approval(number, name, timeout, [f"wave-{number}"], denied))
        after = [f"approve-{number + 1}"] if number < len(names) else []
        nodes.append(_job(f"wave-{number}", rollout, {**answers, "asked_approved": number}, after))
    if rolls_back and len(names) > 1:
        nodes.append(_job(ROLL_BACK, rollout, {**answers, "asked_state": "roll back"}, []))
    return nodes


def _job(identifier: str, template: str, answers: Record, after: Sequence[str]) -> Record:
    said = {"extra_data": dict(answers)} if answers else {}
    return {
        "identifier": identifier,
        "unified_job_template": {"name": template, "type": "job_template"},
        **said,
        "related": _links(success_nodes=after),
    }


def _approval(number: int, name: str, timeout: int, after: Sequence[str], denied: Sequence[str]) -> Record:
    limit = {"timeout": timeout} if timeout else {}
    template = {
        "name": f"Approve wave {number} ({name})",
        "description": f"Wave {number - 1} has succeeded",
        "type": "workflow_approval",
        **limit,
    }
    links = _links(success_nodes=after, failure_nodes=denied)
    return {"identifier": f"approve-{number}", "unified_job_template": template, "related": links}


def _links(**links: Sequence[str]) -> Record:
    return {name: [{"identifier": one} for one in ones] for name, ones in links.items() if ones}


def templates_of(nodes: Sequence[Record]) -> list[str]:
    """Return the names of the job templates that nodes run, each once."""
    wanted = [node["unified_job_template"] for node in nodes]
    return sorted({one["name"] for one in wanted if one["type"] == "job_template"})


def in_organization(nodes: Sequence[Record], organization: str) -> list[Record]:
    """Return nodes whose job templates are looked for in an organization."""
    where = {"organization": {"name": organization}}
    return [
        {**node, "unified_job_template": {**node["unified_job_template"], **where}}
        if node["unified_job_template"]["type"] == "job_template"
        else node
        for node in nodes
    ]


def are_nodes_of(nodes: Sequence[Record], found: Sequence[Record]) -> bool:
    """Return whether AWX has exactly these nodes, with these links.

    :param found: the nodes of the workflow as AWX shows them.
    """
    known = {node["id"]: node["identifier"] for node in found}
    have = {}
    for node in found:
        template = node.get("summary_fields", {}).get("unified_job_template", {})
        approves = template.get("unified_job_type") == "workflow_approval"
        links = {name: sorted(str(known.get(one)) for one in node.get(name, [])) for name in LINKS}
        limits = (template.get("description", ""), template.get("timeout") or 0) if approves else None
        have[node["identifier"]] = (template.get("name"), limits, dict(node.get("extra_data") or {}), links)
    return have == {node["identifier"]: _as_made(node) for node in nodes}


def _as_made(node: Record) -> tuple[Any, ...]:
    template = node["unified_job_template"]
    links = {name: sorted(one["identifier"] for one in node["related"].get(name, [])) for name in LINKS}
    approves = template["type"] == "workflow_approval"
    limits = (template.get("description", ""), template.get("timeout", 0)) if approves else None
    return template["name"], limits, dict(node.get("extra_data", {})), links


def template_objects(
    templates: Sequence[Record], organization: str, secrets: bool, also: Sequence[str]
) -> list[Record]:
    """Return job templates as objects that AWX is asked for, with what each of them needs.

    :param secrets: whether there are secrets of fleets.
    :param also: what all of them need besides.
    """
    usual = ["project", "inventory", "credential", "execution environment", *also]
    return [
        {
            "object": template["name"],
            "kind": "job_templates",
            "query": {"name": template["name"], "organization__name": organization},
            "needs": [*usual, *(["fleet secrets"] if secrets and template.get("secrets") else [])],
        }
        for template in templates
    ]


def schedule_objects(schedules: Sequence[Record], templates: Sequence[Record], organization: str) -> list[Record]:
    """Return the schedules of these job templates as objects that AWX is asked for."""
    return [
        {
            "object": schedule["name"],
            "kind": "schedules",
            "query": {
                "name": schedule["name"],
                "unified_job_template__name": schedule["template"],
                "unified_job_template__organization__name": organization,
            },
            "needs": [schedule["template"]],
        }
        for schedule in schedules
        if schedule["template"] in [template["name"] for template in templates]
    ]


def foreseen(objects: Sequence[Record], found: Record) -> Record:
    """Return which objects would be made (C(made)), and which have to wait for one of these (C(waiting)).

    :param found: what AWX has, by objects; empty for what it has not.
    """
    made = [one["object"] for one in objects if str(one.get("wanted", True)) == "True" and not found.get(one["object"])]
    there = [one for one in objects if one["object"] not in made and found.get(one["object"])]
    return {"made": made, "waiting": [one["object"] for one in there if set(one.get("needs", [])) & set(made)]}


def defaults_of(survey: Sequence[Record]) -> dict[str, Any]:
    """Return the answers that a survey suggests, by variables."""
    return {question["variable"]: question["default"] for question in survey if question.get("default", "") != ""}


def to_send(given: Record, found: Record, defaults: Record, secrets: Sequence[str], replaces: bool) -> dict[str, Any]:
    """Return the configuration that a notification should get, or nothing if it has it.

    AWX shows no secret that it has, and keeps it for what it shows in its place.

    :param given: what was asked for.
    :param found: what AWX has; empty if there is no such notification.
    :param secrets: the fields that are secret.
    :param replaces: whether given secrets take the place of those that AWX has.
    """
    wanted = {**defaults, **given}
    kept = [name for name in secrets if found.get(name) == ENCRYPTED and not replaces]
    wanted |= dict.fromkeys(kept, ENCRYPTED)
    return {} if wanted == dict(found) else wanted


def as_secrets(given: Any) -> str:
    """Return secrets of fleets as the text that a credential holds.

    :raises AnsibleFilterError: they are no names with texts. None of the values is shown.
    """
    try:
        secrets = yaml.safe_load(given) if isinstance(given, str) else given
    except yaml.YAMLError:
        secrets = None
    if not isinstance(secrets, Mapping):
        raise AnsibleFilterError("awx_fleet_secrets is not a dictionary of secrets by their names")
    for name, value in secrets.items():
        if not isinstance(value, str):
            raise AnsibleFilterError(f"the secret {name!r} in awx_fleet_secrets is not text: write it in quotes")
    text = yaml.safe_dump({str(name): str(value) for name, value in secrets.items()}, default_flow_style=False)
    marked: str = wrap_var(text)
    return marked


class FilterModule:
    """The filters of setup.yml."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by their names."""
        known = [approved_waves, templates_of, in_organization, are_nodes_of, template_objects, schedule_objects]
        known += [foreseen, defaults_of, to_send, as_secrets]
        return {function.__name__: function for function in known}
