# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that the server makes itself, and the one shape of a time."""

from __future__ import annotations

import secrets
import string
import uuid
from datetime import datetime, timezone

ALPHABET = string.ascii_letters + string.digits
ADJECTIVES = "amber brave calm damp eager fading gentle hidden icy lively misty patient quiet rough silent".split()
NOUNS = "brook cloud dawn field forest glade harbor hill lake meadow moon pine river shadow snow star".split()


def iso(moment: datetime) -> str:
    """A time as the API writes and the database stores it: UTC with milliseconds."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def new_key() -> str:
    """An API key: 32 letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _turn in range(32))


def new_uuid() -> str:
    """A uuid of version 4 without dashes."""
    return uuid.uuid4().hex


def new_name() -> str:
    """A device name of two words."""
    return f"{secrets.choice(ADJECTIVES)}-{secrets.choice(NOUNS)}"


def new_location() -> str:
    """Where the registry keeps an image: `registry2.oba.local/v2/<32 hex digits>`."""
    return f"registry2.oba.local/v2/{new_uuid()}"
