# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's API as the modules of awx.awx need: objects that are looked up, made, changed and associated.

What AWX refuses is refused here too, as far as its source of version 24 says: surveys with questions of a wrong form
(C(JobTemplateSurveySpec)), job templates whose playbook no update of the project has brought, secrets that are shown.
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

Record = dict[str, Any]

TOKEN = "awx-token"
ENCRYPTED = "$encrypted$"
#: What objects have that nobody gave them.
DEFAULTS: dict[str, Record] = {
    "inventories": {"kind": "", "host_filter": None},
    "projects": {"scm_revision": "", "status": "pending"},
}
#: The kinds of what objects refer to by an id.
REFERENCES = {"organization": "organizations", "credential_type": "credential_types"}
#: The Python type of a default in a survey, by the type of the question.
QUESTION_TYPES: dict[str, type] = {
    "text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int,
    "float": float,
}  # fmt: skip
#: How AWX tells a playbook from other files of a project.
PLAYBOOK = re.compile(r"^\s*-?\s*(hosts|(ansible\.builtin\.)?import_playbook):", re.MULTILINE)


class RefusedError(Exception):
    """The answer is 400."""


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
        self.create("organizations", {"name": "Default"})

    def all(self, kind: str) -> list[Record]:
        """The objects of a kind, such as C(job_templates), secrets included."""
        return self._objects.get(kind, [])

    def one(self, kind: str, name: str = "balena") -> Record:
        """The object of a kind with this name."""
        return next(row for row in self.all(kind) if row["name"] == name)

    def survey(self, name: str) -> list[Record]:
        """The questions of a job template."""
        questions: list[Record] = self._surveys[f"{self.one('job_templates', name)['url']}survey_spec/"]["spec"]
        return questions

    def credentials_of(self, name: str) -> list[int]:
        """The ids of the credentials of a job template."""
        return self._links.get(f"{self.one('job_templates', name)['url']}credentials/", [])

    def create(self, kind: str, given: Record) -> Record:
        """Make an object."""
        number = len(self._objects.setdefault(kind, [])) + 1
        url = f"/api/v2/{kind}/{number}/"
        related = {"survey_spec": f"{url}survey_spec/", "update": f"{url}update/"}
        row = {"id": number, "url": url, "type": kind, "related": related}
        row |= {"summary_fields": {}, **DEFAULTS.get(kind, {}), **_without_nulls(given)}
        self._check(kind, row)
        self._objects[kind].append(row)
        return row

    def answer(self, method: str, target: str, body: Record) -> tuple[int, Any]:
        """Answer a request with a status and something for JSON."""
        path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query))
        if method != "GET":
            self.writes.append((method, path))
        kind, number, sub = re.fullmatch(r"/api/v2/(\w+)/(?:(\d+)/)?(?:(\w+)/)?", path).groups()  # type: ignore[union-attr]
        if sub == "update":
            return 202, self._update(self.all(kind)[int(number) - 1])
        if sub == "survey_spec":
            return self._survey(method, path, body)
        if sub:
            return self._associate(method, path, sub, body)
        if method == "POST":
            return 201, self._shown(kind, self.create(kind, body))
        if method == "PATCH":
            row = self.all(kind)[int(number) - 1]
            row.update(_without_nulls(self._with_kept_secrets(kind, row, body)))
            self._check(kind, row)
            return 200, self._shown(kind, row)
        if number:
            return 200, self._shown(kind, self.all(kind)[int(number) - 1])
        found = [row for row in self.all(kind) if all(self._field(row, key) == value for key, value in query.items())]
        return 200, _page([self._shown(kind, row) for row in found])

    def _field(self, row: Record, path: str) -> str:
        """What a query asks of an object, such as C(organization__name)."""
        name, _join, rest = path.partition("__")
        value = row.get(name)
        return self._field(self.all(REFERENCES[name])[value - 1], rest) if rest and value else str(value)

    def _update(self, project: Record) -> Record:
        """Update a project; its files are known when that succeeds."""
        fails = project.get("scm_branch") == self.missing_branch
        project["status"] = "failed" if fails else "successful"
        project["scm_revision"] = project["scm_revision"] if fails else "1"
        revision = {"scm_revision": project["scm_revision"], "finished": "2026-01-01T00:00:00Z"}
        return self.create("project_updates", {"status": project["status"], "failed": fails, **revision})

    def _with_kept_secrets(self, kind: str, row: Record, body: Record) -> Record:
        """What is to be changed; a secret that is given as AWX shows it stays as it is (C(Credential.save))."""
        if kind != "credentials" or "inputs" not in body:
            return body
        kept = {key: row["inputs"].get(key) if value == ENCRYPTED else value for key, value in body["inputs"].items()}
        return {**body, "inputs": kept}

    def _associate(self, method: str, path: str, kind: str, body: Record) -> tuple[int, Any]:
        linked = self._links.setdefault(path, [])
        if method == "GET":
            return 200, _page([row for row in self.all(kind) if row["id"] in linked])
        if body.get("disassociate"):
            linked.remove(body["id"])
        else:
            linked.append(body["id"])
        return 204, None

    def _survey(self, method: str, path: str, body: Record) -> tuple[int, Any]:
        if method == "POST":
            _check_survey(body)
            self._surveys[path] = body
        return 200, self._surveys.get(path, {})

    def _check(self, kind: str, row: Record) -> None:
        if kind == "credentials" and row["inputs"].get("ca_certificate") == "refuse this":
            raise RefusedError(f"the certificate is none: {row['inputs']}")
        if kind == "job_templates":
            path = self.project / row["playbook"]
            known = self.all("projects")[row["project"] - 1]["scm_revision"]
            if not known or not path.is_file() or not PLAYBOOK.search(path.read_text(encoding="utf-8")):
                raise RefusedError("Playbook not found for project.")

    def _shown(self, kind: str, row: Record) -> Record:
        """An object without the secrets that AWX keeps to itself."""
        if kind != "credentials":
            return row
        fields = next(one for one in self.all("credential_types") if one["id"] == row["credential_type"])["inputs"]
        secret = {field["id"] for field in fields["fields"] if field.get("secret")}
        shown = {key: ENCRYPTED if key in secret else value for key, value in row["inputs"].items()}
        return {**row, "inputs": shown}


def _check_survey(spec: Record) -> None:
    for field, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(spec.get(field), kind):
            raise RefusedError(f"Expected {kind.__name__} for field '{field}'")
    names = [question["variable"] for question in spec["spec"]]
    if len(set(names)) != len(names) or not names:
        raise RefusedError(f"no question, or a variable twice: {names}")
    for question in spec["spec"]:
        _check_question(question)


def _check_question(question: Record) -> None:
    for field, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if not isinstance(question.get(field), kind):
            raise RefusedError(f"'{field}' in {question} expected to be {kind.__name__}")
    expected, default = QUESTION_TYPES[question["type"]], question.get("default", "")
    if default != "" and not isinstance(default, expected):
        raise RefusedError(f"Default value {default!r} expected to be {expected.__name__}")
    for limit in ("min", "max"):
        if not isinstance(question.get(limit), (int, type(None))):
            raise RefusedError(f"The {limit} limit of {question} expected to be integer")
    if question["type"] in ("multiplechoice", "multiselect") and default not in ("", *question["choices"]):
        raise RefusedError(f"Default choice {default!r} must be answered from the choices listed")


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

        do_GET = do_POST = do_PATCH = handle_one

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
