# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content that a file of the host should have: from a file here, from a template, or as it is given."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.plugins.action import ActionBase

from ...module_utils.engine.kinds import kind_of
from .shell import ShellFailure, encoded

Params = Mapping[str, Any]


def content_of(action: ActionBase, params: Params, task_vars: dict[str, Any]) -> tuple[bytes, str, int]:
    """The content, the name of the file that it is from (may be empty), and that file's mode.

    :raises ShellFailure: there is no such file, or the template cannot be rendered.
    """
    if params["src"] is None:
        return _given(params["content"]), "", 0
    if params["src"] == "":
        raise ShellFailure("src is empty. Say which file is meant")
    folder = "templates" if params["template"] else "files"
    try:
        path = action._find_needle(folder, params["src"])
    except AnsibleError as error:
        raise ShellFailure(f"src: {error}") from None
    if Path(path).is_dir():
        raise ShellFailure(f"src: '{params['src']}' is a folder. Copy its files one by one, for example in a loop")
    mode = stat.S_IMODE(Path(path).stat().st_mode)
    data = _rendered(action, params, path, task_vars) if params["template"] else _read(action, path)
    return data, os.path.basename(path), mode


def _given(content: Any) -> bytes:
    if isinstance(content, (Mapping, list)):
        return json.dumps(content).encode()
    if isinstance(content, (str, int, float)):
        return encoded(str(content), "content")
    raise ShellFailure(f"content must be text, a mapping or a list, not {kind_of(content)}")


def _read(action: ActionBase, path: str) -> bytes:
    """A file of the controller; if it is vaulted, what it holds."""
    try:
        real = action._loader.get_real_file(path)
        try:
            return Path(real).read_bytes()
        finally:
            action._loader.cleanup_tmp_file(real)
    except (AnsibleError, OSError) as error:
        raise ShellFailure(f"src: '{path}' cannot be read: {error}") from None


def _rendered(action: ActionBase, params: Params, path: str, task_vars: dict[str, Any]) -> bytes:
    """What M(ansible.builtin.template) makes of a file."""
    try:
        text = _read(action, path).decode("utf-8")
    except UnicodeDecodeError:
        raise ShellFailure(f"src: the template '{path}' is not UTF-8") from None
    roots = [*task_vars.get("ansible_search_path", []), action._loader.get_basedir(), os.path.dirname(path)]
    search = [place for root in roots for place in (os.path.join(root, "templates"), root)]
    try:
        return encoded(_template(action, text, search, _variables(params, path, task_vars)), "src")
    except (AnsibleError, AnsibleUndefinedVariable) as error:
        raise ShellFailure(f"src: the template '{path}' cannot be rendered: {error}") from None


def _variables(params: Params, path: str, task_vars: dict[str, Any]) -> dict[str, Any]:
    """The variables of the host, and those that a template has about itself."""
    try:
        from ansible._internal._templating._template_vars import generate_ansible_template_vars
    except ImportError:  # ansible-core 2.18 and before
        from ansible.template import generate_ansible_template_vars

        about = generate_ansible_template_vars(params["src"], path, params["dest"])
    else:
        about = generate_ansible_template_vars(
            path=params["src"],
            fullpath=path,
            dest_path=params["dest"],
            include_ansible_managed="ansible_managed" not in task_vars,
        )
    return {**task_vars, **about}


def _template(action: ActionBase, text: str, search: list[str], variables: dict[str, Any]) -> str:
    try:
        from ansible.template import trust_as_template
    except ImportError:  # ansible-core 2.18 and before
        from ansible.template import AnsibleEnvironment

        templar = action._templar.copy_with_new_env(
            environment_class=AnsibleEnvironment, searchpath=search, available_variables=variables
        )
        rendered = templar.do_template(
            text, preserve_trailing_newlines=True, escape_backslashes=False, overrides={"trim_blocks": True}
        )
    else:
        templar = action._templar.copy_with_new_env(searchpath=search, available_variables=variables)
        rendered = templar.template(trust_as_template(text), escape_backslashes=False, overrides={"trim_blocks": True})
    return "" if rendered is None else str(rendered)
