# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an inventory file: which there are, and what each may be.

ansible-core passes over keys of an inventory file that mean nothing, and does not look into lists and dicts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible import constants
from ansible.errors import AnsibleParserError

from ...module_utils.engine.kinds import kind_of
from ...module_utils.engine.near import near
from ...module_utils.engine.visible import one_line
from .grouping import GROUPINGS

#: Options that name things by text or by id, and those that are lists of text.
_NAMES = {"organizations": "a handle or an id", "applications": "a slug, uuid or id", "devices": "a uuid, name or id"}
_TEXTS = {
    "hostnames": "a variable, a tag or an expression",
    "fields": "a field of the API's devices",
    "services": "the name of a service",
}
_PREFIX = re.compile(r"[^\W\d]\w*|")


def refuse_unknown(plugin_type: str, plugin: str, given: Iterable[object]) -> None:
    """Refuse a key of the file that is not an option.

    :raises AnsibleParserError: names all of them, each with the option that was probably meant.
    """
    known: set[str] = set()
    for name, definition in constants.config.get_configuration_definitions(plugin_type, plugin).items():
        known |= {name, *definition.get("aliases", ())}
    wrong = [key for key in given if key not in known]
    if wrong:
        texts = [f"'{one_line(str(key))[:80]}'{near(key, known)}" for key in wrong]
        raise AnsibleParserError(
            f"no such option: {', '.join(texts)}. ansible-doc -t inventory {plugin} lists them all"
        )


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse what the options that are lists and dicts cannot mean.

    :raises AnsibleParserError: names the option and the element, and says what it must be.
    """
    for option, meant in _NAMES.items():
        for number, item in enumerate(options.get(option) or ()):
            if not (_is_text(item) or (isinstance(item, int) and not isinstance(item, bool))):
                raise _wrong(f"{option}[{number}]", meant, item)
    services = options.get("services")
    if services is not None and not isinstance(services, (bool, list)):
        raise AnsibleParserError(f"option services must be a boolean or a list of names, not {kind_of(services)}")
    for option, meant in _TEXTS.items():
        items = options.get(option)
        for number, item in enumerate(items if isinstance(items, list) else ()):
            if not _is_text(item):
                raise _wrong(f"{option}[{number}]", meant, item)
    for number, item in enumerate(options.get("group_by") or ()):
        if not isinstance(item, str) or item not in GROUPINGS:
            given, known = one_line(str(item)), ", ".join(GROUPINGS)
            raise AnsibleParserError(
                f"option group_by[{number}]: '{given}' is not one of {known}{near(item, GROUPINGS)}"
            )
    if not _PREFIX.fullmatch(options.get("hostvars_prefix") or ""):
        raise AnsibleParserError(
            "option hostvars_prefix: a variable's name begins with it, so it must be letters, digits and underscores"
            f" and not begin with a digit, not '{one_line(str(options['hostvars_prefix']))}'"
        )
    _check_expressions(options)


def _check_expressions(options: Mapping[str, Any]) -> None:
    for option in ("compose", "groups"):
        for name, expression in (options.get(option) or {}).items():
            if not _is_text(name):
                raise _wrong(f"a name in {option}", "a name", name)
            if not _is_text(expression) and not isinstance(expression, (bool, int, float)):
                raise _wrong(f"{option}.{one_line(name)}", "an expression", expression)
    for number, entry in enumerate(options.get("keyed_groups") or ()):
        if not isinstance(entry, Mapping):
            raise _wrong(f"keyed_groups[{number}]", "a mapping with 'key'", entry)
        if not _is_text(entry.get("key")):
            raise _wrong(f"keyed_groups[{number}].key", "an expression", entry.get("key"))
        for name in ("prefix", "separator", "parent_group"):
            if name in entry and not isinstance(entry[name], str):
                raise _wrong(f"keyed_groups[{number}].{name}", "text", entry[name])


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _wrong(where: str, meant: str, value: object) -> AnsibleParserError:
    given = "blank" if isinstance(value, str) else kind_of(value)
    return AnsibleParserError(f"option {where} must be {meant}, not {given}")
