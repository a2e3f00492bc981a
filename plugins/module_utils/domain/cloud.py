# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What balenaCloud has and an openBalena server has not: said in words, where that server only fails.

It answers a question for a column that it does not have, and a change of one, with an empty 500 (recording 05).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..engine.apply import Outcome
from ..engine.fields import Field
from ..engine.plan import Change, DeclarationError
from ..engine.report import failure_message
from ..sdk.errors import BalenaRequestError


@contextmanager
def cloud_only(options: Sequence[str]) -> Iterator[None]:
    """Reads on behalf of some options that need what balenaCloud alone has.

    :raises DeclarationError: instead of the empty answer; names the options.
    """
    try:
        yield
    except BalenaRequestError as error:
        if not options or error.status_code != 500:
            raise
        raise DeclarationError(f"The server failed when asked about {missing(options)}") from error


def cloud_only_failures(outcome: Outcome, *fields: Field) -> dict[str, Any]:
    """What the result of a task says of changes that failed because they need what balenaCloud alone has.

    :param fields: those that an openBalena server shows and cannot change.
    """
    failed = [
        failure.change.body
        for failure in outcome.failed
        if isinstance(failure.change, Change) and getattr(failure.error, "status_code", None) == 500
    ]
    options = {field.option for field in fields for body in failed if not body.keys().isdisjoint(field.columns)}
    return {"msg": f"{failure_message(outcome)} {missing(sorted(options))}"} if options else {}


def missing(options: Sequence[str]) -> str:
    """The sentence on options that a server does not have."""
    return f"{', '.join(options)}: balenaCloud has that, an openBalena server does not"
