# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared of applications, devices, releases and keys is declared once, and everything else reads it."""

from __future__ import annotations

import dataclasses
import importlib
import sys

import pytest
import yaml

from ansible_collections.community.balena.plugins.module_utils.domain.applications.fields import APPLICATION, SETTINGS
from ansible_collections.community.balena.plugins.module_utils.domain.devices.fields import COMMON, DEVICE
from ansible_collections.community.balena.plugins.module_utils.domain.fleet.schema import SCHEMA
from ansible_collections.community.balena.plugins.module_utils.domain.keys.fields import API_KEY
from ansible_collections.community.balena.plugins.module_utils.domain.releases.fields import RELEASE
from ansible_collections.community.balena.plugins.module_utils.engine.fields import flag, options_of
from tests.support.tasks import COLLECTION, run_task

RESOURCES = {
    "balena_application": APPLICATION,
    "balena_device": DEVICE,
    "balena_release": RELEASE,
    "balena_api_key": API_KEY,
}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_module_takes_and_documents_the_options(name):
    module = importlib.import_module(f"{COLLECTION}.modules.{name}")
    options = options_of(RESOURCES[name].fields)
    assert options and options.items() <= module.OPTIONS.argument_spec.items()
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert {option: documented[option]["type"] for option in options} == {
        option: spec["type"] for option, spec in options.items()
    }


def test_documents_have_the_fields():
    places = SCHEMA["properties"]
    assert {field.option: places[field.option] for field in SETTINGS} == {one.option: one.document for one in SETTINGS}
    for layer in (places["device_defaults"], places["groups"]["items"], places["devices"]["items"]):
        assert {field.option: field.document for field in COMMON}.items() <= layer["properties"].items()


def test_a_further_column_of_applications_is_one_declaration(emulator, monkeypatch):
    field = flag("host", "is_host", "Whether it is an operating system.")
    more = dataclasses.replace(APPLICATION, fields=(*APPLICATION.fields, field))
    for name, loaded in list(sys.modules.items()):
        if name.startswith(COLLECTION) and getattr(loaded, "APPLICATION", None) is APPLICATION:
            monkeypatch.setattr(loaded, "APPLICATION", more)
    module = importlib.import_module(f"{COLLECTION}.modules.balena_application")
    spec = {**module.OPTIONS.argument_spec, **options_of([field])}
    monkeypatch.setattr(module, "OPTIONS", dataclasses.replace(module.OPTIONS, argument_spec=spec))
    emulator.seed({"applications": [{"name": "kiosk"}]})

    def declare(**options):
        return run_task(emulator, "balena_application", name="acme/kiosk", **options)

    def exported():
        found = run_task(emulator, "balena_fleet_info", application="acme/kiosk")
        return found["document"].get("host")

    assert declare()["application"]["host"] is False and exported() is None
    foreseen = declare(host=True, check_mode=True)
    assert foreseen["diff"]["after"] == {"application": {"acme/kiosk": {"is_host": True}}}
    made = declare(host=True)
    assert made["changed"] and made["application"] == foreseen["application"]
    assert made["application"]["host"] is True and exported() is True
    assert not declare(host=True)["changed"]
