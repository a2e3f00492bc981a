# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask devices themselves over HTTP whether they are well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...engine.limits import check_option
from ...engine.plan import DeclarationError
from ...engine.waiting import Sight, State
from ...sdk import Balena
from ...sdk.errors import BalenaError, BalenaRequestError
from ...sdk.os_actions import OsActions
from ..bounds import BOUNDS
from .options import Probe

if TYPE_CHECKING:
    from ...engine.waiting import Look

_UUID = "{uuid}"

#: Characters of an address; servers and proxies take few more.
_LONGEST_URL = 2000

#: HTTP status codes.
_LEAST, _MOST, _NOT_FOUND = 100, 599, 404


def probing(balena: Balena, declared: Probe | None, look: Look) -> Look:
    """A look that believes a device to be done only when it also answers as it should.

    :param declared: the option C(probe); None for no such question.
    :param look: what the API says of the devices.
    :raises DeclarationError: the server has no public URLs of devices; all else is for L(check) to say.
    """
    if declared is None:
        return look
    ask = _asking(balena, declared)
    failures: Counter[str] = Counter()

    def judge(uuid: str, problem: str | None) -> Sight:
        if problem is None:
            failures.pop(uuid, None)
            return Sight(State.DONE)
        failures[uuid] += 1
        over = failures[uuid] > declared["retries"]
        return Sight(State.FAILED if over else State.PENDING, problem)

    def looking(uuids: Sequence[str]) -> Mapping[str, Sight]:
        sights = dict(look(uuids))
        done = [uuid for uuid, sight in sights.items() if sight.state is State.DONE]
        problems = balena.map_parallel(ask, done)
        sights.update({uuid: judge(uuid, problem) for uuid, problem in zip(done, problems, strict=True)})
        return sights

    return looking


def check(balena: Balena, declared: Probe | None) -> None:
    """Refuse a probe that cannot work, before any device is changed for it.

    :param declared: the option C(probe).
    :raises DeclarationError: says which part of it makes no sense; or the server has no public URLs.
    """
    if declared is None:
        return
    check_option("probe.timeout", declared["timeout"], BOUNDS)
    check_option("probe.retries", declared["retries"], BOUNDS)
    wrong = [status for status in declared["status"] if not _LEAST <= status <= _MOST]
    if wrong or not declared["status"]:
        raise DeclarationError(
            f"probe: status must be a list of HTTP status codes from {_LEAST} to {_MOST}, not {declared['status']}"
        )
    _check_url(_url(balena, declared))


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url.replace(_UUID, "0" * 32))
        # The port is looked at only when it is asked for.
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if len(url) > _LONGEST_URL:
        raise DeclarationError(f"probe: its address has {len(url)} characters, and may have at most {_LONGEST_URL}")
    if not fits or _UUID not in url or any(char.isspace() or not char.isprintable() for char in url):
        raise DeclarationError(
            f"probe: url must be an address with {_UUID} in it, such as https://{_UUID}.example.com/health, not {url!r}"
        )


def _url(balena: Balena, declared: Probe) -> str:
    """The address that is asked, with C({uuid}) in it."""
    url = declared["url"]
    if url is not None:
        return url
    try:
        return f"https://{_UUID}.{OsActions(balena).urls_base()}/{declared['path'].lstrip('/')}"
    except BalenaRequestError as error:
        if error.status_code != _NOT_FOUND:
            raise
        raise DeclarationError(
            "probe: this server has no public URLs of devices, so say which address to ask (url)"
        ) from None


def _asking(balena: Balena, declared: Probe) -> Callable[[str], str | None]:
    """A function that asks one device, and says what is wrong with the answer."""
    url = _url(balena, declared)
    # A client of its own: it has no token that could get to a device, and the waiting does the repeating.
    client = Balena(
        api_url=balena.options.api_url,
        data_directory=False,
        read_only=True,
        timeout=declared["timeout"],
        connect_timeout=declared["timeout"],
        max_retries=0,
        retry_rate_limited_requests=False,
        validate_certs=balena.options.validate_certs,
        ca_path=balena.options.ca_path,
        max_connections=balena.options.max_connections,
    )

    def ask(uuid: str) -> str | None:
        try:
            with client.request.stream(url=url.replace(_UUID, uuid), send_token=False) as answer:
                status = answer.status_code
        except BalenaRequestError as error:
            status = error.status_code
        except BalenaError:
            return "its probe gets no answer"
        return None if status in declared["status"] else f"its probe answers {status}"

    return ask
