# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kinds of things consist of, declared once: each option, the columns that keep it, and the way there and back.

Options of modules, comparison, prediction, results, and what documents say of the same thing read the declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import dates
from .plan import Change, DeclarationError, Key, Row, compare
from .wording import spelled

Values = dict[str, Any]

#: No name that is looked for may be longer: it has to fit into an address.
LONGEST_NAME = 1000


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Field:
    """One option, and what keeps it.

    :param option: what it is called where it is declared, and in results.
    :param columns: what keeps it. Where there are several, C(stored) returns a value for each.
    :param spec: the option as modules take it: its type, its choices; empty if it is declared in another way.
    :param usual: its value when nothing was ever said of it.
    :param stored: from the declared value to what the column holds; raises a L(DeclarationError).
    :param held: from what a server says that a column holds to the same form; by itself, nothing is what is usual.
    :param shown: from the stored values to the value that results have.
    :param document: the value as a document has it, in terms of a JSON schema; None: documents do not have it.
    :param exported: from what results have to what a document says; the usual value is not said.
    :param fixed: only creation sets it.
    :param set_by_server: a new row has the usual value, whatever was asked.
    :param cloud_only: not every server has the columns, so that they are only read for those who declare it.
    :param secret: the value must not be shown: results leave it out, and differences hide it.
    """

    option: str
    columns: tuple[str, ...]
    spec: Mapping[str, Any]
    usual: Any = None
    stored: Callable[[Any], Any] = _as_it_is
    held: Callable[[Any], Any] | None = None
    shown: Callable[..., Any] = _as_it_is
    document: Mapping[str, Any] | None = None
    exported: Callable[[Any], Any] = _as_it_is
    fixed: bool = False
    set_by_server: bool = False
    cloud_only: bool = False
    secret: bool = False

    def wanted(self, value: Any) -> Values:
        """What the columns hold when a value is declared.

        :raises DeclarationError: a value that cannot be.
        """
        stored = self.stored(value)
        return dict(zip(self.columns, stored if len(self.columns) > 1 else (stored,), strict=True))

    def actual(self, row: Mapping[str, Any]) -> Values:
        """What the columns of a row hold, in the form of L(wanted)."""
        held = self.held or (lambda value: self.usual if value is None else value)
        return {column: held(row[column]) for column in self.columns}

    def predicted(self, value: Any) -> Any:
        """A declared value as results have it."""
        return self.shown(*self.wanted(value).values())

    def value(self, row: Mapping[str, Any]) -> Any:
        """The value that a row has, as results have it."""
        return self.shown(*self.actual(row).values())


def flag(option: str, column: str, meaning: str = "", *, usual: bool = False, **more: Any) -> Field:
    """A field that is true or false.

    :param meaning: what documents say of it; those that have no such key leave it out.
    """
    document = {"type": "boolean", "description": meaning} if meaning else None
    return Field(option, (column,), **{"spec": {"type": "bool"}, "usual": usual, "document": document, **more})


def text(option: str, column: str, usual: str | None = "", *, required: bool = False, **more: Any) -> Field:
    """A field that is text as it stands.

    :param required: a declaration without it is none.
    """
    spec = {"type": "str", **({"required": True} if required else {})}
    return Field(option, (column,), **{"spec": spec, "usual": usual, **more})


def moment(option: str, column: str, meaning: str, **more: Any) -> Field:
    """A field that is a date and time; an empty text says that there is none.

    :param meaning: what documents say of it.
    """

    def stored(declared: str) -> str | None:
        declared = declared.strip()
        return dates.as_stored(dates.declared(declared, option)) if declared else None

    def held(value: Any) -> str | None:
        found = dates.read(value)
        return dates.as_stored(found) if found else None

    document = {"type": "string", "description": meaning}
    return text(option, column, None, **{"stored": stored, "held": held, "document": document, **more})


def name_schema(description: str) -> Values:
    """The JSON schema of a name, which is not blank."""
    return {
        "type": "string",
        "pattern": r"\S",
        "maxLength": LONGEST_NAME,
        "errorMessage": f"must be 1 to {LONGEST_NAME} characters, not all of them blank",
        "description": description,
    }


def options_of(fields: Iterable[Field]) -> dict[str, dict[str, Any]]:
    """The options of a module that declares these fields."""
    return {one.option: {**one.spec, **({"no_log": True} if one.secret else {})} for one in fields if one.spec}


def columns_of(fields: Iterable[Field]) -> list[str]:
    """What has to be read to know the values of these fields."""
    return [column for field in fields for column in field.columns]


@dataclass(frozen=True)
class Resource:
    """A kind of thing.

    :param name: what the API calls it.
    :param key: the fields that say which one is meant, as far as they are columns of it. They never change.
    :param fields: what else is declared of it.
    """

    name: str
    key: tuple[Field, ...]
    fields: tuple[Field, ...]

    @property
    def all(self) -> tuple[Field, ...]:
        """The fields, the key first."""
        return (*self.key, *self.fields)

    def key_of(self, row: Mapping[str, Any]) -> Key:
        """What people call a thing that was read."""
        return tuple(field.value(row) for field in self.key)

    def given(self, want: Mapping[str, Any]) -> list[Field]:
        """The fields that a declaration says something of."""
        return [field for field in self.fields if want.get(field.option) is not None]

    def told(self, want: Mapping[str, Any]) -> list[Field]:
        """The fields that results have: those that every server has, and those that are declared."""
        return [field for field in self.fields if not field.cloud_only or want.get(field.option) is not None]

    @property
    def set_by_server(self) -> Values:
        """The columns of which new rows have the usual value, whatever was asked."""
        return {field.columns[0]: field.usual for field in self.fields if field.set_by_server}

    def identity(self, want: Mapping[str, Any]) -> Values:
        """The columns that say which one is declared.

        :raises DeclarationError: a name that cannot be.
        """
        return _joined(field.wanted(want[field.option]) for field in self.key)

    def wanted(self, want: Mapping[str, Any]) -> Values:
        """What the columns should hold.

        :raises DeclarationError: a value that cannot be.
        """
        return _joined(field.wanted(want[field.option]) for field in self.given(want))

    def actual(self, row: Mapping[str, Any], want: Mapping[str, Any]) -> Values:
        """What the columns of the declared fields hold."""
        return _joined(field.actual(row) for field in self.given(want))

    def usual(self) -> Values:
        """What the columns hold of a thing of which nothing was said."""
        return _joined(field.actual(dict.fromkeys(field.columns)) for field in self.fields)

    def shown(self, row: Mapping[str, Any], want: Mapping[str, Any] | None = None) -> Values:
        """The fields of a row, as results have them.

        :param want: the declaration that the result is about.
        """
        return {field.option: field.value(row) for field in self.told(want or {}) if not field.secret}

    def predicted(self, want: Mapping[str, Any], *, new: bool = False) -> Values:
        """The declared fields as results will have them.

        :param new: of a thing that does not exist yet, so that the others are as usual.
        """
        usual = {field.option: field.usual for field in self.told({}) if not field.secret} if new else {}
        declared = (field for field in self.given(want) if not field.secret)
        return {**usual, **{field.option: field.predicted(want[field.option]) for field in declared}}

    def removal(self, key: Key, row: Mapping[str, Any], before: Mapping[str, Any]) -> Change:
        """What takes away a thing that was read.

        :param before: what a diff shows of it.
        """
        secret = any(field.secret for field in self.fields)
        return Change("delete", self.name, key, before, None, {}, row["id"], secret)

    def changes(self, want: Mapping[str, Any], found: Mapping[str, Any], under: Key = (), **more: Any) -> list[Change]:
        """What makes a thing that exists as it is declared.

        :param under: what people call the thing that it belongs to.
        :param more: columns that should hold something besides.
        :raises DeclarationError: a value that cannot be, or another one than there is of what is fixed at creation.
        """
        key = (*under, *self.key_of(found))
        self._check_fixed(want, found, key)
        actual = {**{column: found.get(column) for column in more}, **self.actual(found, want)}
        desired = Row(key, {**self.wanted(want), **more})
        return compare(self.name, [desired], [Row(key, actual, {}, found["id"])], secret=self._is_secret(want))

    def converge(
        self, want: Mapping[str, Any], found: Mapping[str, Any] | None, identity: Mapping[str, Any], key: Key
    ) -> list[Change]:
        """What makes a thing as it is declared, makes it at all, or takes it away if C(state) says so.

        :param found: the thing, if it exists.
        :param identity: the columns that say which one it is.
        :param key: what people call it.
        :raises DeclarationError: a value that cannot be, or another one than there is of what is fixed at creation.
        """
        if want["state"] == "absent":
            return [self.removal(key, found, _joined(field.actual(found) for field in self.told({})))] if found else []
        if found:
            return self.changes(want, found, key[: len(key) - len(self.key)])
        return compare(self.name, [Row(key, self.wanted(want), identity)], [], secret=self._is_secret(want))

    def _check_fixed(self, want: Mapping[str, Any], found: Mapping[str, Any], key: Key) -> None:
        for field in self.given(want):
            if field.fixed and (actual := field.value(found)) != want[field.option]:
                raise DeclarationError(
                    f"{field.option} of {self.name} '{spelled(key)}' is '{actual}' and cannot be changed to "
                    f"'{want[field.option]}' after its creation"
                )

    def _is_secret(self, want: Mapping[str, Any]) -> bool:
        return any(field.secret for field in self.given(want))


def _joined(parts: Iterable[Values]) -> Values:
    return {column: value for part in parts for column, value in part.items()}
