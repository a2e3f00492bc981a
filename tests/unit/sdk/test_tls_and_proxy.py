# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS with a certificate authority of one's own, and proxies."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaConnectionError
from tests.support.certificates import Certificates, make_certificates

from ...support.local_server import Answer, LocalServer
from .conftest import Waits

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """A private authority, and a server's certificate of it."""
    return make_certificates(tmp_path)


@pytest.fixture
def authority(certificates: Certificates) -> Path:
    """The file with the authority's certificate."""
    return certificates.authority


@pytest.fixture
def tls(certificates: Certificates) -> ssl.SSLContext:
    """What a server needs to use it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.key)
    return context


def test_a_private_authority_is_trusted_when_it_is_named(
    authority: Path, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    with LocalServer(tls=tls) as server:
        assert Balena(api_url=server.url, token="t", ca_path=str(authority)).pine.get("device") == []


def test_an_unknown_authority_is_refused_at_once(tls: ssl.SSLContext, waits: Waits) -> None:
    with LocalServer(tls=tls) as server:
        with pytest.raises(BalenaConnectionError, match="no trusted TLS connection") as caught:
            Balena(api_url=server.url, token="secret-token").pine.post("device", {})
        assert "secret-token" not in str(caught.value)
        assert server.requests == []
    assert waits.seconds == []


@pytest.mark.usefixtures("waits")
def test_a_certificate_for_another_host_is_refused(authority: Path, tls: ssl.SSLContext) -> None:
    with LocalServer(tls=tls) as server:
        other = server.url.replace("localhost", "127.0.0.1")
        with pytest.raises(BalenaConnectionError, match="no trusted TLS connection"):
            Balena(api_url=other, token="t", ca_path=str(authority)).pine.get("device")
        assert server.requests == []


def test_checking_can_be_switched_off(tls: ssl.SSLContext, recwarn: pytest.WarningsRecorder) -> None:
    with LocalServer(tls=tls) as server:
        assert Balena(api_url=server.url, token="t", validate_certs=False).pine.get("device") == []
    assert len(recwarn) == 0


def test_a_missing_authority_file_is_an_error_of_ours(tls: ssl.SSLContext) -> None:
    with LocalServer(tls=tls) as server, pytest.raises(BalenaConnectionError, match="no-such-file"):
        Balena(api_url=server.url, token="t", ca_path="/no-such-file", max_retries=0).pine.get("device")


def test_a_proxy_named_in_the_options_is_used() -> None:
    with LocalServer([Answer(body={"d": [{"id": 1}]})]) as proxy:
        balena = Balena(api_url="http://api.example.com/", token="t", proxies={"http": proxy.url})
        assert balena.pine.get("device") == [{"id": 1}]
    assert proxy.requests[0].path == "http://api.example.com/v7/device"


def test_a_proxy_in_the_environment_is_used_except_where_it_says_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        LocalServer([Answer(body={"d": [{"id": 1}]})]) as proxy,
        LocalServer([Answer(body={"d": [{"id": 2}]})]) as direct,
    ):
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "localhost")
        assert Balena(api_url="http://api.example.com/", token="t").pine.get("device") == [{"id": 1}]
        assert Balena(api_url=direct.url, token="t").pine.get("device") == [{"id": 2}]


@pytest.mark.usefixtures("waits")
def test_a_proxy_that_is_down_is_named_without_its_password() -> None:
    with LocalServer() as proxy:
        address = proxy.url.replace("http://", "http://user:proxy-password@")
    balena = Balena(api_url="http://api.example.com/", token="secret-token", proxies={"http": address})
    with pytest.raises(BalenaConnectionError, match="proxy") as caught:
        balena.pine.get("device")
    assert "proxy-password" not in str(caught.value)
    assert "proxy-password" not in repr(balena.options)
    assert "secret-token" not in str(caught.value)
