# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.auth``: log in and out, and who is logged in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ._answers import check_body, check_rows
from ._arguments import check_arguments
from ._lazy import on_first_use
from ._text import js_text
from ._tokens import session_claims
from .errors import (
    BalenaError,
    BalenaExpiredToken,
    BalenaInvalidLoginCredentials,
    BalenaMalformedToken,
    BalenaNotLoggedIn,
    BalenaRequestError,
    BalenaTooManyRequests,
)

if TYPE_CHECKING:
    from . import Balena


@check_arguments
class Auth:
    """Log in and out, and who is logged in.

    All methods that ask the API raise BalenaRequestError, BalenaConnectionError (no answer) and BalenaExpiredToken.

    Args:
        balena: the connection that this belongs to.
    """

    def __init__(self, balena: Balena) -> None:
        self._balena = balena
        self._lock = threading.Lock()
        self._actor: tuple[int, dict[str, Any]] | None = None  # generation of the token, answer

    @on_first_use
    def two_factor(self) -> TwoFactor:
        """Two-factor authentication."""
        return TwoFactor(self._balena)

    def whoami(self) -> dict[str, Any] | None:
        """Return who the token belongs to; asked once for each token.

        Returns:
            ``{"id": actor id, "actorType": "user" | "application" | "device", "actorTypeId": id of that …}``, with
            ``username`` and ``email``, ``slug`` or ``uuid``; ``None`` when nobody is logged in.
        """
        with self._lock:
            generation = self._balena.tokens.generation
            if self._actor is None or self._actor[0] != generation:
                actor = self._ask_who()
                if actor is None:
                    return None
                self._actor = (generation, actor)
            return self._actor[1]

    def authenticate(self, *, email: str, password: str | int) -> str:
        """Return a session token for a user, without keeping it.

        Args:
            email: the e-mail address or the user name.
            password: the password.

        Raises:
            BalenaInvalidLoginCredentials: wrong name or password.
            BalenaTooManyRequests: too many attempts.
        """
        try:
            return self._token_for("/login_", {"username": email, "password": js_text(password)}, send_token=False)
        except BalenaRequestError as error:
            if error.status_code == 401:
                raise BalenaInvalidLoginCredentials() from None
            if error.status_code == 429:
                raise BalenaTooManyRequests() from None
            raise

    def login(self, *, email: str, password: str | int) -> None:
        """Log a user in and keep the token; arguments and errors as for :meth:`authenticate`."""
        self.login_with_token(self.authenticate(email=email, password=password))

    def login_with_token(self, auth_token: str) -> None:
        """Use this token from now on, and keep it if the connection has a data directory.

        Args:
            auth_token: a session token or an API key.

        Raises:
            BalenaExpiredToken: it is a session token whose time is over.
            BalenaSettingsPermissionError: it cannot be written to the data directory.
        """
        self._balena.tokens.set(auth_token)

    def is_logged_in(self) -> bool:
        """Ask the API whether it accepts the token."""
        try:
            return self._ask_who() is not None
        except BalenaExpiredToken:
            return False

    def get_token(self) -> str:
        """Return the token.

        Raises:
            BalenaNotLoggedIn: there is none.
        """
        token = self._balena.tokens.get()
        if token is None:
            raise BalenaNotLoggedIn()
        return token

    def get_user_info(self) -> dict[str, Any]:
        """Return ``{"id", "actor", "username", "email"}`` of the user who is logged in.

        Raises:
            BalenaNotLoggedIn: nobody is.
            BalenaError: the token is that of a device or an application.
        """
        actor = self._known_actor()
        if actor["actorType"] != "user":
            raise BalenaError("The authentication credentials in use are not of a user")
        user = {"id": actor["actorTypeId"], "actor": actor["id"]}
        return {**user, **{name: actor[name] for name in ("username", "email") if name in actor}}

    def get_actor_id(self) -> int:
        """Return the id of the actor (user, device or application) that is logged in.

        Raises:
            BalenaNotLoggedIn: nobody is.
        """
        return int(self._known_actor()["id"])

    def logout(self) -> None:
        """Forget the token, in the data directory too; nothing is sent."""
        self._balena.tokens.remove()

    def register(self, *, email: str, password: str, **profile: Any) -> str:
        """Create a user and return a session token, without keeping it.

        Args:
            email: the user's e-mail address.
            password: the user's password.
            profile: more fields that the server wants, for example ``g-recaptcha-response``.
        """
        body = {"email": email, "password": password, **profile}
        return self._token_for("/user/register", body, send_token=False)

    def verify_email(self, *, email: str, token: str) -> str:
        """Confirm an e-mail address and return a session token, without keeping it.

        Args:
            email: the address.
            token: what came with the mail.
        """
        body = {"verificationToken": token, "email": email}
        return self._token_for("/user/v1/verify-email", body, send_token=False)

    def request_verification_email(self) -> None:
        """Have the mail sent again that confirms the user's address; errors as for :meth:`get_user_info`."""
        user = self.get_user_info()
        self._balena.pine.patch("user", {"has_been_sent_verification_email": True}, id=user["id"])

    def _token_for(self, path: str, body: dict[str, Any], **request: Any) -> str:
        api = self._balena.options.api_root
        return str(
            self._balena.request.send(method="POST", url=path, base_url=api, body=body, shape="text", **request).body
        )

    def _ask_who(self) -> dict[str, Any] | None:
        api = self._balena.options.api_root
        try:
            actor: dict[str, Any] = self._balena.request.send(url="/actor/v1/whoami", base_url=api, shape="object").body
            check_rows([actor], {"$select": ["id", "actorType", "actorTypeId"]}, "GET /actor/v1/whoami")
            if "username" in actor:
                check_body(actor["username"], "text", "GET /actor/v1/whoami")
            return actor
        except BalenaRequestError as error:
            if error.status_code == 401:
                return None
            raise

    def _known_actor(self) -> dict[str, Any]:
        actor = self.whoami()
        if actor is None:
            raise BalenaNotLoggedIn()
        return actor


@check_arguments
class TwoFactor:
    """Two-factor authentication of the user who is logged in.

    Args:
        balena: the connection that this belongs to.
    """

    def __init__(self, balena: Balena) -> None:
        self._balena = balena

    def is_enabled(self) -> bool:
        """Tell from the session token whether the user has a second factor; for an API key ``False``.

        Raises:
            BalenaMalformedToken: nobody is logged in.
        """
        return "twoFactorRequired" in self._claims()

    def is_passed(self) -> bool:
        """Tell from the session token whether nothing more is needed to be logged in.

        Raises:
            BalenaMalformedToken: nobody is logged in.
        """
        return not self._claims().get("twoFactorRequired", False)

    def verify(self, code: str) -> str:
        """Check a code, and return a new session token without keeping it.

        Args:
            code: the six digits that the authenticator shows.

        Raises:
            BalenaRequestError: the code is wrong (401).
        """
        return self._post("verify", {"code": code})

    def get_setup_key(self) -> str:
        """Return the key to be typed into an authenticator."""
        api = self._balena.options.api_root
        return str(self._balena.request.send(url="/auth/totp/setup", base_url=api, shape="text").body)

    def enable(self, code: str) -> str:
        """Switch the second factor on, keep the new session token and return it; arguments as for :meth:`verify`."""
        token = self.verify(code)
        self._balena.tokens.set(token)
        return token

    def challenge(self, code: str) -> None:
        """Complete a log-in with the second factor and keep the new session token; arguments as for :meth:`verify`."""
        self._balena.tokens.set(self.verify(code))

    def disable(self, password: str) -> str:
        """Switch two-factor authentication off, keep the new session token and return it.

        Args:
            password: the user's password.

        Raises:
            BalenaRequestError: the password is wrong (401).
        """
        token = self._post("disable", {"password": password})
        self._balena.tokens.set(token)
        return token

    def _post(self, action: str, body: dict[str, Any]) -> str:
        api = self._balena.options.api_root
        answer = self._balena.request.send(
            method="POST", url=f"/auth/totp/{action}", base_url=api, body=body, shape="text"
        )
        return str(answer.body)

    def _claims(self) -> dict[str, Any]:
        token = self._balena.tokens.get()
        if token is None:
            raise BalenaMalformedToken()
        return session_claims(token) or {}
