# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a token may do with API keys, and which keys a server shows: found out while planning, by reading alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...engine.plan import Change, DeclarationError
from ...engine.wording import listed
from ...sdk._tokens import session_claims
from ...sdk.auth import Auth
from ...sdk.errors import BalenaRequestError

if TYPE_CHECKING:
    from ...sdk import Balena

_LOG_IN = "Log in (balena login, or take the token from the dashboard) and give the token of that session as api_token"


def check_token(balena: Balena, scope: str, changes: Iterable[Change]) -> None:
    """Refuse changes of API keys that the server would refuse (recording 12).

    :param scope: whose keys: C(user), C(application) or C(device).
    :raises DeclarationError: the token is an API key, and only a session may do that; or it is not a user's.
    """
    actions = {change.action for change in changes}
    if not actions or session_claims(balena.tokens.get()) is not None:
        return
    for action, words in (("update", "changed"), ("delete", "revoked")):
        if action in actions:
            raise DeclarationError(
                f"An API key can only be {words} with the token of a session, and this token is an API key itself. "
                f"{_LOG_IN}"
            )
    if scope == "user":
        raise DeclarationError(
            f"A key of a user can only be made with the token of a session, not with an API key. {_LOG_IN}"
        )
    _check_user(balena, scope)


@contextmanager
def user_only(balena: Balena, scope: str) -> Iterator[None]:
    """Reads of API keys, which tokens of devices and applications may not even see.

    :raises DeclarationError: instead of the empty refusal, if the token is such a one.
    """
    try:
        yield
    except BalenaRequestError as error:
        if error.status_code in (401, 403):
            _check_user(balena, scope)
        raise


def _check_user(balena: Balena, scope: str) -> None:
    actor = Auth(balena).whoami()
    if actor is not None and actor["actorType"] != "user":
        who = " ".join(map(str, filter(None, ("the", actor["actorType"], actor.get("slug") or actor.get("uuid")))))
        raise DeclarationError(f"The token belongs to {who}; only one of a user can make keys of scope '{scope}'")


def check_idempotence(balena: Balena, owners: Sequence[str]) -> None:
    """Refuse to make keys that no later run can find.

    :param owners: the applications or devices that get keys and show none yet.
    :raises DeclarationError: the server does not list keys of applications and devices.
    """
    if owners and not lists_keys(balena):
        raise DeclarationError(
            f"This server does not list the API keys of {listed(owners, 3)}, as an openBalena server never "
            "does: the key may already exist, and each run would make another one. force: true makes one anyway"
        )


def lists_keys(balena: Balena) -> bool:
    """Whether the server shows keys of applications and devices.

    balenaCloud does; an openBalena server does not. What tells them apart is a resource that the latter lacks.
    """
    try:
        balena.pine.get("build_environment_variable", options={"$select": "id", "$top": 1})
    except BalenaRequestError as error:
        if error.status_code != 401:  # the token is good, as the owners were read with it (recording 01)
            raise
        return False
    return True
