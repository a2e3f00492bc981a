# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The query language of the API (OData as the server understands it): parsed, and compiled to SQL."""

from __future__ import annotations

from .nodes import Options, Target
from .parse import Malformed, parse_path, parse_query, unbalanced

__all__ = ["Malformed", "Options", "Target", "parse_path", "parse_query", "unbalanced"]
