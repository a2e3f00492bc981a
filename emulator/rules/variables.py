# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and values of variables, and keys of tags; and the schema of configuration that `/config/vars` shows."""

from __future__ import annotations

import re

from ..http.responses import BadRequest
from .write import Write, before

RESERVED_NAMES = ("RESIN", "BALENA", "USER")
NAMESPACES = ("RESIN_", "BALENA_")
ENVIRONMENT = (
    "application_environment_variable device_environment_variable service_environment_variable "
    "device_service_environment_variable image_environment_variable"
)
CONFIGURATION = "application_config_variable device_config_variable"
TAGS = "application_tag device_tag release_tag organization_membership_tag"
INVALID_NAME = re.compile(r"^\d|[^a-zA-Z0-9_]")
INVALID_CONFIG_NAME = re.compile(r"^[\d:]|[^A-Za-z0-9_:]")


@before("create update", ENVIRONMENT)
def check_environment(write: Write) -> None:
    """Environment variables."""
    name = write.values.get("name")
    if name is not None:
        if INVALID_NAME.search(name):
            raise BadRequest("Environment variable names can only contain alphanumeric characters and underscores.")
        if name in RESERVED_NAMES:
            raise BadRequest(f"Environment variables {', '.join(RESERVED_NAMES)} are reserved")
        if name.startswith(NAMESPACES):
            raise BadRequest(f"Environment variables beginning with {', '.join(NAMESPACES)} are reserved.")
    _check_value(write)


@before("create update", CONFIGURATION)
def check_configuration(write: Write) -> None:
    """Configuration variables."""
    name = write.values.get("name")
    if name is not None:
        if INVALID_CONFIG_NAME.search(name):
            allowed = "alphanumeric characters, underscores or a colon"
            raise BadRequest(f"Configuration variable names can only contain {allowed}")
        if name in RESERVED_NAMES:
            raise BadRequest(f"Configuration variables {', '.join(RESERVED_NAMES)} are reserved")
        if not name.startswith(NAMESPACES):
            namespaces = ", ".join(NAMESPACES)
            raise BadRequest(f"Configuration variables must be part of one of the following namespaces: {namespaces}")
    _check_value(write)


def _check_value(write: Write) -> None:
    value = write.values.get("value")
    if value is not None and re.search(r"[\r\n]", value):
        raise BadRequest("Variable values cannot contain line break characters")


@before("create update", TAGS)
def check_tag(write: Write) -> None:
    """Tags."""
    key = write.values.get("tag_key")
    if key is None:
        return
    if re.search(r"\s", key):
        raise BadRequest("Tag keys cannot contain whitespace.")
    for prefix in ("io.resin.", "io.balena."):
        if key.startswith(prefix):
            raise BadRequest(f"Tag keys beginning with {prefix} are reserved.")
