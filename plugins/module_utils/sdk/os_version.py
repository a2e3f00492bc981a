# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions as balena writes them: parse, compare, and match with ranges.

balenaOS and the supervisor were labelled in several ways over the years. All of these can be read here, and all but
the last mean the same version: ``2.0.0+rev1.prod``, ``2.0.0.rev1.prod``, ``2.0.0_rev1.prod``, ``v2.0.0+rev1.prod``,
``Resin OS 2.0.0+rev1 (prod)``, ``balenaOS 2.0.0+rev1.prod``; ``2022.07.0`` is an ESR version.

The order, from low to high: no version (None), text that is not a version (alphabetically), versions. Versions are
ordered as semantic versioning demands, then by revision (``rev10`` is above ``rev2``, no revision is 0), then
development variants below all others, then by text. Recorded from balena-semver, the library that the balena
dashboard, CLI and JavaScript SDK share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, TypedDict

from ._version_range import in_range
from .errors import BalenaDependencyError

try:
    import semver
except ImportError:  # said when a version is first used, so that the rest of the SDK works without it
    semver = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from semver import Version


class ParsedVersion(TypedDict):
    """A version taken apart. `version` is it without build, `raw` the text as it was given."""

    raw: str
    version: str
    major: int
    minor: int
    patch: int
    prerelease: list[int | str]
    build: list[str]


_CORE = r"\d+\.\d+\.\d+"
# Beyond these the JavaScript side calls a version invalid; the same here, so that both sort alike.
_MAX_LENGTH = 256
_MAX_NUMBER = 2**53 - 1

_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"({_CORE})_(?=\w)"), r"\1+"),
    (re.compile(r"^([^+]*?\.\d+)\.rev"), r"\1+rev"),
    (re.compile(rf"({_CORE})\.(dev|prod)\b", re.IGNORECASE), r"\1+\2"),
    (re.compile(r"^([^+]*\d[^+\s]*) \(([0-9a-z]+)\)", re.IGNORECASE), r"\1+\2"),
    (re.compile(r"^([^+]*\+\S*) \(([0-9a-z]+)\)", re.IGNORECASE), r"\1.\2"),
    (re.compile(r"(resin|balena)\s*os\s*", re.IGNORECASE), ""),
    (re.compile(r"\s+\(\w+\)$"), ""),
    (re.compile(r"^v"), ""),
    (re.compile(r"(?<=[.-])0+(?=[1-9])"), ""),
)
_REVISION = re.compile(r"rev(\d+)")


@lru_cache(maxsize=4096)
def _normalize(text: str) -> str:
    """Write a version (or a range) the way semantic versioning does."""
    text = text.strip()
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text, count=0 if replacement == "" else 1)
    return text


@lru_cache(maxsize=4096)
def _read(text: str) -> Version | None:
    """Read a normalized version; None if it is not one."""
    if not hasattr(semver, "Version"):  # none, or the one of 2020 that some distributions still have
        raise BalenaDependencyError("Reading versions needs the Python package semver, 3.0 or newer")
    if len(text) > _MAX_LENGTH:
        return None
    try:
        version = semver.Version.parse(text)
    except ValueError:
        return None
    return version if max(version.to_tuple()[:3]) <= _MAX_NUMBER else None


def _build(version: Version) -> list[str]:
    return version.build.split(".") if version.build else []


def _prerelease(version: Version) -> list[int | str]:
    parts = version.prerelease.split(".") if version.prerelease else []
    return [int(part) if part.isdigit() else part for part in parts]


def _without_build(version: Version) -> str:
    return str(version.replace(build=None))


def _revision(version: Version) -> int:
    for part in _build(version):
        match = _REVISION.search(part)
        if match:
            return int(match.group(1))
    return 0


@lru_cache(maxsize=4096)
def _sort_key(text: str | None) -> tuple[object, ...]:
    """A key that sorts versions in ascending order; see the top of the file for the order."""
    if text is None:
        return (0,)
    normalized = _normalize(text)
    version = _read(normalized)
    if version is None:
        return (1, normalized)
    # The last resort compares texts as people sort them: letters without regard to case, small before capital.
    return (
        2,
        version,
        _revision(version),
        "dev" not in _build(version),
        normalized.casefold(),
        normalized.swapcase(),
    )


def parse(version: str | None) -> ParsedVersion | None:
    """Take a version apart.

    Args:
        version: a version in any of balena's spellings, or None.

    Returns:
        A dict with `raw` (the text as given), `version` (without build), the integers `major`, `minor`, `patch`, and
        the lists `prerelease` (numbers as int) and `build` (strings; the variant and the revision are found here),
        or None if there is no version in the text.
    """
    if version is None:
        return None
    parsed = _read(_normalize(version))
    if parsed is None:
        return None
    return {
        "raw": version,
        "version": _without_build(parsed),
        "major": parsed.major,
        "minor": parsed.minor,
        "patch": parsed.patch,
        "prerelease": _prerelease(parsed),
        "build": _build(parsed),
    }


def compare(version_a: str | None, version_b: str | None) -> int:
    """Compare two versions, either of which may be None or no version at all.

    Returns:
        -1 if the first is lower, 0 if they are the same version, 1 if the first is higher. To sort with it:
        ``sorted(versions, key=functools.cmp_to_key(compare))``.
    """
    key_a, key_b = _sort_key(version_a), _sort_key(version_b)
    return (key_a > key_b) - (key_a < key_b)


def rcompare(version_a: str | None, version_b: str | None) -> int:
    """Compare two versions in reverse, to sort the highest first: 1, 0 or -1 (see `compare`)."""
    return -compare(version_a, version_b)


def gt(version_a: str | None, version_b: str | None) -> bool:
    """Tell whether the first version is higher than the second (see `compare`)."""
    return compare(version_a, version_b) > 0


def gte(version_a: str | None, version_b: str | None) -> bool:
    """Tell whether the first version is the same as or higher than the second (see `compare`)."""
    return compare(version_a, version_b) >= 0


def lt(version_a: str | None, version_b: str | None) -> bool:
    """Tell whether the first version is lower than the second (see `compare`)."""
    return compare(version_a, version_b) < 0


def lte(version_a: str | None, version_b: str | None) -> bool:
    """Tell whether the first version is the same as or lower than the second (see `compare`)."""
    return compare(version_a, version_b) <= 0


def major(version: str | None) -> int | None:
    """Return the major number of a version, or None if it is not a version."""
    parsed = parse(version)
    return parsed["major"] if parsed else None


def prerelease(version: str | None) -> list[int | str] | None:
    """Return the pre-release parts of a version (``["beta", 8]``), or None if it is not a pre-release."""
    parsed = parse(version)
    return (parsed["prerelease"] or None) if parsed else None


def valid(version: str | None) -> str | None:
    """Return a version in the spelling of semantic versioning and without build, or None if it is not a version."""
    parsed = parse(version)
    return parsed["version"] if parsed else None


def satisfies(version: str | None, version_range: str) -> bool:
    """Tell whether a version is in a range.

    Args:
        version: the version; revision and variant do not matter here. None and text that is not a version are in no
            range; a pre-release only in ranges that name a pre-release of the same version.
        version_range: a range as npm writes them: ``^2.1``, ``~2.1.3``, ``2.x``, ``1.2 - 2.3``, ``>=2 <3 || 5.0.1``,
            ``*`` or empty for all. A range that cannot be read holds no version.
    """
    if version is None:
        return False
    parsed = _read(_normalize(version))
    return parsed is not None and in_range(parsed, version_range)


def max_satisfying(versions: Iterable[str | None], version_range: str) -> str | None:
    """Return the highest of the versions that are in a range, as it was given; None if there is none.

    Args:
        versions: versions in any order; None and text that is not a version are passed over.
        version_range: a range (see `satisfies`), which may be spelt as freely as a version (``v2.5.0``).
    """
    normalized_range = _normalize(version_range)
    best: str | None = None
    for version in versions:
        if satisfies(version, normalized_range) and gt(version, best):
            best = version
    return best
