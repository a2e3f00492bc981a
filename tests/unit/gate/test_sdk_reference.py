# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference of the SDK, as it is written when the site is built, has everything in it."""

from __future__ import annotations

import re

import pytest

from docs.tools import sdk_reference
from tests.oracle.arguments import snake_case
from tests.oracle.recording import DOCUMENTED

#: Methods of the reference SDK that are no methods of a namespace here, and the page that has them.
ELSEWHERE = {"LogSubscription": "LogSubscription", "listImagesFromTargetState": "utils"}


@pytest.fixture(scope="module")
def pages():
    return sdk_reference.written_pages()


@pytest.mark.parametrize("method", [name for name in DOCUMENTED if "." in name or name in ELSEWHERE])
def test_every_method_of_the_reference_sdk_is_described(method, pages):
    namespace, _dot, name = method.rpartition(".")
    page = ELSEWHERE.get(namespace or method) or snake_case(namespace)
    assert f"## {snake_case(name)}\n" in pages[page] or f".{snake_case(name)}(" in pages[page], page


def test_every_parameter_is_described(pages):
    undescribed = []
    for page in pages.values():
        for method in re.findall(r"^## \w+\n\n```python\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL):
            call, _fence, text = method.partition("```")
            if re.search(r"(as|like|than) for `|those of `", text):
                continue
            names = re.findall(r"[(\s]\*{0,2}(\w+): (?!Unpack)", call)
            undescribed += [f"{call.strip()}: {it}" for it in names if not re.search(rf"`(\*\*)?{it}`", text)]
    assert not undescribed


def test_the_pages_are_plain_markdown(pages):
    for name, page in pages.items():
        assert not re.search(r":\w+:`|(?<!`)``(?!`)", page), name
