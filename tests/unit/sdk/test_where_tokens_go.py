# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token, and whatever else says who asks, goes to the server that it is for; and an answer comes in time or not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.connection import connect
from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaError, BalenaTimeoutError

from ...support.local_server import Answer, LocalServer

PARAMS: dict[str, Any] = {
    "api_url": "https://api.balena-cloud.com/",
    "api_token": None,
    "validate_certs": True,
    "timeout": 59.0,
    "max_connections": 16,
}


@pytest.fixture
def logged_in(clean_environment: Path) -> Path:
    """The home directory of somebody who is logged in with the CLI."""
    token = clean_environment / ".balena" / "token"
    token.parent.mkdir()
    token.write_text("token-of-the-cli", encoding="utf-8")
    return clean_environment


@pytest.mark.parametrize(
    ("settings", "url", "sent"),
    [
        (None, "https://api.balena-cloud.com/", True),
        (None, "https://API.balena-cloud.com:443", True),
        (None, "https://api.acme.example/", False),
        (None, "http://api.balena-cloud.com/", False),
        (None, "https://api.balena-cloud.com.evil.example/", False),
        (None, "https://api.balena-cloud.com:8443/", False),
        ("balenaUrl: acme.example", "https://api.acme.example/", True),
        ("balenaUrl: acme.example", "https://api.balena-cloud.com/", False),
        ("apiUrl: https://balena.acme.example", "https://balena.acme.example/", True),
        ("resinUrl: acme.example", "https://api.balena-cloud.com/", False),
        ("balenaUrl: [1]", "https://api.balena-cloud.com/", False),
    ],
)
def test_the_log_in_of_the_cli_is_sent_to_its_own_server_alone(
    logged_in: Path, settings: str | None, url: str, sent: bool
) -> None:
    if settings:
        (logged_in / ".balenarc.yml").write_text(settings, encoding="utf-8")
    if sent:
        assert connect({**PARAMS, "api_url": url}).tokens.get() == "token-of-the-cli"
    else:
        with pytest.raises(BalenaError, match=r"The balena CLI is logged in to .*, so its token is not sent to"):
            connect({**PARAMS, "api_url": url})
    assert connect({**PARAMS, "api_url": url, "api_token": "given"}).tokens.get() == "given"


def test_the_environment_names_the_clis_server_too(logged_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BALENARC_BALENA_URL", "acme.example")
    assert connect({**PARAMS, "api_url": "https://api.acme.example"}).tokens.get() == "token-of-the-cli"
    with pytest.raises(BalenaError, match=r"logged in to https://api.acme.example"):
        connect(PARAMS)


def test_an_address_with_a_password_is_refused_without_being_shown(clean_environment: Path) -> None:
    with pytest.raises(BalenaError, match="api_url must not hold") as caught:
        connect({**PARAMS, "api_url": "https://me:hunter2@api.balena-cloud.com", "api_token": "t"})
    assert "hunter2" not in str(caught.value)


def test_a_redirect_tells_another_server_nothing(clean_environment: Path) -> None:
    netrc = clean_environment / ".netrc"
    netrc.write_text("default login me password hunter2\n", encoding="utf-8")
    netrc.chmod(0o600)
    with LocalServer() as other:
        elsewhere = other.url.replace("localhost", "127.0.0.1")
        with LocalServer([Answer(status=302, headers={"Location": elsewhere, "Set-Cookie": "a=b"})]) as server:
            balena = Balena(api_url=server.url, token="t")
            balena.request.send(url=server.url, headers={"X-Api-Key": "k", "Cookie": "c=d"})
            list(balena.request.stream(url=server.url, headers={"X-Api-Key": "k"}))
    for request in other.requests:
        assert not {"authorization", "cookie", "x-api-key", "x-balena-client"} & {
            name.lower() for name in request.headers
        }
    assert len(other.requests) == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 0.0, 1e9])
def test_a_time_out_that_cannot_be_meant(clean_environment: Path, value: float) -> None:
    with pytest.raises(BalenaError, match="timeout must be greater than 0 and at most 86400"):
        connect({**PARAMS, "api_token": "t", "timeout": value})


@pytest.mark.parametrize("value", [0, -1, 129, 100_000])
def test_connections_that_no_controller_has(clean_environment: Path, value: int) -> None:
    with pytest.raises(BalenaError, match="max_connections must be greater than 0 and at most 128"):
        connect({**PARAMS, "api_token": "t", "max_connections": value})


@pytest.mark.parametrize("close", [False, True])
def test_the_time_out_bounds_the_whole_answer(clean_environment: Path, close: bool) -> None:
    def piece() -> bytes:
        time.sleep(0.2)
        return b" "

    headers = {"Content-Type": "application/json", **({"Connection": "close"} if close else {})}
    with LocalServer([Answer(body=[piece] * 50, chunked=True, headers=headers)]) as server:
        balena = Balena(api_url=server.url, token="t", timeout=0.6, max_retries=0)
        began = time.monotonic()
        with pytest.raises(BalenaTimeoutError, match="no answer in time"):
            balena.pine.get("device")
        assert time.monotonic() - began < 4
