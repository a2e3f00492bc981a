# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token goes to the server and nowhere else."""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaError,
    BalenaExpiredToken,
    BalenaRequestError,
    BalenaSettingsPermissionError,
    BalenaUsageError,
)
from ansible_collections.community.balena.plugins.module_utils.sdk.request import RequestOptions
from ansible_collections.community.balena.plugins.module_utils.sdk.transport import HttpRequest

from ...support.local_server import Answer, LocalServer
from .conftest import Waits

TOKEN = "very-secret-token"
KEY = "-".join(("other", "secret"))  # not as one word, since a traceback shows lines of this file
EXPIRED = "e30.eyJleHAiOjF9.x"  # a session token that ended in 1970
FAILURES = [
    Answer(status=401, body="Unauthorized"),
    Answer(status=500, body="boom"),
    Answer(drop=True),
    Answer(raw=b"nonsense"),
    Answer(body=b"{", headers={"Content-Type": "application/json"}),
    Answer(status=302, headers={"Location": "/x"}),
]


@pytest.mark.usefixtures("clean_environment", "waits")
@pytest.mark.parametrize("answer", FAILURES, ids=range(len(FAILURES)))
def test_no_failure_shows_the_token(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with LocalServer([answer]) as server:
        balena = Balena(api_url=server.url, token=TOKEN, max_retries=1, debug=True)
        for action in (
            lambda: balena.pine.get("device", 1),
            lambda: balena.pine.post("device", {}),
            lambda: balena.request.send(url=server.url, api_key=KEY, response_format="json"),
        ):
            with pytest.raises(BalenaError) as caught:
                action()
            error = caught.value
            shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
            assert TOKEN not in shown
            assert KEY not in shown
    assert TOKEN not in caplog.text
    assert all(TOKEN not in request.path and KEY not in request.path for request in server.requests)


@pytest.mark.usefixtures("clean_environment")
def test_no_representation_shows_the_token() -> None:
    balena = Balena(token=TOKEN)
    request = HttpRequest("GET", "https://x/", {"Authorization": f"Bearer {TOKEN}"}, body=TOKEN.encode())
    options = RequestOptions("/x", headers={"Authorization": TOKEN}, api_key=TOKEN, body={"password": TOKEN})
    for thing in (balena, balena.options, balena.tokens, balena.auth, balena.request, balena.pine, request, options):
        assert TOKEN not in repr(thing)


@pytest.mark.usefixtures("clean_environment", "waits")
@pytest.mark.parametrize("token", ["two\nlines", "tab\tand\x00zero", "ümläut-€"])
def test_a_token_that_cannot_be_sent_is_refused_without_being_shown(token: str) -> None:
    with LocalServer() as server:
        with pytest.raises(BalenaUsageError) as caught:
            Balena(api_url=server.url, token=token).pine.get("device")
        assert token not in "".join(traceback.format_exception(caught.value))
        assert server.requests == []


@pytest.mark.usefixtures("clean_environment")
def test_blanks_around_a_token_are_dropped() -> None:
    with LocalServer() as server:
        Balena(api_url=server.url, token=" secret\n").pine.get("device")
    assert server.requests[0].headers["Authorization"] == "Bearer secret"


def test_an_expired_token_is_refused_without_being_shown(waits: Waits) -> None:
    with pytest.raises(BalenaExpiredToken) as caught:
        Balena(data_directory=False).auth.login_with_token(EXPIRED)
    assert EXPIRED not in repr(vars(caught.value)) + repr(caught.value)
    assert waits.seconds == []


def test_a_stored_log_in_is_shared_with_the_command_line_tool(clean_environment: Path) -> None:
    path = clean_environment / ".balena" / "token"
    first = Balena()
    assert not path.exists()
    first.auth.login_with_token("1234567890")
    assert path.read_text(encoding="utf-8") == "1234567890"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert Balena().auth.get_token() == "1234567890"
    assert [file.name for file in path.parent.iterdir()] == ["token"]
    first.auth.logout()
    assert not path.exists()
    first.auth.logout()


def test_a_token_that_is_given_never_touches_the_stored_one(clean_environment: Path) -> None:
    Balena().auth.login_with_token("stored")
    given = Balena(token=TOKEN)
    given.auth.login_with_token("another")
    given.auth.logout()
    assert (clean_environment / ".balena" / "token").read_text(encoding="utf-8") == "stored"


def test_a_data_directory_of_ones_own(clean_environment: Path) -> None:
    Balena(data_directory=str(clean_environment / "deep" / "er")).auth.login_with_token("x")
    assert (clean_environment / "deep" / "er" / "token").exists()


def test_a_stored_log_in_that_cannot_be_used(clean_environment: Path) -> None:
    (clean_environment / ".balena").write_text("in the way", encoding="utf-8")
    with pytest.raises(BalenaSettingsPermissionError) as caught:
        Balena().auth.login_with_token(TOKEN)
    assert TOKEN not in str(caught.value)
    (clean_environment / ".balena").unlink()
    (clean_environment / ".balena" / "token").mkdir(parents=True)
    with pytest.raises(BalenaSettingsPermissionError):
        Balena().auth.get_token()


@pytest.mark.usefixtures("clean_environment")
def test_requests_with_a_key_of_their_own_use_it() -> None:
    with LocalServer() as server:
        Balena(api_url=server.url, token=TOKEN).request.send(url=server.url, api_key="k1", qs={"a": True, "b": None})
    seen: Any = server.requests[0]
    assert seen.headers["Authorization"] == "Bearer k1"
    assert seen.path == "/?a=true"


WRITES: dict[str, tuple[str, Any]] = {
    "a token": (TOKEN, lambda balena: balena.pine.get("device", 1)),
    "an API key": (KEY, lambda balena: balena.request.send(url="/x", base_url=balena.options.api_root, api_key=KEY)),
    "a password": (
        "a pass/word",
        lambda balena: balena.request.send(
            url="/login_", base_url=balena.options.api_root, method="POST", body={"password": "a pass/word"}
        ),
    ),
    "a variable": (
        "hunter2",
        lambda balena: balena.pine.post("device_environment_variable", {"name": "PW", "value": "hunter2"}),
    ),
    "a short variable": (
        "q9",
        lambda balena: balena.pine.patch("service_environment_variable", {"value": "q9"}, id=3),
    ),
}


@pytest.mark.usefixtures("clean_environment", "waits")
@pytest.mark.parametrize("form", ["text", "JSON", "nested"])
@pytest.mark.parametrize("sent", WRITES)
def test_a_refusal_that_repeats_what_was_sent_does_not_hold_it(sent: str, form: str) -> None:
    secret, action = WRITES[sent]
    said: Any = f'what is "{secret}"?'
    body = said if form == "text" else json.dumps(said if form == "JSON" else {"detail": [said], secret: 1})
    raw = body.encode()
    kind = {"Content-Type": "text/plain" if form == "text" else "application/json"}
    with LocalServer([Answer(status=400, body=raw, headers=kind)]) as server:
        balena = Balena(api_url=server.url, token=TOKEN)
        with pytest.raises(BalenaRequestError) as caught:
            action(balena)
    error = caught.value
    assert secret not in str(error) + repr(vars(error))
    assert "what is" in str(error)


@pytest.mark.usefixtures("clean_environment", "waits")
def test_what_is_no_secret_stays_in_a_refusal() -> None:
    with LocalServer([Answer(status=400, body=b"the tag value q9 is not a value")]) as server:
        balena = Balena(api_url=server.url, token=TOKEN)
        with pytest.raises(BalenaRequestError, match="the tag value q9 is not a value"):
            balena.pine.post("device_tag", {"tag_key": "k", "value": "q9"})
