# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of *parent, key, value*: tags and variables. Their rules, once for all of them.

The methods that callers see are in the models: there the parent's parameter has the name of the parent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Union

from .. import errors
from .._text import js_text
from ._ids import Kind
from ._listing import Listed
from ._namespace import Options, Row, has_status, is_id

if TYPE_CHECKING:
    from .. import Balena

#: What the API keeps as text: ``True`` as ``true``, ``5.0`` as ``5``.
Value = Union[str, int, float, bool]


def set_value(sdk: Balena, resource: str, row_key: dict[str, Any], value: Value) -> None:
    """Write one row, whether or not it exists: create it, and if it is there already, update it.

    Args:
        sdk: the SDK instance.
        resource: the OData resource.
        row_key: the fields that identify the row, with their values: its natural key.
        value: what the field ``value`` shall hold; it is stored as text.
    """
    sdk.pine.upsert(resource, row_key, {"value": js_text(value)})


def read_value(sdk: Balena, resource: str, where: Options) -> str | None:
    """Read the value of the row that a filter finds; None if there is none.

    Args:
        sdk: the SDK instance.
        resource: the OData resource.
        where: a pine filter.
    """
    rows: list[Row] = sdk.pine.get(resource, options={"$select": "value", "$filter": where})
    return rows[0]["value"] if rows else None


class KeyedValues(Listed):
    """Values by parent and key."""

    #: What the values belong to, and the field that holds its id.
    parent: ClassVar[Kind]
    parent_field: ClassVar[str]
    #: The field that holds the key.
    key_field: ClassVar[str]

    def _get(self, parent: Any, key: str) -> str | None:
        return read_value(self._sdk, self.resource, self._one(self.parent, parent, key))

    def _set(self, parent: Any, key: str, value: Value) -> None:
        row_key = {self.parent_field: self.parent.id_of(self._sdk, parent), self.key_field: key}
        try:
            set_value(self._sdk, self.resource, row_key, value)
        except errors.BalenaRequestError as error:
            # The API answers 401 both for a parent that does not exist and for one that the token may not see.
            if has_status(error, 401) and is_id(parent):
                self._existing_id(self.parent, parent)
            raise

    def _remove(self, parent: Any, key: str) -> None:
        self._sdk.pine.delete(self.resource, options={"$filter": self._one(self.parent, parent, key)})

    def _one(self, kind: Kind, parent: Any, key: str) -> Options:
        return {self.parent_field: self._existing_id(kind, parent), self.key_field: key}


class Tags(KeyedValues):
    """Tags: any key, any text."""

    key_field, order = "tag_key", "tag_key asc"


class Variables(KeyedValues):
    """Variables: what containers find in their environment, or what configures the device."""

    key_field, order = "name", "name asc"
