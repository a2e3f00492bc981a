# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ``requests.Session`` whose connections are never older than the server allows.

Imported only when the first request is sent, so that importing the SDK stays cheap.
"""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any

from . import _clock
from ._deadline import watched
from .configuration import Options, origin_of
from .errors import BalenaDependencyError

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError as error:
    MISSING: ImportError | None = error
    HTTPAdapter = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc, assignment]
else:
    MISSING = None

# The API closes a connection that was idle for 5 seconds (recorded). A request that is sent just then is lost, and
# for a POST nobody knows whether it was; so a connection that could be about to close is not used again.
MAX_IDLE = 4.0


class _FreshConnections:
    """Mixed into urllib3's pools: a connection that was idle too long is closed, and so opened anew when used."""

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = _clock.monotonic()
        super()._put_conn(conn)  # type: ignore[misc]

    def _get_conn(self, timeout: float | None = None) -> Any:
        conn = super()._get_conn(timeout)  # type: ignore[misc]
        idle_since = getattr(conn, "idle_since", None)
        if idle_since is not None and _clock.monotonic() - idle_since > MAX_IDLE:
            conn.close()
        return watched(conn)


class _FreshHTTPPool(_FreshConnections, HTTPConnectionPool):
    pass


class _FreshHTTPSPool(_FreshConnections, HTTPSConnectionPool):
    pass


_POOLS = {"http": _FreshHTTPPool, "https": _FreshHTTPSPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class InsecureRedirect(requests.RequestException if MISSING is None else Exception):  # type: ignore[misc]
    """A server sends us from an encrypted address to one that is not."""


class _Session(requests.Session if MISSING is None else object):  # type: ignore[misc]
    """Follows redirects without telling another server anything."""

    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """Keep to another server what was meant for the first one, and what ~/.netrc knows to both."""
        before, after = origin_of(response.request.url), origin_of(prepared_request.url)
        if before[0] == "https" and after[0] != "https":
            raise InsecureRedirect("redirected to an address that is not encrypted")
        if before != after:
            for name in list(prepared_request.headers):
                if name.lower() not in _FOR_EVERYBODY:
                    del prepared_request.headers[name]


#: Headers that say nothing about who asks.
_FOR_EVERYBODY = frozenset(("accept", "accept-encoding", "range", "user-agent"))


def open_session(options: Options) -> requests.Session:
    """Return a session for all requests of one :class:`Balena`; it may be used from many threads.

    Raises:
        BalenaDependencyError: ``requests`` is not installed.
    """
    if MISSING is not None:
        raise BalenaDependencyError(f"The Python package 'requests' is needed: {MISSING}") from MISSING
    session = _Session()
    session.headers.clear()  # each request says itself what it sends
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.verify = options.ca_path if options.validate_certs and options.ca_path else options.validate_certs
    if not options.validate_certs:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the user asked for it
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=8, pool_maxsize=options.max_connections, max_retries=0))
    return session
