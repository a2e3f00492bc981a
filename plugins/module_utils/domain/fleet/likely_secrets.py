# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables are most likely secret, by their names and by what their values look like.

To take a plain value for a secret costs a reference in a document; the other mistake costs the secret.
"""

from __future__ import annotations

import re

#: Anywhere in a name, also grown together with other words (C(DBPASSWORD), C(tokens)).
_PARTS = ("PASSWORD", "PASSWD", "PASSPHRASE", "PASSCODE", "SECRET", "TOKEN", "KEY", "CREDENTIAL")
#: Words of a name; too short or too common to be looked for within words (C(BYPASS), C(AUTHOR)).
_WORDS = frozenset(
    "PW PWD PASS PWORD PSK PIN OTP TOTP CRED CREDS AUTH AUTHORIZATION OAUTH BASICAUTH BEARER JWT PAT PRIVATE PRIV "
    "CERT CERTS CERTIFICATE PEM PFX P12 WIFI WPA WPA2 DSN COOKIE SESSION SALT PEPPER SEED SIGNATURE HMAC NONCE "
    "USERPASS PASSFILE HTPASSWD SSH RSA".split()
)
_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")

#: Values that are secret, whatever they are called.
_VALUES = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"[a-z][a-z0-9+.-]*://[^/?#@\s]*:[^/?#@\s]+@", re.IGNORECASE),  # a URL with a password
        (r"-----BEGIN [A-Z0-9 ]+-----", 0),  # PEM
        (r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*", 0),  # a JSON Web Token
        (r"\b(?:password|passwd|pwd|secret|token|api_?key|sharedaccesskey|accountkey)\s*=\s*[^\s;&]+", re.IGNORECASE),
        (r"\b(?:bearer|basic)\s+[\w+/=.~-]{8,}", re.IGNORECASE),
        (r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk_live_|rk_live_|AKIA|ASIA|AIza|npm_|hf_)[\w-]{8,}", 0),
        (r"\A(?=.*[0-9])(?=.*[a-f])[0-9a-f]{32,}\Z", re.IGNORECASE),  # random hexadecimal digits
        (r"\A(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[\w+/=-]{24,}\Z", re.ASCII),  # random letters and digits
    )
)


def is_likely_secret(name: str, *values: object) -> bool:
    """Whether a variable is most likely secret.

    :param values: what it holds, as far as that is known; values that are not text say nothing.
    """
    return _name_says_so(name) or any(pattern.search(text) for text in _texts(values) for pattern in _VALUES)


def _texts(values: tuple[object, ...]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _name_says_so(name: str) -> bool:
    if any(part in name.upper() for part in _PARTS):
        return True
    words = {word.upper() for word in _WORD.findall(name)}
    words |= {word.upper() for word in re.split(r"[^A-Za-z0-9]+", name)}
    return any(word in _WORDS or word.rstrip("0123456789") in _WORDS for word in words)
