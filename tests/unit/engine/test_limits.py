# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as people write them."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils.engine.limits import size
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("0", 0), ("2000", 2000), ("1kB", 1000), ("1 KiB", 1024), ("1.5GB", 1_500_000_000), (" 2gib ", 2 * 2**30)],
)
def test_a_size_is_read_with_its_unit(text, bytes_):
    assert size(text, "max_download") == bytes_


@pytest.mark.parametrize("text", ["-1", "MB", "5 parsecs", "1e9", "inf", "nan", "\u0661MB", "1,5GB", "9" * 400])
def test_what_is_not_a_size_is_refused_by_name(text):
    with pytest.raises(DeclarationError, match="max_download must be a number of bytes"):
        size(text, "max_download")
