# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python SDK for balenaCloud and openBalena, with the methods of the JavaScript SDK.

>>> balena = Balena(token="…")
>>> balena.models.device.get("7cf02a687b74206f92cb455969cf8e98")["device_name"]

Names are the reference's in snake_case, results are the API's JSON as dicts, failures are exceptions under
:class:`~.errors.BalenaError`. Any method that asks the API may raise BalenaRequestError (the API refused the request),
BalenaConnectionError (no answer), BalenaInvalidResponseError (an answer that no balena API gives), BalenaNotLoggedIn
and BalenaInvalidParameterError (an argument of a wrong type); what methods document is raised besides these. One
:class:`Balena` may be used from many threads at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from ._arguments import check_arguments
from ._lazy import on_first_use
from ._version import CLIENT, REFERENCE_VERSION, VERSION
from .configuration import Options, origin_of
from .errors import BalenaInvalidParameterError
from .interceptors import Interceptor

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._error_names import Errors
    from .auth import Auth
    from .configuration import OptionFields
    from .logs import Logs
    from .models import Models
    from .pine import Pine
    from .request import Request, RequestOptions
    from .settings import Settings
    from .transport import Transport
    from .utils import Utils

__all__ = ["Balena", "Interceptor", "Options", "from_shared_options", "get_sdk", "load_early", "set_shared_options"]
__version__ = VERSION

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@check_arguments
class Balena:
    """A connection to one API, with one identity.

    Args:
        token: a session token or an API key. Without one, the token stored in the data directory is used (the balena
            CLI's log-in). A token given here is never written to a file.
        options: see :class:`Options`, which has them all with defaults and units: ``api_url``, ``timeout``,
            ``validate_certs``, ``ca_path``, ``read_only``, ``max_connections`` …

    Attributes:
        options: the :class:`Options`.
        tokens: where the token is kept.
        foreign_log_in: the server that the balena CLI is logged in to, when it is another one; its token is not used.
        interceptors: a list of :class:`Interceptor`; add your own, or replace it.

    Raises:
        BalenaInvalidParameterError: an option has a value that cannot be meant.
    """

    version = VERSION
    reference_version = REFERENCE_VERSION

    def __init__(self, *, token: str | None = None, **options: Unpack[OptionFields]) -> None:
        from ._tokens import TokenStore

        if token is not None and not isinstance(token, str):
            raise BalenaInvalidParameterError("token", expected="text", given=token)
        self.options = Options(**options)
        self.options.check()
        self.foreign_log_in: str | None = None
        self.tokens = TokenStore(token, self._token_directory(token))
        self.interceptors: list[Any] = [Interceptor(request=self._name_the_client)]

    def __repr__(self) -> str:
        return f"Balena(api_url={self.options.api_url!r})"

    def __enter__(self) -> Balena:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @on_first_use
    def models(self) -> Models:
        """What is on balena: applications, devices, releases …"""
        from .models import Models

        return Models(self)

    @on_first_use
    def auth(self) -> Auth:
        """Log in and out, and who is logged in."""
        from .auth import Auth

        return Auth(self)

    @on_first_use
    def logs(self) -> Logs:
        """What the services of a device wrote."""
        from .logs import Logs

        return Logs(self)

    @on_first_use
    def settings(self) -> Settings:
        """The settings of balena's command line tools."""
        from .settings import Settings

        return Settings(self)

    @on_first_use
    def pine(self) -> Pine:
        """The API's resources over OData."""
        from .pine import Pine

        return Pine(self)

    @on_first_use
    def request(self) -> Request:
        """Requests to any address."""
        from .request import Request

        return Request(self)

    @on_first_use
    def errors(self) -> type[Errors]:
        """The classes of errors; also to be imported from the module ``errors``."""
        from ._error_names import Errors

        return Errors

    @on_first_use
    def utils(self) -> type[Utils]:
        """Helpers that callers of the SDK need too."""
        from .utils import Utils

        return Utils

    @on_first_use
    def transport(self) -> Transport:
        """The pool of connections."""
        from .transport import Transport

        return Transport(self.options)

    def close(self) -> None:
        """Close all connections; a later request opens new ones."""
        if "transport" in self.__dict__:
            self.transport.close()

    def map_parallel(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """Call ``function`` with each item on up to ``max_connections`` threads.

        Returns:
            The results in the order of ``items``.

        Raises:
            Exception: the first error in the order of ``items``, after all calls have ended.
        """
        todo = list(items)
        if len(todo) < 2:
            return [function(item) for item in todo]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(len(todo), self.options.max_connections)) as pool:
            return [future.result() for future in [pool.submit(function, item) for item in todo]]

    def _token_directory(self, token: str | None) -> str | None:
        directory = self.options.data_directory
        if token is not None or directory is False:
            return None
        if isinstance(directory, str):
            return directory
        # The CLI's log-in is for the server that the CLI's settings name, and is sent to no other one.
        settings = self.settings.get_all()
        if origin_of(str(settings["apiUrl"])) != origin_of(self.options.api_url):
            self.foreign_log_in = str(settings["apiUrl"])
            return None
        return str(settings["dataDirectory"])

    def _name_the_client(self, options: RequestOptions) -> RequestOptions:
        """Tell the API, and nobody else, which client this is."""
        if options.absolute_url.startswith(self.options.api_url):
            options.headers.setdefault("X-Balena-Client", CLIENT)
        return options


def get_sdk(*, token: str | None = None, **options: Unpack[OptionFields]) -> Balena:
    """Return a new :class:`Balena`; the same as calling the class."""
    return Balena(token=token, **options)


_shared_options: dict[str, Any] = {}


def set_shared_options(*, token: str | None = None, **options: Unpack[OptionFields]) -> None:
    """Keep options for all later calls of :func:`from_shared_options`; a second call replaces those of the first."""
    _shared_options.clear()
    _shared_options.update(options, token=token)


def from_shared_options() -> Balena:
    """Return a new :class:`Balena` with the options that :func:`set_shared_options` kept, or with the defaults."""
    return Balena(**_shared_options)


def load_early() -> None:
    """Import now what is otherwise imported with the first request, for a process that forks before it sends one.

    A library that is not installed is left out; the call that needs it raises BalenaDependencyError.
    """
    from . import _pool, os_version, pine, request

    del _pool, os_version, pine, request  # they stay loaded
