# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.pine``: the API's resources (``device``, ``application`` …) over OData."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Union

from ._answers import rows_of, where
from ._arguments import check_arguments
from ._odata import build_url, compile_query, escape
from ._paging import pages_by_id
from ._related import referenced
from .errors import (
    BalenaError,
    BalenaInvalidResponseError,
    BalenaNotLoggedIn,
    BalenaRequestError,
    BalenaUnknownOutcomeError,
    BalenaUnsafeWriteError,
    BalenaUsageError,
)

if TYPE_CHECKING:
    from . import Balena

Key = Union[int, str, Mapping[str, Any]]
Options = Mapping[str, Any]

# Gateways answer these when they lost the server behind them, which may have done what it was asked.
_OUTCOME_UNKNOWN = frozenset((502, 504))


class _NoKey:
    """Tells "no id was given" from "the id is None", which is a mistake of the caller."""

    def __repr__(self) -> str:
        return "<no id>"


NO_KEY: Final = _NoKey()


@check_arguments
class Pine:
    """Read and write the API's resources.

    ``id`` is always a number, a dict with a natural key (``{"uuid": "…"}``) or left out; ``None`` is refused, so that
    a look-up that found nothing cannot turn a request for one row into a request for all. ``options`` is a dict of
    OData options: ``$select``, ``$filter`` (a dict, or OData text), ``$expand``, ``$orderby``, ``$top``, ``$skip`` and,
    alone, ``$count``.

    All methods raise BalenaNotLoggedIn (401 without a token), BalenaRequestError (any other status that means
    failure), BalenaConnectionError (no answer), BalenaInvalidResponseError (an answer that no balena API gives; a write
    does not count as made then), BalenaUsageError (an option that cannot be meant) and
    BalenaReadOnlyError.

    Args:
        balena: the connection that this belongs to.
    """

    def __init__(self, balena: Balena) -> None:
        self._balena = balena

    def get(
        self,
        resource: str = "",
        id: Key | _NoKey = NO_KEY,
        options: Options | None = None,
        *,
        anonymous: bool = False,
        url: str | None = None,
    ) -> Any:
        """Read rows, one row, or their number.

        Args:
            resource: for example ``device``.
            id: which row; without it all rows that ``options`` let through are read in one answer.
            options: OData options.
            anonymous: do not send the token.
            url: a complete, escaped path below the API's prefix instead of the other arguments: ``device?$top=1``.

        Returns:
            With ``id`` a dict, or ``None`` if there is no such row; with ``$count`` an ``int``; else a list of dicts.
        """
        if not resource and not url:
            raise BalenaUsageError("Either the url or resource must be specified")
        has_key = not isinstance(id, _NoKey)
        path = url or build_url(resource, id, options, has_key)
        body = self._send("GET", path, anonymous=anonymous)
        rows = rows_of(body, options, where("GET", self._balena.options.api_prefix + path))
        if not has_key or not isinstance(rows, list):
            return rows
        if len(rows) > 1:
            raise BalenaError(f"{resource}: returned multiple results when only one was expected")
        return rows[0] if rows else None

    def get_all(self, resource: str, options: Options | None = None, page_size: int = 1000) -> list[dict[str, Any]]:
        """Read all rows, page by page, in the order of their ids; for sets too large for one answer.

        A page that fails fails the whole call. Rows that are added meanwhile may be missing, no row comes twice.

        Args:
            resource: for example ``device``; it must have an ``id``.
            options: OData options without ``$orderby``, ``$top``, ``$skip`` and ``$count``.
            page_size: rows in each answer.

        Raises:
            BalenaUsageError: options that do not go together with paging (besides what :meth:`get` raises).
        """
        return [row for page in self.pages(resource, options, page_size) for row in page]

    def pages(
        self, resource: str, options: Options | None = None, page_size: int = 1000
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield pages one after the other, each as soon as it is there; arguments and errors as for :meth:`get_all`."""
        return pages_by_id(lambda of_page: self.get(resource, options=of_page), options, page_size)

    def post(
        self,
        resource: str,
        body: Mapping[str, Any] | None = None,
        natural_key: Sequence[str] | None = None,
        options: Options | None = None,
    ) -> Any:
        """Create a row and return it as the server describes it.

        Args:
            resource: for example ``device_tag``.
            body: the fields of the row.
            natural_key: names of fields in ``body`` that identify the row. If the answer is lost, the row is looked
                up by them: it is returned if it is there with the wanted values, and created again if it is not.
            options: OData options, seldom of use here.

        Raises:
            BalenaUnknownOutcomeError: the answer was lost and there is no ``natural_key`` to look it up by.
        """
        url = build_url(resource, options=options)
        tries = self._balena.options.max_retries if natural_key else 0
        while True:
            try:
                return self._send("POST", url, body, shape="row")
            except (BalenaUnknownOutcomeError, BalenaInvalidResponseError, BalenaRequestError) as error:
                unknown = not isinstance(error, BalenaRequestError) or error.status_code in _OUTCOME_UNKNOWN
                if not unknown or tries <= 0 or natural_key is None:
                    raise
                tries -= 1
                row = self._created(resource, body or {}, natural_key)
                if row is not None:
                    return row

    def patch(
        self,
        resource: str,
        body: Mapping[str, Any],
        id: Key | _NoKey = NO_KEY,
        options: Options | None = None,
    ) -> Any:
        """Change the fields in ``body`` of one row, or of all rows that ``options["$filter"]`` lets through.

        Args:
            resource: for example ``device``.
            body: the fields to change, with their new values.
            id: which row.
            options: OData options; a ``$filter`` says which rows.

        Raises:
            BalenaUnsafeWriteError: neither ``id`` nor a filter is given; the server would change every row.
        """
        return self._send("PATCH", self._targeted("PATCH", resource, id, options), body, shape="done")

    def put(
        self,
        resource: str,
        body: Mapping[str, Any],
        id: Key | _NoKey = NO_KEY,
        options: Options | None = None,
    ) -> Any:
        """Replace a row by ``body``; arguments and errors as for :meth:`patch`."""
        return self._send("PUT", self._targeted("PUT", resource, id, options), body, shape="done")

    def delete(self, resource: str, id: Key | _NoKey = NO_KEY, options: Options | None = None) -> Any:
        """Delete one row, or all rows that ``options["$filter"]`` lets through.

        Args:
            resource: for example ``device``.
            id: which row.
            options: OData options; a ``$filter`` says which rows.

        Raises:
            BalenaUnsafeWriteError: neither ``id`` nor a filter is given; the server would delete every row.
        """
        return self._send("DELETE", self._targeted("DELETE", resource, id, options), shape="done")

    def action(self, resource: str, id: Key, action: str, body: Mapping[str, Any]) -> Any:
        """Let the server do with one row what no change of its fields does.

        Args:
            resource: for example ``release_asset``.
            id: which row.
            action: the name of the action, for example ``beginUpload``.
            body: what the action needs to know.

        Returns:
            What the action answers.
        """
        return self._send("POST", f"{build_url(resource, id, has_key=True)}/{escape(action)}", body)

    def upsert(
        self, resource: str, id: Mapping[str, Any], body: Mapping[str, Any], options: Options | None = None
    ) -> Any:
        """Create a row, or change it if one with this natural key exists.

        Args:
            resource: for example ``device_tag``.
            id: the natural key, for example ``{"device": 1, "tag_key": "a"}``.
            body: the other fields, for example ``{"value": "b"}``.
            options: OData options; a ``$filter`` narrows down which row may be changed.

        Returns:
            The new row, or ``None`` if one was changed.
        """
        key = _natural_key(id)
        _check_body(body)
        try:
            return self.post(resource, {**key, **body}, natural_key=tuple(key), options=options)
        except BalenaRequestError as error:
            if not is_unique_violation(error):
                raise
        own = (options or {}).get("$filter")
        self.patch(resource, body, options={**(options or {}), "$filter": {"$and": [own, key]} if own else key})
        return None

    def get_or_create(self, resource: str, id: Mapping[str, Any], body: Mapping[str, Any]) -> Any:
        """Return the row with a natural key; create it if there is none.

        Args:
            resource: for example ``device_tag``.
            id: the natural key, for example ``{"device": 1, "tag_key": "a"}``.
            body: the other fields of a new row.
        """
        key = _natural_key(id)
        _check_body(body)
        row = self.get(resource, id=key)
        return row if row is not None else self.post(resource, {**key, **body}, natural_key=tuple(key))

    def _targeted(self, method: str, resource: str, id: Key | _NoKey, options: Options | None) -> str:
        has_key = not isinstance(id, _NoKey)
        url = build_url(resource, id, options, has_key)
        has_filter = any(name == "$filter" and text.strip() for name, text in compile_query(options))
        if not has_key and not has_filter:
            raise BalenaUnsafeWriteError(
                f"{method} {resource} names neither an id nor a $filter: it would apply to every row, nothing was sent"
            )
        return url

    def _created(self, resource: str, body: Mapping[str, Any], natural_key: Sequence[str]) -> Any:
        """Return the row that a POST whose answer was lost has created, or ``None`` if it has not."""
        rows = self.get(resource, options={"$filter": {name: body[name] for name in natural_key}})
        same = [row for row in rows if all(referenced(row.get(name)) == value for name, value in body.items())]
        return same[0] if len(same) == 1 else None

    def _send(
        self, method: str, url: str, body: Any = None, *, anonymous: bool = False, shape: str | None = None
    ) -> Any:
        request = self._balena.request
        try:
            absolute = self._balena.options.api_prefix + url
            return request.send(method=method, url=absolute, body=body, send_token=not anonymous, shape=shape).body
        except BalenaRequestError as error:
            if error.status_code == 401 and not self._balena.tokens.get():
                raise BalenaNotLoggedIn() from None
            raise


def is_unique_violation(error: BalenaRequestError) -> bool:
    """Tell whether a POST failed because the row exists already."""
    return error.status_code == 409 and "unique" in str(error).lower()


def _natural_key(key: Any) -> dict[str, Any]:
    if not isinstance(key, Mapping):
        raise BalenaUsageError("The id must be a dict with the natural key of the resource")
    if not key:
        raise BalenaUsageError("The id must be a dict with the natural key of the resource, it is empty")
    return dict(key)


def _check_body(body: Any) -> None:
    if not isinstance(body, Mapping):
        raise BalenaUsageError(f"The body must be a dict of fields, got {type(body).__name__}")
