# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret, in all the ways in which it can be written, taken out of a text.

A server that refuses a request may repeat what it was sent: as it is, or as JSON, in a URL, in HTML, in base64, or one
inside the other.
"""

from __future__ import annotations

import base64
import html.entities
import re
import urllib.parse
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

HIDDEN = "********"

#: What is shorter is only taken out where it stands alone: it would be found inside of ordinary words.
SHORTEST = 4
#: The fields of a request that hold secrets, whatever it is about; the values of variables do so too.
_SECRET_FIELDS = frozenset(("api_key", "apiKey", "code", "password", "secret", "token"))

#: Backslashes before a character, however often it was escaped; or a percent sign that was itself escaped.
_ESCAPED, _PERCENT = r"\\*", "%(?:25)*"
_NAMES: dict[int, list[str]] = {}
for _name, _code in html.entities.name2codepoint.items():
    _NAMES.setdefault(_code, []).append(_name)
_NAMES[ord("'")] = ["apos"]
_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\0": "0"}


def mask(text: str, secrets: Iterable[str | None], stand_in: str = HIDDEN) -> str:
    """Return the text with something else in the place of each secret, however it is written.

    Args:
        text: what is going to be shown.
        secrets: what must not be; empty ones are left out.
        stand_in: what to show instead.
    """
    # The longest first: a secret may be a part of another one.
    for secret in sorted({value for value in secrets if value}, key=len, reverse=True):
        text = _pattern(secret).sub(lambda _match: stand_in, text)
    return text


def mask_all(value: Any, secrets: Collection[str]) -> Any:
    """Return what a server said, text or JSON, with something else in the place of each secret."""
    if isinstance(value, str):
        return mask(value, secrets)
    if isinstance(value, Mapping):
        return {mask_all(name, secrets): mask_all(item, secrets) for name, item in value.items()}
    return [mask_all(item, secrets) for item in value] if isinstance(value, list) else value


def sent_secrets(url: str, headers: Mapping[str, str], body: Any) -> set[str]:
    """Return what a request sends that nobody shall see: its token, passwords, and the values of variables."""
    found = {headers.get("Authorization", "").partition(" ")[2]}
    of_variables = urllib.parse.urlsplit(url).path.partition("(")[0].endswith("_variable")
    return (found | set(_secret_fields(body, of_variables))) - {""}


def _secret_fields(body: Any, of_variables: bool) -> Iterator[str]:
    for item in body if isinstance(body, (list, tuple)) else ():
        yield from _secret_fields(item, of_variables)
    for name, value in body.items() if isinstance(body, Mapping) else ():
        if isinstance(value, str) and (name in _SECRET_FIELDS or (of_variables and name == "value")):
            yield value


@lru_cache(maxsize=256)
def _pattern(secret: str) -> re.Pattern[str]:
    written = "".join(_character(letter) for letter in secret)
    if len(secret) < SHORTEST:
        return re.compile(rf"(?<!\w){_ESCAPED}{written}(?!\w)", re.IGNORECASE)
    coded = sorted({re.escape(text) for text in _coded(secret)}, key=len, reverse=True)
    return re.compile("|".join([f"{_ESCAPED}{written}", *(rf"{text}" for text in coded)]), re.IGNORECASE)


def _character(letter: str) -> str:
    """A pattern for one character in JSON, Python, a URL, HTML, or as it is, each escaped as often as one likes."""
    code = ord(letter)
    raw = letter.encode("utf-8", "surrogatepass")
    ways = [f"{_ESCAPED}{re.escape(letter)}", "".join(f"{_PERCENT}{byte:02x}" for byte in raw)]
    units = letter.encode("utf-16-be", "surrogatepass")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    ways.append("".join(rf"\\+u(?:\{{0*)?{pair}\}}?" for pair in pairs))
    ways += [rf"\\+U{code:08x}", rf"\\+u\{{0*{code:x}\}}"]
    ways.append("".join(rf"\\+x{byte:02x}" for byte in raw))
    ways += [rf"\\+x{code:02x}"] if code < 256 else []
    amp = "&(?:amp;)*"
    ways += [f"{amp}#0*{code};?", f"{amp}#x0*{code:x};?", *(f"{amp}{name};?" for name in _NAMES.get(code, ()))]
    ways += [rf"\\+{_LETTERS[letter]}"] if letter in _LETTERS else []
    ways += [rf"\+|{_PERCENT}2b"] if letter == " " else []
    return f"(?:{'|'.join(ways)})"


def _coded(secret: str) -> Iterator[str]:
    """The secret as a block: in hexadecimal digits, and in base64, also somewhere inside of a longer text."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield raw.hex()
    if len(raw) < 3:
        yield from {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
        return
    for shift in range(3):
        start, end = -(-shift * 8 // 6), (len(raw) + shift) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            inside = encode(b"\0" * shift + raw).decode()[start:end]
            yield inside
            yield urllib.parse.quote(inside, safe="")
