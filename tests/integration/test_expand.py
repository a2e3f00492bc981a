# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relation that a task asks for with C(expand) comes as it was asked for, also where a module knows it itself."""

from __future__ import annotations

import pytest

from tests.support.tasks import run_task

SEED = {
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "env": {"A": "1"},
            "services": ["web"],
            "releases": [{"version": "1.0.0"}],
            "devices": [{"name": "d", "env": {"B": "2"}, "config": {"BALENA_HOST_CONFIG_gpu_mem": "64"}}],
        }
    ]
}
RELATIONS = [
    ("balena_release_info", "releases", "release_asset", "assets"),
    ("balena_release_info", "releases", "release_image", "images"),
    ("balena_device_info", "devices", "device_environment_variable", "variables"),
    ("balena_device_info", "devices", "device_config_variable", "config_variables"),
    ("balena_device_info", "devices", "image_install", "services"),
    ("balena_device_info", "devices", "service_install", "service_variables"),
    ("balena_application_info", "applications", "application_environment_variable", "variables"),
    ("balena_application_info", "applications", "owns__release", "releases"),
]


@pytest.mark.parametrize(("module", "rows", "relation", "own"), RELATIONS)
def test_a_relation_comes_as_it_was_asked_for(emulator, module, rows, relation, own):
    emulator.seed(SEED)
    result = run_task(emulator, module, application="acme/kiosk", expand={relation: {"$select": ["id"]}})
    assert not result.get("failed"), result
    (row,) = result[rows]
    assert all(set(found) == {"id"} for found in row[relation])
    assert own not in row
