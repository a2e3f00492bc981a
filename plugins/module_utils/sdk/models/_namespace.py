# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every namespace below ``balena.models`` starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from .._arguments import check_arguments
from .._lazy import on_first_use
from ..errors import BalenaRequestError

if TYPE_CHECKING:
    from .. import Balena

#: One object as the API sends it.
Row = dict[str, Any]
#: OData options by their own names: ``{"$select": [...], "$filter": {...}, "$expand": {...}, ...}``.
Options = dict[str, Any]


class Namespace:
    """A group of methods that share one SDK instance.

    Args:
        sdk: the instance whose connection, token and options the methods use.
    """

    def __init__(self, sdk: Balena) -> None:
        self._sdk = sdk

    def __init_subclass__(cls) -> None:
        check_arguments(cls)


N = TypeVar("N", bound=Namespace)


class Nested(on_first_use[N]):
    """A namespace inside another: ``tags = Nested(DeviceTags)`` makes ``balena.models.device.tags``."""

    def __init__(self, namespace: type[N]) -> None:
        super().__init__(lambda outer: namespace(outer._sdk))
        self.namespace = namespace
        self.__doc__ = namespace.__doc__


def api_call(sdk: Balena, method: str, path: str, body: Any = None, **request: Any) -> Any:
    """Call an endpoint of the API that is not OData, and return the body of its answer.

    Args:
        sdk: the SDK instance.
        method: ``GET``, ``POST`` ...
        path: the path below the API's URL, or an absolute URL.
        body: what to send as JSON.
        **request: more arguments for ``sdk.request.send``.
    """
    if body is not None:
        request["body"] = body
    return sdk.request.send(method=method, url=path, base_url=sdk.options.api_root, **request).body


def has_status(error: Exception, status: int) -> bool:
    """Say whether the server answered with this HTTP status."""
    return isinstance(error, BalenaRequestError) and error.status_code == status


def is_id(value: Any) -> bool:
    """Say whether a value is a numeric id. (In Python ``True`` is a number too, but never an id.)"""
    return isinstance(value, int) and not isinstance(value, bool)
