# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile an expression once although ansible-core compiles it anew for every host.

Where each host has another value (C(ansible_host: balena_ip_addresses | first)) every host has to be evaluated, and
five sixths of that time is the compiler.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def compile_once(templar: Any, expressions: Sequence[str]) -> Iterator[None]:
    """Within this context the templar keeps the compiled form of the given expressions, and of no others.

    :param expressions: such as call no lookups (before 2.19 ansible-core writes the permission to do so into the
        compiled form). One with a backslash is compiled each time: ansible-core may rewrite it on the way.
    """
    environment, method, sources = _compiler(templar, [text for text in expressions if "\\" not in text])
    if environment is None:  # an ansible-core that works in another way: slower, but just as right
        yield
        return
    compile_anew = getattr(environment, method)
    compile_kept = functools.lru_cache(maxsize=None)(compile_anew)

    def compile_expression(source: Any, *args: Any, **kwargs: Any) -> Any:
        return (compile_kept if str(source) in sources else compile_anew)(source, *args, **kwargs)

    setattr(environment, method, compile_expression)
    try:
        yield
    finally:
        delattr(environment, method)


def _compiler(templar: Any, expressions: Sequence[str]) -> tuple[Any, str, frozenset[str]]:
    """The object and method that compile expressions, and the expressions as that method is given them."""
    engine = getattr(templar, "_engine", None)  # ansible-core >= 2.19
    environment = getattr(engine or templar, "environment", None)
    if engine is not None:
        stripped = [text.strip() for text in expressions]
        return environment, "compile_expression", frozenset([*expressions, *stripped])
    values = ["{{" + text + "}}" for text in expressions]
    conditions = ["{% if " + text + " %} True {% else %} False {% endif %}" for text in expressions]
    return environment, "from_string", frozenset([*values, *conditions])
