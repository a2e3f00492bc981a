# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening a connection, paging, settings, and what importing the SDK costs."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils import sdk
from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, _clock
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaError,
    BalenaInvalidParameterError,
    BalenaRequestError,
    BalenaSettingsPermissionError,
    BalenaUsageError,
)

from ...support.local_server import Answer, LocalServer, Seen

pytestmark = pytest.mark.usefixtures("clean_environment")

_IMPORTED = """
import json, sys
before = set(sys.modules)
from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
balena = Balena(token="x")
balena.pine, balena.request, balena.auth
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_importing_and_opening_loads_little() -> None:
    process = subprocess.run([sys.executable, "-c", _IMPORTED], check=True, capture_output=True, text=True)
    loaded = set(json.loads(process.stdout))
    package = "ansible_collections.community.balena.plugins.module_utils.sdk"
    assert not [name for name in loaded if name.startswith(f"{package}.models.")]
    assert not loaded & {"requests", "urllib3", "ssl", "yaml", "semver", "asyncio", "email", "http.client", "logging"}


def test_without_requests_the_sdk_imports_and_says_what_is_missing() -> None:
    code = (
        "import sys; sys.modules['requests'] = None\n"
        "from ansible_collections.community.balena.plugins.module_utils.sdk import Balena\n"
        "try: Balena(token='x').pine.get('device')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    process = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert process.stdout.startswith("BalenaDependencyError")
    assert "'requests'" in process.stdout


@pytest.mark.parametrize(
    "options",
    [
        {"api_url": "api.example.com"},
        {"max_connections": 0},
        {"request_batching_chunk_size": 0},
        {"request_batching_chunk_size": {"string_id": "x"}},
    ],
)
def test_options_that_cannot_be_meant(options: Any) -> None:
    with pytest.raises(BalenaInvalidParameterError):
        Balena(**options)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="api_key"):
        Balena(api_key="x")  # type: ignore[call-arg]


def test_addresses_follow_the_api() -> None:
    options = Balena(api_url="https://api.my-api.example.com:8443/ignored/path", api_version="v6").options
    assert options.api_prefix == "https://api.my-api.example.com:8443/v6/"
    assert options.dashboard_root == "https://dashboard.my-api.example.com:8443/"
    assert options.builder_root == "https://builder.my-api.example.com:8443/"


def test_shared_options() -> None:
    sdk.set_shared_options(api_url="https://api.example.com/")
    assert sdk.from_shared_options().options.api_url == "https://api.example.com/"
    sdk.set_shared_options()
    assert sdk.from_shared_options().options.api_url == "https://api.balena-cloud.com/"


def test_what_does_not_exist() -> None:
    balena = Balena(token="x")
    with pytest.raises(AttributeError, match="no attribute 'modles'"):
        balena.modles.get()  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="devices"):
        balena.models.devices.get()  # type: ignore[attr-defined]


def page_server(count: int) -> LocalServer:
    """Serve rows with the ids 10, 20, 30 … by the ``$top`` and the ``id gt`` of each request."""

    def answer(seen: Seen) -> Answer:
        import urllib.parse

        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(seen.path).query))
        assert query["$orderby"] == "id asc"
        last = int(query.get("$filter", "").partition("id gt ")[2].rstrip(")") or 0)
        ids = [number for number in range(10, 10 * count + 1, 10) if number > last][: int(query["$top"])]
        return Answer(body={"d": [{"id": number, "name": f"n{number}"} for number in ids]})

    return LocalServer(answer)


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (2, 1), (3, 2), (7, 3), (9, 4)])
def test_paging_reads_every_row_once(count: int, requests: int) -> None:
    with page_server(count) as server:
        rows = Balena(api_url=server.url, token="x").pine.get_all("device", {"$filter": {"a": 1}}, page_size=3)
    assert [row["id"] for row in rows] == list(range(10, 10 * count + 1, 10))
    assert len(server.requests) == requests


def test_paging_shows_the_id_only_to_those_who_asked_for_it() -> None:
    with page_server(5) as server:
        pine = Balena(api_url=server.url, token="x").pine
        assert pine.get_all("device", {"$select": ["name"]}, page_size=2)[4] == {"name": "n50"}
        assert pine.get_all("device", {"$select": "id,name"}, page_size=2)[4] == {"id": 50, "name": "n50"}


def test_a_page_that_fails_fails_the_whole_read() -> None:
    page = Answer(body={"d": [{"id": 1}, {"id": 2}]})
    with LocalServer([page, Answer(status=404, body="gone")]) as server, pytest.raises(BalenaRequestError):
        Balena(api_url=server.url, token="x").pine.get_all("device", page_size=2)


@pytest.mark.parametrize("option", ["$orderby", "$top", "$skip", "$count"])
def test_paging_refuses_what_it_does_itself(option: str) -> None:
    with pytest.raises(BalenaUsageError, match="pages by id"):
        Balena(token="x").pine.get_all("device", {option: 1})


def test_an_address_that_is_no_balena_api_is_named_so() -> None:
    with LocalServer([Answer(body={"hello": 1})]) as server, pytest.raises(BalenaError, match="balena API"):
        Balena(api_url=server.url, token="x").pine.get("device")


def test_settings_come_from_files_and_the_environment(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Balena(token="x").settings
    assert settings.get("apiUrl") == "https://api.balena-cloud.com"
    (clean_environment / ".balenarc.yml").write_text("balenaUrl: home.example\nimageCacheTime: 5\n", encoding="utf-8")
    project = clean_environment / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    assert settings.get("apiUrl") == "https://api.home.example"
    assert settings.get("proxyUrl") == "devices.home.example"
    (project / "balenarc.yml").write_text("balenaUrl: project.example\n", encoding="utf-8")
    assert settings.get("apiUrl") == "https://api.project.example"
    monkeypatch.setenv("BALENARC_BALENA_URL", "env.example")
    monkeypatch.setenv("BALENARC_TOKEN_REFRESH_INTERVAL", "7")
    assert settings.get("apiUrl") == "https://api.env.example"
    assert (settings.get("imageCacheTime"), settings.get("tokenRefreshInterval")) == (5, 7)
    monkeypatch.setenv("BALENARC_DATA_DIRECTORY", str(clean_environment / "data"))
    Balena().auth.login_with_token("for balenaCloud")
    assert not (clean_environment / "data" / "token").exists()  # the folder is that of another server's log-in
    Balena(api_url="https://api.env.example").auth.login_with_token("x")
    assert (clean_environment / "data" / "token").exists()


@pytest.mark.parametrize("content", ["- a list", "a: [", "just text"])
def test_a_settings_file_that_is_none_is_named(clean_environment: Path, content: str) -> None:
    (clean_environment / ".balenarc.yml").write_text(content, encoding="utf-8")
    with pytest.raises(BalenaUsageError, match="balenarc"):
        Balena(token="x").settings.get_all()


def test_a_settings_file_that_cannot_be_read(clean_environment: Path) -> None:
    (clean_environment / ".balenarc.yml").mkdir()
    with pytest.raises(BalenaSettingsPermissionError, match="balenarc"):
        Balena(token="x").settings.get("apiUrl")


def _session_token(issued: datetime.datetime, days: int) -> str:
    import base64

    claims = {"iat": issued.timestamp(), "exp": (issued + datetime.timedelta(days=days)).timestamp()}
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.s"


def test_threads_renew_an_old_session_token_once() -> None:
    old = _session_token(_clock.now() - datetime.timedelta(days=2), 7)
    new = _session_token(_clock.now(), 7)

    def answer(seen: Seen) -> Answer:
        if seen.path == "/user/v1/refresh-token":
            return Answer(body=new.encode(), headers={"Content-Type": "text/plain"})
        return Answer(body=seen.headers["Authorization"])

    with LocalServer(answer) as server:
        balena = Balena(api_url=server.url, token=old)
        answers = balena.map_parallel(lambda _n: balena.request.send(url="/x", base_url=server.url).body, range(12))
    assert answers == [f"Bearer {new}"] * 12
    assert [request.path for request in server.requests].count("/user/v1/refresh-token") == 1


def test_who_am_i_is_asked_once_for_each_token() -> None:
    with LocalServer([Answer(body={"id": 1, "actorType": "user", "actorTypeId": 2})]) as server:
        auth = Balena(api_url=server.url, token="a").auth
        assert auth.get_actor_id() == auth.get_actor_id() == 1
        assert auth.get_user_info() == {"id": 2, "actor": 1}
        auth.login_with_token("b")
        auth.whoami()
    assert len(server.requests) == 2
