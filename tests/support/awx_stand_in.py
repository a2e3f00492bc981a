# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's API as the modules of awx.awx need: objects that are looked up, made, changed and associated.

What AWX refuses is refused here too: what L(tests.support.awx_rules) says, references to what is not there, and job
templates whose playbook no update of the project has brought. Secrets that it has are not shown.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.awx_rules import (
    RefusedError,
    check_answers,
    check_inputs,
    check_no_cycle,
    check_notification,
    check_rrule,
    check_survey,
    shown_notification,
)

Record = dict[str, Any]

TOKEN = "awx-token"
ENCRYPTED = "$encrypted$"
#: What objects have that nobody gave them.
DEFAULTS: dict[str, Record] = {
    "inventories": {"kind": "", "host_filter": None},
    "projects": {"scm_revision": "", "status": "pending"},
    "workflow_job_template_nodes": {"unified_job_template": None, "extra_data": {}, "all_parents_must_converge": False},
    "workflow_approval_templates": {"description": "", "timeout": 0},
}
#: The kinds of what objects refer to by an id.
REFERENCES = {
    "organization": ["organizations"],
    "credential_type": ["credential_types"],
    "credential": ["credentials"],
    "inventory": ["inventories"],
    "project": ["projects"],
    "source_project": ["projects"],
    "execution_environment": ["execution_environments"],
    "default_environment": ["execution_environments"],
    "workflow_job_template": ["workflow_job_templates"],
    "unified_job_template": ["job_templates", "workflow_job_templates", "workflow_approval_templates"],
}
#: These are unified job templates, whose ids are of one sequence.
UNIFIED = ("projects", "inventory_sources", *REFERENCES["unified_job_template"])
LINKS = ("success_nodes", "failure_nodes", "always_nodes")
#: What a query asks for that is not a condition.
PAGING = ("page", "page_size", "order_by")
#: How AWX tells a playbook from other files of a project.
PLAYBOOK = re.compile(r"^\s*-?\s*(hosts|(ansible\.builtin\.)?import_playbook):", re.MULTILINE)


class Awx:
    """The objects of an AWX with one organization, and the writes that it was asked for.

    :param project: the folder that the project's repository holds.
    """

    def __init__(self, project: Path) -> None:
        self.url = ""
        self.project = project
        self.writes: list[tuple[str, str]] = []
        #: The branch that the repository does not have, so that an update of the project fails.
        self.missing_branch = "no-such-branch"
        self._objects: dict[str, list[Record]] = {}
        self._links: dict[str, list[int]] = {}
        self._surveys: dict[str, Record] = {}
        self._count: dict[str, int] = {}
        self.create("organizations", {"name": "Default"})

    def all(self, kind: str) -> list[Record]:
        """The objects of a kind, such as C(job_templates), secrets included."""
        return self._objects.get(kind, [])

    def one(self, kind: str, name: str = "balena") -> Record:
        """The object of a kind with this name."""
        return next(row for row in self.all(kind) if row["name"] == name)

    def survey(self, name: str, kind: str = "job_templates") -> list[Record]:
        """The questions of a job template."""
        questions: list[Record] = self._survey_of(self.one(kind, name))
        return questions

    def linked(self, row: Record, what: str) -> list[int]:
        """The ids of what an object is associated with, such as its C(credentials)."""
        return self._links.get(f"{row['url']}{what}/", [])

    def credentials_of(self, name: str) -> list[int]:
        """The ids of the credentials of a job template."""
        return self.linked(self.one("job_templates", name), "credentials")

    def launch(self, name: str, given: Record) -> None:
        """Launch a job template with extra vars by the API.

        :raises RefusedError: AWX would not (C(JobTemplateLaunch)).
        """
        check_answers(self.survey(name), given, others=True)

    def remove(self, kind: str, name: str) -> None:
        """Delete an object, as a person does."""
        self._objects[kind].remove(self.one(kind, name))

    def create(self, kind: str, given: Record) -> Record:
        """Make an object."""
        sequence = "unified" if kind in UNIFIED else kind
        number = self._count[sequence] = self._count.get(sequence, 0) + 1
        url = f"/api/v2/{kind}/{number}/"
        related = {"survey_spec": f"{url}survey_spec/", "update": f"{url}update/"}
        row = {"id": number, "url": url, "type": _type(kind), "related": related}
        row |= {"summary_fields": {}, **DEFAULTS.get(kind, {}), **_without_nulls(given)}
        self._check(kind, row)
        self._objects.setdefault(kind, []).append(row)
        return row

    def answer(self, method: str, target: str, body: Record) -> tuple[int, Any]:
        """Answer a request with a status and something for JSON."""
        path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query))
        if method != "GET":
            self.writes.append((method, path))
        kind, number, sub = re.fullmatch(r"/api/v2/(\w+)/(?:(\d+)/)?(?:(\w+)/)?", path).groups()  # type: ignore[union-attr]
        row = next((row for row in self.all(kind) if row["id"] == int(number)), None) if number else None
        if number and row is None:
            return 404, {"detail": "Not found."}
        if row is None:
            return self._answer_for_all(method, kind, query, body)
        if sub == "update":
            return 202, self._update(row)
        if sub == "survey_spec":
            return self._survey(method, path, body)
        if sub == "create_approval_template":
            return 201, self._approval(row, body)
        if sub:
            return self._associate(method, path, row, sub, body)
        if method == "DELETE":
            return self._delete(kind, row)
        if method == "PATCH":
            changed = {**row, **_without_nulls(self._with_kept_secrets(kind, row, body))}
            self._check(kind, changed)
            row.update(changed)
        return 200, self._shown(kind, row)

    def _answer_for_all(self, method: str, kind: str, query: Record, body: Record) -> tuple[int, Any]:
        if method == "POST":
            return 201, self._shown(kind, self.create(kind, body))
        wanted = {key: value for key, value in query.items() if key not in PAGING}
        kinds = REFERENCES["unified_job_template"][:2] if kind == "unified_job_templates" else [kind]
        return 200, _page(
            [
                self._shown(each, row)
                for each in kinds
                for row in self.all(each)
                if all(self._field(row, key) == value for key, value in wanted.items())
            ]
        )

    def _field(self, row: Record, path: str) -> str:
        """What a query asks of an object, such as C(organization__name)."""
        name, _join, rest = path.partition("__")
        value = row.get(name)
        referred = self._referred(name, value) if rest and value else None
        return self._field(referred, rest) if referred else str(value)

    def _referred(self, field: str, number: int) -> Record | None:
        """What an object refers to in a field."""
        return next((row for kind in REFERENCES[field] for row in self.all(kind) if row["id"] == number), None)

    def _update(self, project: Record) -> Record:
        """Update a project; its files are known when that succeeds."""
        fails = project.get("scm_branch") == self.missing_branch
        project["status"] = "failed" if fails else "successful"
        project["scm_revision"] = project["scm_revision"] if fails else "1"
        revision = {"scm_revision": project["scm_revision"], "finished": "2026-01-01T00:00:00Z"}
        return self.create("project_updates", {"status": project["status"], "failed": fails, **revision})

    def _approval(self, node: Record, body: Record) -> Record:
        """Make the approval of a node (C(WorkflowJobTemplateNodeCreateApproval)), which takes no other fields."""
        given: Record = {name: value for name, value in body.items() if name in ("name", "description", "timeout")}
        approval = self.create("workflow_approval_templates", given)
        node["unified_job_template"] = approval["id"]
        return approval

    def _delete(self, kind: str, row: Record) -> tuple[int, Any]:
        self._objects[kind].remove(row)
        self._links = {
            path: [each for each in ids if each != row["id"] or "_nodes/" not in path]
            for path, ids in self._links.items()
            if not path.startswith(row["url"])
        }
        return 204, None

    def _with_kept_secrets(self, kind: str, row: Record, body: Record) -> Record:
        """What is to be changed; a secret that is given as AWX shows it stays as it is (C(Credential.save))."""
        field = {"credentials": "inputs", "notification_templates": "notification_configuration"}.get(kind, "")
        if field not in body:
            return body
        kept = {key: row[field].get(key) if value == ENCRYPTED else value for key, value in body[field].items()}
        return {**body, field: kept}

    def _associate(self, method: str, path: str, row: Record, kind: str, body: Record) -> tuple[int, Any]:
        linked = self._links.setdefault(path, [])
        of_kind = (
            "workflow_job_template_nodes" if kind in LINKS else re.sub("_(started|success|error|approvals)$", "", kind)
        )
        if method == "GET":
            return 200, _page([self._shown(of_kind, each) for each in self.all(of_kind) if each["id"] in linked])
        other = next((each for each in self.all(of_kind) if each["id"] == body["id"]), None)
        if other is None:
            raise RefusedError(f"Invalid pk {body['id']} - object does not exist.")
        if body.get("disassociate"):
            linked.remove(body["id"])
            return 204, None
        # JobTemplateCredentialsList.is_valid_relation
        types = [each["credential_type"] for each in self.all("credentials") if each["id"] in linked]
        if kind == "credentials" and other["credential_type"] in types:
            raise RefusedError("Cannot assign multiple credentials of a type.")
        if kind in LINKS:
            if other["workflow_job_template"] != row["workflow_job_template"]:
                raise RefusedError("the node belongs to another workflow")
            check_no_cycle(self._after, row["id"], other["id"])
        linked.append(body["id"])
        return 204, None

    def _after(self, node: int) -> list[int]:
        """The nodes that follow a node."""
        url = f"/api/v2/workflow_job_template_nodes/{node}/"
        return [each for kind in LINKS for each in self._links.get(f"{url}{kind}/", [])]

    def _survey(self, method: str, path: str, body: Record) -> tuple[int, Any]:
        if method == "POST":
            check_survey(body)
            self._surveys[path] = body
        return 200, self._surveys.get(path, {})

    def _survey_of(self, row: Record) -> list[Record]:
        spec = self._surveys.get(f"{row['url']}survey_spec/", {})
        found: list[Record] = spec.get("spec", []) if row.get("survey_enabled") else []
        return found

    def _check(self, kind: str, row: Record) -> None:
        for field in set(REFERENCES) & set(row):
            if row[field] and self._referred(field, row[field]) is None:
                raise RefusedError(f"{field}: Invalid pk '{row[field]}' - object does not exist.")
        if kind == "credentials":
            check_inputs(self._type_of(row)["inputs"]["fields"], row["inputs"])
            if row["inputs"].get("ca_certificate") == "refuse this":
                raise RefusedError(f"the certificate is none: {row['inputs']}")
        if kind == "job_templates":
            path = self.project / row["playbook"]
            known = self._referred("project", row["project"])["scm_revision"]  # type: ignore[index]
            if not known or not path.is_file() or not PLAYBOOK.search(path.read_text(encoding="utf-8")):
                raise RefusedError("Playbook not found for project.")
        if kind == "notification_templates":
            check_notification(row)
        if kind == "schedules":
            check_rrule(row["rrule"])
            self._check_prompts(row, required=True)
        if kind == "workflow_job_template_nodes":
            self._check_node(row)

    def _check_node(self, row: Record) -> None:
        same = [each for each in self.all("workflow_job_template_nodes") if each["id"] != row["id"]]
        where = ("workflow_job_template", "identifier")
        if [row[field] for field in where] in [[each[field] for field in where] for each in same]:
            raise RefusedError("The fields identifier, workflow_job_template must make a unique set.")
        if row["unified_job_template"]:
            # WorkflowJobTemplateNodeSerializer: what is required may be provided by the workflow, or at its launch.
            self._check_prompts(row, required=False)
        elif row["extra_data"]:
            row["extra_data"] = {}  # LaunchConfigurationBaseSerializer.validate drops it

    def _check_prompts(self, row: Record, *, required: bool) -> None:
        template = self._referred("unified_job_template", row["unified_job_template"])
        if template is not None and template["type"] != "workflow_approval_template":
            check_answers(self._survey_of(template), row.get("extra_data", {}), required=required)

    def _type_of(self, credential: Record) -> Record:
        found = self._referred("credential_type", credential["credential_type"])
        assert found is not None
        return found

    def _shown(self, kind: str, row: Record) -> Record:
        """An object as AWX shows it, without the secrets that it keeps to itself."""
        if kind == "notification_templates":
            return shown_notification(row)
        if kind == "workflow_job_template_nodes":
            return self._shown_node(row)
        if kind != "credentials":
            return row
        secret = {field["id"] for field in self._type_of(row)["inputs"]["fields"] if field.get("secret")}
        shown = {key: ENCRYPTED if key in secret else value for key, value in row["inputs"].items()}
        return {**row, "inputs": shown}

    def _shown_node(self, row: Record) -> Record:
        links = {kind: self.linked(row, kind) for kind in LINKS}
        template = self._referred("unified_job_template", row["unified_job_template"] or 0)
        if template is None:
            return {**row, **links}
        approves = template["type"] == "workflow_approval_template"
        summary = {name: template.get(name, "") for name in ("id", "name", "description")}
        summary |= {"unified_job_type": "workflow_approval" if approves else "job"}
        summary |= {"timeout": template["timeout"]} if approves else {}
        related = {**row["related"], "unified_job_template": template["url"]}
        return {**row, **links, "related": related, "summary_fields": {"unified_job_template": summary}}


def _type(kind: str) -> str:
    """What AWX calls an object of a kind."""
    return re.sub("ies$", "y", kind) if kind.endswith("ies") else kind[:-1]


def _without_nulls(given: Record) -> Record:
    return {key: value for key, value in given.items() if value is not None}


def _page(rows: list[Record]) -> Record:
    return {"count": len(rows), "next": None, "results": rows}


@contextmanager
def awx_server(project: Path) -> Iterator[Awx]:
    """Run the stand-in at C(url)."""
    awx = Awx(project)

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, content = 401, None
            else:
                try:
                    status, content = awx.answer(self.command, self.path, body)
                except RefusedError as error:
                    status, content = 400, {"error": str(error), "detail": str(error)}
            text = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-API-Product-Name", "AWX")
            self.send_header("X-API-Product-Version", "24.6.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_one

        def log_message(self, *_args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        awx.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield awx
        finally:
            server.shutdown()
            thread.join()
