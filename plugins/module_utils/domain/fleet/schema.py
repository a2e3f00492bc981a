# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema of a fleet document, as a dictionary, so that every module carries it.

docs/fleet.schema.json holds the same for editors. C(errorMessage) is what some of them, and L(schema_check), say
instead of what is wrong in terms of the schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...engine.fields import LONGEST_NAME, Field, name_schema
from ..applications.fields import SETTINGS
from ..devices.fields import COMMON, NAME
from ..keys.fields import API_KEY
from ..tags.compare import LIMITS, RESERVED_KEYS
from ..variables.compare import MAX_NAME, NAMESPACES, RESERVED

Schema = dict[str, Any]

#: The end of a text: C($) alone also matches before a line break that ends it.
_END = r"$(?!\n)"


def _object(properties: Schema, **more: Any) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties, **more}


def _keys(fields: Iterable[Field]) -> Schema:
    """What a document has of these fields."""
    return {field.option: field.document for field in fields}


def _map(values: str, names: str, description: str) -> Schema:
    """A mapping whose names and values are defined by C($defs)."""
    return {
        "type": "object",
        "propertyNames": {"$ref": f"#/$defs/{names}"},
        "additionalProperties": {"$ref": f"#/$defs/{values}"},
        "description": description,
    }


def _tag_value(longest: int) -> Schema:
    return {
        "anyOf": [{"type": "string", "maxLength": longest}, {"type": ["number", "boolean", "null"]}],
        "errorMessage": f"must be text of at most {longest} characters, a number, true, false or null",
    }


def _services(description: str) -> Schema:
    env = _map("value", "env_name", "Environment variables by name; null says that there must be none of that name.")
    return {
        "type": "object",
        "propertyNames": {
            "type": "string",
            "pattern": r"\S",
            "maxLength": 255,
            "errorMessage": "is not a valid service name: 1 to 255 characters, not all of them blank",
        },
        "additionalProperties": _object({"env": env}),
        "description": description,
    }


def _variable_name(kind: str, pattern: str, allowed: str, where: str) -> Schema:
    """What L(check_name) takes."""
    return {
        "type": "string",
        "maxLength": MAX_NAME,
        "pattern": f"^{pattern}{_END}",
        "errorMessage": f"is not a valid name of {kind} variable: {allowed}, no digit at the start, at most {MAX_NAME} "
        f"characters; {where}; {', '.join(RESERVED)} are reserved",
    }


_SPACES = "|".join(NAMESPACES)

_RELEASE: Schema = {
    "anyOf": [{"type": "string", "pattern": r"\S", "maxLength": LONGEST_NAME}, {"type": "integer", "minimum": 1}],
    "errorMessage": "must be a release: its commit or the first seven or more digits of it, its id, its version or a "
    "range of versions in quotes (YAML reads 1.10 as the number 1.1), latest, or track",
}

#: What can be said of devices, one by one, of groups of them, or of all.
LAYER: Schema = {
    "tags": _map("tag_value", "tag_key", "Tags by key; null says that there must be none of that key."),
    "env": _map("value", "env_name", "Environment variables of the device; null says that there must be none."),
    "config": _map("value", "config_name", "Config variables of the device; null says that there must be none."),
    "services": _services("Environment variables of services on the device."),
    "release": {"$ref": "#/$defs/release", "description": "What the device is pinned on; track: as the fleet says."},
    **_keys(COMMON),
}

_GROUP: Schema = {
    "name": name_schema("What messages call the group."),
    "match": {
        **_map("match_value", "tag_key", "Tags that a device has to have, with these values."),
        "minProperties": 1,
    },
    "has_tags": {
        "type": "array",
        "items": {"$ref": "#/$defs/tag_key"},
        "minItems": 1,
        "description": "Keys of tags that a device has to have, whatever their values.",
    },
    **LAYER,
}

_DEVICE: Schema = {
    "uuid": {
        "type": "string",
        "pattern": rf"^([0-9a-f]{{32}}|[0-9a-f]{{62}}){_END}",
        "errorMessage": "is not the full uuid of a device: 32 or 62 hexadecimal digits in lower case",
    },
    **_keys([NAME]),
    "device_type": name_schema("Slug or alias, if it is not the fleet's."),
    **LAYER,
}

_VERSION = name_schema("An exact version, a range such as ^6.0, latest, or recommended.")

#: The same for fleets and devices.
_MAX_KEY = LIMITS["device"].key

_DEFS: Schema = {
    "tag_key": {
        "type": "string",
        "pattern": rf"^(?!{'|'.join(key.replace('.', '[.]') for key in RESERVED_KEYS)})\S{{1,{_MAX_KEY}}}{_END}",
        "errorMessage": f"is not a valid tag key: 1 to {_MAX_KEY} characters without white space, not beginning with "
        + " or ".join(RESERVED_KEYS),
    },
    "tag_value": _tag_value(LIMITS["device"].value),
    "match_value": {
        "anyOf": [
            {"type": "string", "pattern": r"\S", "maxLength": LIMITS["device"].value},
            {"type": ["number", "boolean"]},
        ],
        "errorMessage": "must be the value that the tag must have, and not empty; has_tags, a list of keys beside "
        "match, asks for tags whatever their values",
    },
    "fleet_tag_value": _tag_value(LIMITS["application"].value),
    "env_name": _variable_name(
        "an environment",
        f"(?!{_SPACES})(?!({'|'.join(RESERVED)}){_END})[A-Za-z_][A-Za-z0-9_]*",
        "letters, digits and underscores",
        "those that begin with RESIN_ or BALENA_ are config variables",
    ),
    "config_name": _variable_name(
        "a config",
        f"({_SPACES})[A-Za-z0-9_:]*",
        "letters, digits, underscores and colons",
        "it begins with BALENA_ or RESIN_, others are environment variables",
    ),
    "value": {
        "anyOf": [
            {"type": "string", "pattern": rf"^[^\r\n]*{_END}"},
            {"type": ["number", "boolean", "null"]},
            _object({"secret": {"type": "string", "pattern": r"\S"}}, required=["secret"]),
        ],
        "errorMessage": "must be text without line breaks, a number, true, false, null, or {secret: NAME}",
    },
    "release": _RELEASE,
    "person": {
        "type": "string",
        "pattern": rf"^\S{{1,{LONGEST_NAME}}}{_END}",
        "errorMessage": "must be a user name or an e-mail address",
    },
    "role": {
        "anyOf": [{"type": "string", "pattern": r"\S", "maxLength": LONGEST_NAME}, {"type": "null"}],
        "errorMessage": "must be a role, such as developer, operator or observer, or null for none",
    },
}

#: The document. The order of its sections is that of the option C(sections).
SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A fleet of balena devices, as the module community.balena.balena_fleet declares it",
    **_object(
        {
            "$schema": {"type": "string", "description": "Where an editor finds this schema."},
            "fleet": {
                "type": "string",
                "pattern": rf"^[^/\s]+/[A-Za-z0-9_-]{{4,100}}{_END}",
                "errorMessage": "must be organization/name; a name has 4 to 100 of the characters A-Z, a-z, 0-9, _ "
                "and -",
            },
            **_keys(SETTINGS),
            "tags": _map(
                "fleet_tag_value", "tag_key", "Tags of the fleet; null says that there must be none of that key."
            ),
            "release": {"$ref": "#/$defs/release", "description": "What the fleet runs; track: its latest release."},
            "variables": _object(
                {
                    "env": _map("value", "env_name", "Environment variables of all devices."),
                    "config": _map("value", "config_name", "Config variables of all devices."),
                    "build": _map("value", "env_name", "Variables of builds. Only on balenaCloud."),
                }
            ),
            "services": _services("The services, with their environment variables on all devices."),
            "device_defaults": _object(LAYER, description="Holds for all devices of the fleet."),
            "groups": {
                "type": "array",
                "items": _object(
                    _GROUP,
                    required=["name"],
                    anyOf=[{"required": ["match"]}, {"required": ["has_tags"]}],
                    errorMessage="needs match or has_tags, which say whose devices it is about",
                ),
                "description": "Holds for the devices with these tags; later groups win over earlier ones.",
            },
            "devices": {
                "type": "array",
                "items": _object(
                    _DEVICE,
                    anyOf=[{"required": ["uuid"]}, {"required": ["name"]}],
                    errorMessage="needs a uuid or a name",
                ),
                "description": "Single devices, registered if they do not exist; they win over groups and defaults.",
            },
            "supervisor": _object({"version": _VERSION}, required=["version"]),
            "os": _object(
                {
                    "version": _VERSION,
                    "apply": {
                        "enum": [False, "target"],
                        "description": "false: only report; target: devices update by themselves.",
                    },
                    "os_type": {"enum": ["default", "esr"], "description": "Where ranges and words look."},
                },
                required=["version"],
            ),
            "provisioning_keys": {
                "type": "array",
                "items": _object(_keys(API_KEY.all), required=["name"]),
            },
            "access": _map(
                "role", "person", "Roles of collaborators by user name or e-mail address. Only on balenaCloud."
            ),
        },
        required=["fleet"],
    ),
    "$defs": _DEFS,
}
