# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options C(fields) and C(expand) of info modules: more of the API's data than a module returns by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..engine.plan import DeclarationError
from ..sdk.errors import BalenaRequestError
from .options import ReadMore
from .query import Record
from .relation_options import check_name, relation_options

#: Columns that are never handed on: the first two let their reader control a device, C(key) is the API key itself.
SECRET_COLUMNS = frozenset({"api_secret", "api_port", "key"})


@dataclass(frozen=True)
class More:
    """What is asked for besides what a module reads itself.

    :param fields: columns of the API's resource.
    :param expand: relations, with the OData options to read each.
    """

    fields: Sequence[str] = ()
    expand: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def select(self, own: Sequence[str]) -> list[str]:
        """The columns to read: a module's own and those that are asked for."""
        return list(dict.fromkeys([*own, *self.fields]))

    def expansions(self, own: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """The relations to read: a module's own and those that are asked for; None if there are none.

        :raises DeclarationError: options for a relation that the module reads itself; they would spoil its result.
        """
        found = dict(own or {})
        for relation, options in self.expand.items():
            if relation in found and options:
                raise DeclarationError(f"expand: the module reads {relation} itself, so it takes no options here")
            found.setdefault(relation, dict(options))
        return found or None

    def given(self, row: Record) -> dict[str, Any]:
        """The asked for columns and relations of a row under the API's names, without what is secret.

        :raises DeclarationError: the row does not have a column.
        """
        for name in self.fields:
            if name not in row:
                known = ", ".join(sorted(set(row) - SECRET_COLUMNS))
                raise DeclarationError(f"fields: field '{name}' does not exist. The fields are: {known}")
        return {name: _without_secrets(row[name]) for name in (*self.fields, *self.expand) if name in row}

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While rows are read: say what it means that the server fails when it is asked for a column.

        :raises DeclarationError: instead of the empty 500 that unknown columns are answered with (recording 17).
        """
        try:
            yield
        except BalenaRequestError as error:
            asked = [*self.fields, *self.expand]
            if not asked or error.status_code not in (400, 401, 500):
                raise
            raise DeclarationError(
                f"The API refused the request ({error.status_code}), perhaps because it does not have all that fields "
                f"and expand ask for ({', '.join(asked)}): {error.body or 'it does not say why'}"
            ) from error


def wanted(want: ReadMore) -> More:
    """The options C(fields) and C(expand) of a task.

    :raises DeclarationError: a secret column, or an expand that is neither a list of names nor a dictionary of names
        and options.
    """
    fields = [str(name) for name in want["fields"] or ()]
    for name in fields:
        check_name("fields", name)
        if name in SECRET_COLUMNS:
            raise DeclarationError(f"fields: {name} is secret and never part of a result")
    return More(fields, relations(want["expand"]))


def relations(expand: Any) -> dict[str, Mapping[str, Any]]:
    """An option C(expand) as a dictionary, however it was written.

    :raises DeclarationError: it is neither a name, a list of names nor a dictionary of names and options.
    """
    given = [expand] if isinstance(expand, str) else expand
    if isinstance(given, Mapping) and all(isinstance(options or {}, Mapping) for options in given.values()):
        return {
            str(relation): relation_options(str(relation), dict(options or {})) for relation, options in given.items()
        }
    if given is None or (isinstance(given, Sequence) and all(isinstance(name, str) for name in given)):
        return {relation: relation_options(relation, {}) for relation in given or ()}
    raise DeclarationError("expand must be a list of relations, or a dictionary of relations and their OData options")


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_secrets(inner) for name, inner in value.items() if name not in SECRET_COLUMNS}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value
