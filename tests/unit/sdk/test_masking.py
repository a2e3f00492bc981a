# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret is found however it is written."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.sdk.masking import HIDDEN, mask

#: Ways to write a text.
WAYS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON with letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "URL": urllib.parse.quote,
    "URL, all": lambda text: urllib.parse.quote(text, safe=""),
    "URL, plus": urllib.parse.quote_plus,
    "HTML": html.escape,
    "HTML, decimal": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 inside": lambda text: base64.b64encode(b"ab" + text.encode() + b"cdef").decode(),
    "base64 inside, else": lambda text: base64.b64encode(b"a" + text.encode() + b"c").decode(),
    "repr": lambda text: repr(text)[1:-1],
    "bytes": lambda text: repr(text.encode())[2:-1],
    "hexadecimal": lambda text: text.encode().hex(),
}
TWICE = ["JSON", "URL", "URL, all", "HTML", "JSON with letters"]
SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=24)


@settings(max_examples=400, deadline=None)
@given(secret=SECRETS, way=st.sampled_from(sorted(WAYS)))
def test_a_secret_is_found_however_it_is_written(secret: str, way: str) -> None:
    written = WAYS[way](secret)
    assert written not in mask(f"<{written}>", [secret])


@settings(max_examples=200, deadline=None)
@given(secret=SECRETS, first=st.sampled_from(TWICE))
def test_a_secret_that_was_escaped_twice_is_found(secret: str, first: str) -> None:
    written = WAYS[first](WAYS[first](secret))
    assert written not in mask(f"<{written}>", [secret])


def test_what_is_no_secret_stays() -> None:
    assert mask("The name is too long", ["hunter2", None, ""]) == "The name is too long"
    assert mask("hunter22 hunter2", ["hunter2", "hunter22"]) == f"{HIDDEN} {HIDDEN}"


def test_a_long_token_takes_no_time() -> None:
    token: Any = "a1B2" * 300
    assert mask("x" * 20_000 + token[:-1], [token]).endswith(token[:-1])


def test_a_short_secret_is_found_where_it_stands_alone() -> None:
    assert mask("value 'q' is 401, q quits; q9", ["q"]) == f"value '{HIDDEN}' is 401, {HIDDEN} quits; q9"
    assert mask("?value=1&x=11", ["1"]) == f"?value={HIDDEN}&x=11"
