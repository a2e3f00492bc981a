# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask devices themselves over HTTP whether they are well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...sdk import Balena
from ...sdk.errors import BalenaError, BalenaRequestError
from ...sdk.os_actions import OsActions
from ..plan import DeclarationError
from ..waiting import Sight, State

if TYPE_CHECKING:
    from ..waiting import Look

_UUID = "{uuid}"


def probing(balena: Balena, declared: Mapping[str, Any] | None, look: Look) -> Look:
    """A look that believes a device to be done only when it also answers as it should.

    :param declared: the option C(probe); None for no such question.
    :param look: what the API says of the devices.
    :raises DeclarationError: the option makes no sense.
    :raises BalenaRequestError: the API does not say where the public URLs of devices are.
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


def _asking(balena: Balena, declared: Mapping[str, Any]) -> Callable[[str], str | None]:
    """A function that asks one device, and says what is wrong with the answer."""
    url = declared.get("url")
    if url is None:
        url = f"https://{_UUID}.{OsActions(balena).urls_base()}/{declared['path'].lstrip('/')}"
    if _UUID not in url or not url.startswith(("http://", "https://")):
        raise DeclarationError(f"probe: url must be an address with {_UUID} in it, not '{url}'")
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
