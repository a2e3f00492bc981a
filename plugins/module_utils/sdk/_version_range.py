# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version ranges as npm writes them: ``^2.1``, ``~2.1.3``, ``2.x``, ``1.2 - 2.3``, ``>=2 <3 || 5.0.1``.

The `semver` library compares versions but knows no such ranges. A range is a list of alternatives, an alternative
is a list of comparators that must all hold. The rules are those that node-semver documents for ranges read
"loosely": a comparator that cannot be read is left out, and an alternative with none left matches nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

try:
    import semver
except ImportError:  # os_version says so when a version is first used
    semver = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from semver import Version

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_NUMBER = r"(\d+|[xX*])"
_PARTIAL = rf"[v=\s]*{_NUMBER}(?:\.{_NUMBER}(?:\.{_NUMBER}(?:-?({_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?)?)?"
_HYPHEN = re.compile(rf"{_PARTIAL}\s+-\s+{_PARTIAL}")
_COMPARATOR = re.compile(rf"(\^|~>?|[<>]=?|=|)\s*{_PARTIAL}")
_SPACE_AFTER_OPERATOR = re.compile(r"(\^|~>?|[<>]=?|=)\s+")


class _Partial(NamedTuple):
    """A version of which the tail may be open (``2``, ``2.x``); an open number is None."""

    major: int | None
    minor: int | None
    patch: int | None
    prerelease: str | None

    def floor(self) -> Version:
        """The lowest version that the given numbers allow."""
        return semver.Version(self.major or 0, self.minor or 0, self.patch or 0, self.prerelease)


class _Comparator(NamedTuple):
    """One bound: a version satisfies it if ``version <operator> bound``."""

    operator: str
    bound: Version

    def allows(self, version: Version) -> bool:
        order = version.compare(self.bound)
        if self.operator == "<":
            return order < 0
        if self.operator == "<=":
            return order <= 0
        if self.operator == ">":
            return order > 0
        if self.operator == ">=":
            return order >= 0
        return order == 0


def _partial(major: str, minor: str | None, patch: str | None, prerelease: str | None) -> _Partial:
    numbers: list[int | None] = []
    for group in (major, minor, patch):
        # everything behind an open number is open too: 2.x.3 is 2.x
        is_open = group is None or not group.isdigit() or (bool(numbers) and numbers[-1] is None)
        numbers.append(None if is_open or group is None else int(group))
    return _Partial(numbers[0], numbers[1], numbers[2], prerelease if numbers[2] is not None else None)


def _below(major: int, minor: int = 0, patch: int = 0) -> _Comparator:
    """Below a version and below its pre-releases: ``<3`` does not let 3.0.0-rc1 in."""
    return _Comparator("<", semver.Version(major, minor, patch, "0"))


def _next(partial: _Partial, kept: int) -> _Comparator:
    """Below the next version that differs in the first `kept` numbers."""
    numbers = [partial.major or 0, partial.minor or 0, partial.patch or 0][:kept]
    numbers[-1] += 1
    return _below(*numbers)


def _caret(partial: _Partial) -> list[_Comparator]:
    """``^``: the left-most number that is not zero stays as it is."""
    if partial.major or partial.minor is None:
        kept = 1
    elif partial.minor or partial.patch is None:
        kept = 2
    else:
        kept = 3
    return [_Comparator(">=", partial.floor()), _next(partial, kept)]


def _open_bound(operator: str, partial: _Partial) -> _Comparator:
    """``<``, ``<=``, ``>`` or ``>=`` with an open version: it stands for all versions that it covers."""
    kept = 1 if partial.minor is None else 2
    if operator == ">":
        return _Comparator(">=", _next(partial, kept).bound.replace(prerelease=None))
    if operator == "<=":
        return _next(partial, kept)
    if operator == "<":
        return _below(partial.major or 0, partial.minor or 0)
    return _Comparator(">=", partial.floor())


def _comparators(operator: str, partial: _Partial) -> list[_Comparator]:
    """The bounds that one term of a range stands for."""
    if partial.major is None:
        return [_Comparator("<", semver.Version.parse("0.0.0-0"))] if operator in ("<", ">") else []
    if operator == "^":
        return _caret(partial)
    if operator.startswith("~"):
        return [_Comparator(">=", partial.floor()), _next(partial, 1 if partial.minor is None else 2)]
    if partial.patch is not None:
        return [_Comparator(operator or "=", partial.floor())]
    if operator in ("", "="):
        return [_Comparator(">=", partial.floor()), _next(partial, 1 if partial.minor is None else 2)]
    return [_open_bound(operator, partial)]


def _hyphen_range(lower: _Partial, upper: _Partial) -> list[_Comparator]:
    """``1.2 - 2.3``: both ends belong to the range, an open upper end with all that it covers."""
    bounds = [] if lower.major is None else [_Comparator(">=", lower.floor())]
    if upper.major is not None:
        bounds += _comparators("<=", upper)
    return bounds


def _alternative(text: str) -> list[_Comparator] | None:
    """The bounds of one ``||`` part; None if nothing of it could be read."""
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen:
        return _hyphen_range(_partial(*hyphen.groups()[:4]), _partial(*hyphen.groups()[4:]))
    if not text:
        return []
    terms = [_COMPARATOR.fullmatch(term) for term in _SPACE_AFTER_OPERATOR.sub(r"\1", text).split()]
    readable = [term for term in terms if term]
    if not readable:
        return None
    return [bound for term in readable for bound in _comparators(term.group(1), _partial(*term.groups()[1:]))]


@lru_cache(maxsize=256)
def _alternatives(text: str) -> tuple[tuple[_Comparator, ...], ...]:
    parsed = (_alternative(part.strip()) for part in text.split("||"))
    return tuple(tuple(bounds) for bounds in parsed if bounds is not None)


def _holds(bounds: tuple[_Comparator, ...], version: Version) -> bool:
    if not all(bound.allows(version) for bound in bounds):
        return False
    if not version.prerelease:
        return True
    # a pre-release is unstable: it is in a range only if the range names a pre-release of the same version
    return any(bound.bound.prerelease and bound.bound.to_tuple()[:3] == version.to_tuple()[:3] for bound in bounds)


def in_range(version: Version, text: str) -> bool:
    """Tell whether `version` is in the npm-style range `text`; a range that cannot be read holds no version."""
    return any(_holds(bounds, version) for bounds in _alternatives(text.strip()))
