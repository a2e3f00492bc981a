# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS with a certificate authority of one's own, and proxies."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaConnectionError

from .conftest import Waits
from .local_server import Answer, LocalServer

pytestmark = pytest.mark.usefixtures("clean_environment")


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _certificate(name: str, issuer: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey) -> bytes:
    now = datetime.datetime.now(datetime.timezone.utc)
    is_ca = name == issuer
    names = [x509.DNSName("localhost")]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if is_ca:  # Python 3.13 insists
        usage = {name: name in ("key_cert_sign", "crl_sign") for name in _USAGES}
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """Create a certificate authority and a server's certificate; returns the authority's file."""
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_path = tmp_path / "authority.pem"
    ca_path.write_bytes(_certificate("Private authority", "Private authority", ca_key, ca_key))
    encryption = serialization.NoEncryption()
    private = serialization.PrivateFormat.PKCS8
    key = server_key.private_bytes(serialization.Encoding.PEM, private, encryption)
    certificate = _certificate("Server", "Private authority", server_key, ca_key)
    (tmp_path / "server.pem").write_bytes(key + certificate)
    return ca_path


@pytest.fixture
def tls(authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.parent / "server.pem")
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
    with LocalServer([Answer(body={"d": [1]})]) as proxy:
        balena = Balena(api_url="http://api.example.com/", token="t", proxies={"http": proxy.url})
        assert balena.pine.get("device") == [1]
    assert proxy.requests[0].path == "http://api.example.com/v7/device"


def test_a_proxy_in_the_environment_is_used_except_where_it_says_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer([Answer(body={"d": [1]})]) as proxy, LocalServer([Answer(body={"d": [2]})]) as direct:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "localhost")
        assert Balena(api_url="http://api.example.com/", token="t").pine.get("device") == [1]
        assert Balena(api_url=direct.url, token="t").pine.get("device") == [2]


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
