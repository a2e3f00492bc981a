# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the project's own checks share."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType

import pytest

from tests.support.ansible_runs import CHECKOUT


@pytest.fixture
def load_script(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import a script of .ci or docs/tools by its name, or one of another folder as a module of the checkout."""
    for folder in ("docs/tools", ".ci"):
        monkeypatch.syspath_prepend(str(CHECKOUT / folder))
    return importlib.import_module
