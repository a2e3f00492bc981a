# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates in contracts, and the instructions made from them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk._contract_templates import fill_in_partials, render
from ansible_collections.community.balena.plugins.module_utils.sdk._install_instructions import (
    install_instructions,
    install_method,
)
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaError

CONTRACT: dict[str, Any] = {
    "name": "Box <1>",
    "slug": "box",
    "data": {"media": {"defaultBoot": "internal", "altBoot": ["usb_mass_storage", "sdcard"]}, "led": False},
    "partials": {"bootDevice": ["Power up the {{name}}"], "first": ["one", "two"]},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("{{name}}", "Box &lt;1&gt;"),
        ("{{{ name }}}", "Box <1>"),
        ("{{data.media.altBoot.[1]}}", "sdcard"),
        ("{{resolveContractAlias data.media.altBoot.[0]}}", "USB key"),
        ("{{resolveContractAlias slug}}", "box"),
        ("{{data.led}}", "false"),
        ("[{{nothing.here}}]", "[]"),
        ("{{#each partials.first}}<{{this}}>{{/each}}", "<one><two>"),
        ("{{#each missing}}x{{/each}}", ""),
        ("{{#if data.led}}on{{else}}off{{/if}}", "off"),
        ("{{#if data.media}}{{#each partials.first}}{{this}} {{/each}}{{/if}}", "one two "),
    ],
)
def test_templates(template: str, text: str) -> None:
    assert render(template, CONTRACT) == text


@pytest.mark.parametrize(
    "template", ["{{#unless x}}y{{/unless}}", "{{#each x}}y", "{{../name}}", "{{lookup a b}}", "{{> x}}"]
)
def test_what_is_not_understood_is_an_error_and_not_silence(template: str) -> None:
    with pytest.raises(BalenaError):
        render(template, CONTRACT)


def test_the_contract_that_was_given_stays_as_it_is() -> None:
    before = copy.deepcopy(CONTRACT)
    assert fill_in_partials(CONTRACT)["partials"]["bootDevice"] == ["Power up the Box &lt;1&gt;"]
    install_instructions(CONTRACT)
    assert before == CONTRACT


def test_steps_of_a_usb_device_are_listed_one_by_one() -> None:
    contract = {
        "data": {"flashProtocol": "usbMassStorage"},
        "partials": {"instructions": ["Plug it in.", "Copy.\nWait."]},
    }
    assert install_instructions(contract) == ["Plug it in.", "Copy.", "Wait."]


def test_an_unknown_way_to_flash_has_no_instructions() -> None:
    assert install_instructions({"data": {"flashProtocol": "magic"}}) is None
    with pytest.raises(BalenaError, match="box"):
        install_method({"slug": "box", "data": {}})
