# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that are given and empty: they never mean "all".

A variable that is undefined, null or empty where a value was expected must not turn a task about a few devices into
one about all of them. So an option that chooses, or that sets a bound, is left out or says something.
Whether an option was given at all is known only before the options are validated, since afterwards a null is there in
any case. One rule for modules, roles and the inventory plugin; the fleet document has it in its schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

_SELECTS = "Leave it out to select without it (application alone means all of its devices)"
_NARROWS = "Leave it out if nothing should be left out by it"

#: The options that are never empty, in whatever module they are, with how to say what an empty one might have meant.
NEVER_EMPTY: dict[str, str] = {
    "devices": f"{_SELECTS}; an empty list together with allow_empty: true means no device",
    "with_tags": f"{_SELECTS}; has_tags asks for tags whatever their values",
    "has_tags": _SELECTS,
    "filter": _SELECTS,
    "limit": "Leave it out for no limit",
    "application": "Leave it out if no application is meant",
    "in_application": "Leave it out if no application is meant",
    "applications": "Leave it out if devices of all applications are meant",
    "organization": _NARROWS,
    "service": "Leave it out for all services",
    "architecture": _NARROWS,
    "device_types": "Leave it out for all device types",
    "organizations": "Leave it out if devices of all organizations are meant",
    "online": _NARROWS,
    "canary": "Leave it out if there are no canaries",
    "keep_out_tag": "Leave it out if no device is kept out",
    "max_changes": "Leave it out for no limit",
    "sections": "Leave it out for all sections",
}

#: The dictionaries of these that compare values, each of which has to be there.
_COMPARING = ("with_tags", "canary")


def emptied(
    options: Iterable[str],
    given: Mapping[str, Any],
    *,
    aliases: Mapping[str, str] | None = None,
    never_null: Iterable[str] = (),
    never_blank: Iterable[str] = (),
) -> str:
    """What is wrong with the options that are given and empty; an empty text if nothing is.

    :param options: the names of the options that are never empty: of L(NEVER_EMPTY), or of a module's own.
    :param given: the options that were given, and no others, by the names that they were given by.
    :param aliases: name -> the option's own name.
    :param never_null: options that may be an empty list or dictionary, but not null and not a blank text.
    :param never_blank: options of text, or lists of it, where white space alone means nothing.
    :returns: a sentence for the user, which names the options.
    """
    found = []
    names, nullable, visible = set(options), set(never_null), set(never_blank)
    for name, value in given.items():
        own = (aliases or {}).get(name, name)
        if own in names:
            found.append(_problem(name, own, value, given))
        elif own in nullable and _blank(value):
            found.append(f"{name} is given without a value ({_shown(value)}). Leave it out, or say what it should be")
        elif own in visible and is_blank(value):
            found.append(f"{name} is blank ({_shown(value)}). Leave it out, or say what it should be")
        elif own in visible and isinstance(value, (list, tuple)) and any(map(_blank, value)):
            found.append(f"{name} has an empty item ({_shown(value)}). Leave the item out, or say what it should be")
    wrong = [problem for problem in found if problem]
    return "; ".join(wrong)


def is_blank(value: Any) -> bool:
    """Whether this is text of nothing but white space; not an empty text, which can be meant."""
    return isinstance(value, str) and value != "" and not value.strip()


def blank_tags(tags: Mapping[Any, Any]) -> list[str]:
    """The keys of a dictionary of tags to compare with that are blank, or whose values are."""
    return [str(key) for key, value in tags.items() if _blank(key) or _empty(value)]


def _problem(name: str, own: str, value: Any, given: Mapping[str, Any]) -> str | None:
    if own == "devices" and value == [] and boolean(given.get("allow_empty"), strict=False):
        return None
    advice = NEVER_EMPTY.get(own, _NARROWS)
    if _empty(value):
        return f"{name} is given but empty ({_shown(value)}), which never means all. {advice}"
    if isinstance(value, (list, tuple)) and any(_empty(item) for item in value):
        return f"{name} has an empty item ({_shown(value)}). Leave the item out, or say what it should be"
    if own in _COMPARING and isinstance(value, Mapping) and (blank := blank_tags(value)):
        return f"{name} has no value for {', '.join(map(repr, blank))}. Say which value the tag must have" + (
            f"; has_tags: [{', '.join(blank)}] asks for the tag whatever its value" if own == "with_tags" else ""
        )
    return None


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _empty(value: Any) -> bool:
    return _blank(value) or (isinstance(value, (Mapping, list, tuple)) and not value)


def _shown(value: Any) -> str:
    return "null" if value is None else repr(value)
