# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates in the options of an inventory file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError

#: These are expressions for each host, or decide which plugin this is.
NO_TEMPLATES = frozenset({"plugin", "compose", "groups", "keyed_groups", "hostnames"})


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
