# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces that are loaded when they are first used, so that importing the SDK stays cheap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class on_first_use(Generic[T]):
    """Decorator: an attribute whose value is made when it is first read, and then stays.

    Unlike ``functools.cached_property``, of two threads that come here together both get the same value.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self.make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> on_first_use[T]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> T | on_first_use[T]:
        if instance is None:
            return self
        value: T = instance.__dict__.setdefault(self._name, self.make(instance))
        return value
