# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared of an API key, besides whose it is."""

from __future__ import annotations

from ...engine.fields import Resource, moment, name_schema, text

_NAME = text("name", "name", required=True, document=name_schema("What the key is called; it is found by that."))
_DESCRIPTION = text(
    "description",
    "description",
    None,
    stored=lambda description: description or None,
    document={"type": "string", "maxLength": 1244, "description": "What it is for; an empty text removes it."},
)
_EXPIRES = moment("expires", "expiry_date", "When it ends, such as 2030-01-31; an empty text: never.")

API_KEY = Resource("api_key", (_NAME,), (_DESCRIPTION, _EXPIRES))
