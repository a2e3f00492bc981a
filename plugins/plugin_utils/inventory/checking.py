# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the options of an inventory file are of the kind that they must be: all that are not, as tasks say it.

ansible-core takes any word for a boolean that is false, and a number that is not finite for a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleParserError

from ...module_utils import option_bounds, option_errors

#: The types of ansible-core's settings as those of options of modules; others are taken as they are.
_TYPES = {
    **{name: name for name in ("str", "path", "bool", "int", "float", "list", "dict", "raw")},
    "string": "str",
    "boolean": "bool",
    "integer": "int",
}


def check_kinds(given: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse a file whose options are of the wrong kind, before anything is read. L(check_options) looks into them.

    :param given: the options of the file, their templates evaluated.
    :param definitions: what the plugin's documentation says of its options.
    :raises AnsibleParserError: names all that is wrong.
    """
    spec = {name: _said(one) for name, one in definitions.items()}
    values = {name: value for name, value in given.items() if value is not None}
    found = option_errors.validate({"argument_spec": spec}, values)
    if wrong := option_errors.explain(spec, values, found, "balena"):
        raise AnsibleParserError(wrong)


def never_blank(definitions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The options of the plugin where white space alone means nothing."""
    return [name for name, one in definitions.items() if not option_bounds.may_be_blank(name, _said(one))]


def _said(definition: Mapping[str, Any]) -> dict[str, Any]:
    kind = _TYPES.get(str(definition.get("type") or "str"), "raw")
    said = {"type": kind, "aliases": definition.get("aliases") or []}
    if kind == "list":
        said["elements"] = _TYPES.get(str(definition.get("elements") or "raw"), "raw")
    return {**said, "choices": definition["choices"]} if definition.get("choices") else said
