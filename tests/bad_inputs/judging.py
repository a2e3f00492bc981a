# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be said of a bad input: it is refused by name, in people's words, and nothing is written."""

from __future__ import annotations

import re

#: What no message may have: the words of Python and of its errors.
PYTHON = re.compile(
    r"NoneType|Traceback|(?:Key|Type|Value|Index|Attribute|Overflow|Unicode)Error|<class|object has no attribute"
    r"|unhashable|not subscriptable|is not iterable|'(?:str|int|dict|list)' object"
)
KIND = "bad inputs; each refused by name, nothing written"


def fault(message: str, name: str, says: str = "") -> str:
    """What is wrong with the message of a refusal; an empty text if it is good.

    :param name: what it has to name.
    :param says: what it has to say besides.
    """
    if PYTHON.search(message):
        return f"speaks of Python: {message}"
    if "the server failed" in message:
        return f"the server had to find out: {message}"
    return "" if name in message and says in message else f"does not say {name!r} and {says!r}: {message}"
