# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers in messages: one device is, two devices are."""

from __future__ import annotations

import re

import pytest

from ansible_collections.community.balena.plugins.module_utils.engine.guard import guard
from ansible_collections.community.balena.plugins.module_utils.engine.plan import Change, DeclarationError, Plan
from ansible_collections.community.balena.plugins.module_utils.engine.wording import called, counted, listed
from tests.support.ansible_runs import CHECKOUT

# A count that a plural follows, as in f"{number} devices"; not "1 of 4 devices".
PLURAL = re.compile(
    r"(?<!\bof )(?<!\bits )\{[^{}]*\} "
    r"(changes|days|devices|findings|fleets|groups|hosts|mistakes|names|releases|seconds|subjects|texts|things)\b"
)
# Where a count is never one, or a verb looks like a plural.
ALWAYS_SEVERAL = {"devices share", "mistakes.", "names neither"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (counted(0, "device"), "0 devices"),
        (counted(1, "device"), "1 device"),
        (counted(2, "device"), "2 devices"),
        (counted(1, "device is", "devices are"), "1 device is"),
        (counted(12, "device is", "devices are"), "12 devices are"),
        (counted(1_234_567, "device"), "1234567 devices"),
        (counted(1.0, "second"), "1 second"),
        (counted(0.5, "second"), "0.5 seconds"),
        (counted(600.0, "second"), "600 seconds"),
    ],
)
def test_what_follows_a_number(said, expected):
    assert said == expected


def test_one_change_of_one_subject():
    change = Change("update", "device", ("d1",), {"note": ""}, {"note": "x"}, {}, 1)
    with pytest.raises(
        DeclarationError, match=r"the plan has 1 change \(1 to update\) and touches 1 of 1 subject, more"
    ):
        guard(Plan(changes=(change,), subjects=1), 0, 1)


@pytest.mark.parametrize(
    ("items", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c", "d"], "a, b and 2 more")]
)
def test_a_long_list_ends_with_the_number_of_the_others(items, said):
    assert listed(items, 2) == said


def test_no_message_puts_a_plural_after_a_count_that_may_be_one():
    found = [
        f"{path.relative_to(CHECKOUT)}: {line.strip()}"
        for path in sorted((CHECKOUT / "plugins").rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if PLURAL.search(line) and not any(text in line for text in ALWAYS_SEVERAL)
    ]
    assert found == []


UUID = "7cf02a687b74206f92cb455969cf8e98"


def test_a_device_is_called_by_its_name_and_told_from_others_of_that_name():
    assert called(UUID, "berlin-sign-01") == "berlin-sign-01 (7cf02a6)"
    assert called(UUID) == called(UUID, "") == "7cf02a6"
    assert called(UUID, "a\nb\x1b[2J") == r"a\nb\x1b[2J (7cf02a6)"
