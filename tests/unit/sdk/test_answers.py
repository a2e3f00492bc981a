# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relation that was asked for as a number comes as a number."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk._answers import check_rows
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaInvalidResponseError

COUNTED = {"$select": ["id"], "$expand": {"owns__device": {"$count": {}}}}


def test_the_number_of_related_rows_is_no_wrong_answer():
    check_rows([{"id": 1, "owns__device": 3}, {"id": 2, "owns__device": 0}], COUNTED, "GET /application")


@pytest.mark.parametrize("value", [None, True, "3", [], {}])
def test_what_is_no_number_is_one(value):
    with pytest.raises(BalenaInvalidResponseError, match="owns__device"):
        check_rows([{"id": 1, "owns__device": value}], COUNTED, "GET /application")
