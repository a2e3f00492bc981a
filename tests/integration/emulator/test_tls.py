# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS, for tests of certificate checks."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from emulator import Emulator
from tests.support.certificates import LOOPBACK, make_certificates


def test_https_is_trusted_with_the_certificate_only(tmp_path: Path) -> None:
    made = make_certificates(tmp_path, LOOPBACK)
    session = requests.Session()
    session.trust_env = False
    with Emulator(tls_cert=made.server, tls_key=made.key) as emulator:
        assert emulator.url.startswith("https://127.0.0.1:")
        with pytest.raises(requests.exceptions.SSLError):
            session.get(emulator.url + "/ping", timeout=10)
        assert session.get(emulator.url + "/ping", timeout=10, verify=str(made.authority)).text == "OK"
