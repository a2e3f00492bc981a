# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-builder makes an execution environment of extensions/awx, and finds what the installed collection needs."""

from __future__ import annotations

import yaml

from tests.support.ansible_runs import CHECKOUT, Ansible

DEFINITION = CHECKOUT / "extensions" / "awx" / "execution-environment.yml"
RECIPE = ("--output-filename", "Containerfile")


def test_the_definition_makes_a_build_context(tmp_path):
    context = tmp_path / "context"
    Ansible(tmp_path).run("ansible-builder", "create", "-f", str(DEFINITION), "-c", str(context), *RECIPE)
    needed = yaml.safe_load((context / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    assert needed == {"collections": [{"name": "community.balena"}]}
    recipe = (context / RECIPE[1]).read_text(encoding="utf-8")
    assert "ansible-galaxy collection install" in recipe


def test_what_the_installed_collection_needs_is_found(tmp_path):
    ansible = Ansible(tmp_path)
    # Forced, since the tests' Ansible has the checkout as a collection already.
    install = ("ansible-galaxy", "collection", "install", str(CHECKOUT), "--offline", "--force")
    ansible.run(*install, "-p", str(tmp_path / "there"))
    found = yaml.safe_load(ansible.run("ansible-builder", "introspect", str(tmp_path / "there")).output)
    stated = (CHECKOUT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8").split()
    assert [line.split()[0] for line in found["python"]] == stated
    needed = (CHECKOUT / "meta" / "ee-bindep.txt").read_text(encoding="utf-8").splitlines()
    assert [line.partition("  #")[0] for line in found["system"]] == [line for line in needed if line[:1] != "#"]
