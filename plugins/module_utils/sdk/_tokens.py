# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the token, and read what a session token says about itself."""

from __future__ import annotations

import base64
import binascii
import json
import os
import threading
from typing import Any

from . import _clock
from .errors import BalenaExpiredToken, BalenaSettingsPermissionError

# A session token is renewed once it is this old, though it is valid for longer.
REFRESH_AGE = 24 * 60 * 60.0


def session_claims(token: str | None) -> dict[str, Any] | None:
    """Return what a session token (a JWT) says: ``id``, ``iat``, ``exp`` …; ``None`` for an API key or no token."""
    parts = (token or "").split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    return claims if isinstance(claims, dict) else None


def is_expired(token: str | None) -> bool:
    """Tell whether a session token's time is over; an API key never expires."""
    expiry = (session_claims(token) or {}).get("exp")
    return isinstance(expiry, (int, float)) and expiry <= _clock.epoch()


def is_old(token: str | None) -> bool:
    """Tell whether a session token should be renewed."""
    issued = (session_claims(token) or {}).get("iat")
    return isinstance(issued, (int, float)) and _clock.epoch() - issued >= REFRESH_AGE


class TokenStore:
    """The token of one :class:`Balena`, in memory or also in a file ``token`` as the balena CLI keeps it.

    Args:
        token: use this token and never touch a file.
        directory: where the file is, or ``None`` for memory only.

    Attributes:
        generation: a number that changes with the token, so that caches can tell that theirs is out of date.
        refresh_lock: held while the token is being renewed, so that one thread does it for all.
    """

    def __init__(self, token: str | None = None, directory: str | None = None) -> None:
        self._token = token.strip() if token else token
        self._path = "" if directory is None or token is not None else os.path.join(directory, "token")
        self._loaded = not self._path
        self._lock = threading.Lock()
        self.refresh_lock = threading.RLock()
        self.generation = 0

    def __repr__(self) -> str:
        return f"TokenStore({self._path or 'in memory'})"

    def get(self) -> str | None:
        """Return the token, or ``None`` when nobody is logged in."""
        if not self._loaded:
            with self._lock:
                if not self._loaded:
                    self._token, self._loaded = self._read(), True
        return self._token

    def set(self, token: str) -> None:
        """Keep a new token.

        Raises:
            BalenaExpiredToken: it is a session token whose time is over.
            BalenaSettingsPermissionError: the file cannot be written.
        """
        token = token.strip()
        if is_expired(token):
            raise BalenaExpiredToken()
        self._change(token)

    def remove(self) -> None:
        """Forget the token, in the file too."""
        self._change(None)

    def _change(self, token: str | None) -> None:
        with self._lock:
            if self._path:
                self._write(token)
            self._token, self._loaded = token, True
            self.generation += 1

    def _read(self) -> str | None:
        try:
            with open(self._path, encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeError) as error:
            raise BalenaSettingsPermissionError(f"Cannot read {self._path}: {type(error).__name__}") from None

    def _write(self, token: str | None) -> None:
        try:
            if token is None:
                if os.path.exists(self._path):
                    os.unlink(self._path)
                return
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            # Written beside and moved, so that a reader never finds half of it; nobody else may read it.
            draft = f"{self._path}.{os.getpid()}.{threading.get_ident()}"
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(token)
            os.replace(draft, self._path)
        except OSError as error:
            raise BalenaSettingsPermissionError(f"Cannot write {self._path}: {error.strerror}") from None
