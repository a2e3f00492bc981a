# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the recorded calls do not show of the application model."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaUsageError


@pytest.mark.parametrize("id", [1476418, "1476418"])
def test_the_dashboard_shows_an_application_by_a_number_or_its_digits(id: int | str) -> None:
    url = Balena(token="t", data_directory=False).models.application.get_dashboard_url(id)
    assert url == "https://dashboard.balena-cloud.com/apps/1476418"


@pytest.mark.parametrize("id", ["", "acme/kiosk", "-1", "1.5", "²", None, True, float("inf"), float("nan"), [1]])
def test_the_dashboard_shows_nothing_else(id: Any) -> None:
    with pytest.raises(BalenaUsageError):
        Balena(token="t", data_directory=False).models.application.get_dashboard_url(id)
