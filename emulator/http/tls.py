# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS of the emulator's servers."""

from __future__ import annotations

import ssl
from pathlib import Path


def server_context(certificate: Path | str, key: Path | str | None = None) -> ssl.SSLContext:
    """The TLS settings of a server with this certificate, whose file may hold the key too; both are PEM.

    Raises:
        ValueError: the files cannot be read, or are not a certificate and its key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:  # an SSLError is one too
        named = f"{certificate} and {key}" if key else certificate
        raise ValueError(f"no certificate with its key in {named}: {error.strerror or error}") from error
    return context
