# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory file: whom it is for, and templates in its options."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError

#: These are expressions for each host, or decide which plugin this is.
NO_TEMPLATES = frozenset({"plugin", "compose", "groups", "keyed_groups", "hostnames"})


def is_meant_for(plugin: str, path: str) -> bool:
    """Whether a file names the plugin, though it may not be called as the plugin wants it."""
    if not path.endswith((".yml", ".yaml")) or not os.path.isfile(path):
        return False
    try:
        with open(path, encoding="utf-8") as file:
            return re.search(rf"^plugin:\s*['\"]?{re.escape(plugin)}\b", file.read(), re.MULTILINE) is not None
    except (OSError, UnicodeDecodeError):
        return False


def template_options(options: Mapping[str, Any], templar: Any, variables: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options of the file with all templates in them evaluated, so before their types are looked at.

    :param variables: the extra variables.
    :raises AnsibleParserError: names the option whose template fails.
    """
    templar.available_variables = dict(variables or {})
    found: dict[str, Any] = {}
    for name, value in options.items():
        try:
            found[name] = value if name in NO_TEMPLATES else templar.template(value)
        except AnsibleError as error:
            raise AnsibleParserError(f"option {name}: {error}") from error
    return found
