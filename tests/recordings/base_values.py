# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of the names that base_data.json defines, looked up through the API itself."""

from __future__ import annotations

from typing import Any

import requests

from tests.recordings.scenario import Player, Values


class BaseValues:
    """Looks up the ids, uuids and commits of what a server holds before the scenarios."""

    def __init__(self, player: Player, base: dict[str, Any], api_key: str | None) -> None:
        self.player = player
        self.base = base
        self.session = requests.Session()
        self.values: Values = {name: base["user"][name] for name in ("username", "email", "password")}
        login = {key: base["user"][key] for key in ("username", "password")}
        self.values["jwt"] = self._ask("POST", "/login_", body=login)
        self.values["api_key"] = api_key or self._ask("POST", "/api-key/user/full", "jwt", {"name": "replay"})

    def _ask(self, method: str, path: str, token: str = "", body: Any = None, query: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.values[token]}"} if token else {}
        request = {"method": method, "path": path, "headers": headers, "body": body, "query": query}
        reply = self.player.send(self.session, request, {})
        if reply.status != 200:
            raise SystemExit(f"{method} {path}: the server answers {reply.status} {reply.body}")
        return reply.body

    def _rows(self, resource: str, **options: str) -> list[dict[str, Any]]:
        query = {f"${name}": value for name, value in options.items()}
        rows: list[dict[str, Any]] = self._ask("GET", f"/v7/{resource}", "api_key", query=query)["d"]
        return rows

    def look_up(self) -> Values:
        """Every name with its value."""
        user = self._rows("user", select="id,actor", filter=f"username eq '{self.values['username']}'")[0]
        self.values.update({"user.id": user["id"], "user.actor": user["actor"]["__id"]})
        kinds = (
            ("org", "organization", "organizations", "handle"),
            ("dt", "device_type", "device_types", "slug"),
            ("arch", "cpu_architecture", "cpu_architectures", "slug"),
            ("apptype", "application_type", "application_types", "slug"),
        )
        for prefix, resource, listed, key in kinds:
            for entry in self.base[listed]:
                row = self._rows(resource, select="id", filter=f"{key} eq '{entry[key]}'")[0]
                self.values[f"{prefix}.{entry[key]}.id"] = row["id"]
        for application in self.base["applications"]:
            self._look_up_application(application)
        return self.values

    def _look_up_application(self, entry: dict[str, Any]) -> None:
        row = self._rows("application", select="id,uuid,actor", filter=f"slug eq '{entry['slug']}'")[0]
        name = entry["name_in_recordings"]
        found = {"id": row["id"], "uuid": row["uuid"], "actor": row["actor"]["__id"]}
        self.values.update({f"{name}.{key}": value for key, value in found.items()})
        for release in entry["releases"]:
            self._look_up_release(f"{name}.{release['raw_version']}", row["id"], release["raw_version"])
        for service in entry["services"]:
            wanted = f"application eq {row['id']} and service_name eq '{service}'"
            self.values[f"{name}.service.{service}.id"] = self._rows("service", select="id", filter=wanted)[0]["id"]

    def _look_up_release(self, name: str, application: int, version: str) -> None:
        row = self._rows(
            "release",
            select="id,commit",
            filter=f"belongs_to__application eq {application} and raw_version eq '{version}'",
            expand="release_image($select=id;$expand=image($select=id,is_stored_at__image_location))",
        )[0]
        self.values.update({f"{name}.id": row["id"], f"{name}.commit": row["commit"]})
        for linked in row["release_image"]:
            image = linked["image"][0]
            self.values[f"{name}.image.id"] = image["id"]
            self.values[f"{name}.image.location"] = image["is_stored_at__image_location"]
