# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a :class:`Balena`: one place for names, defaults, units and checks."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypedDict

from ._arguments import check_fields
from ._chunks import IDS, NAMES
from .errors import BalenaInvalidParameterError

__all__ = ["ChunkSizes", "Options"]


#: Beyond this a system has no connections or threads left, and a server no patience.
MOST_CONNECTIONS = 128
#: A limit beyond this many requests limits nothing.
MOST_REQUESTS = 1_000_000
#: No answer is worth waiting for longer than a day.
LONGEST_WAIT = 24 * 60 * 60.0


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address: what a token may be sent to."""
    try:
        parts = urllib.parse.urlsplit(url if "://" in url else f"https://{url}")
        port = parts.port
    except ValueError:
        return "", url, None
    return parts.scheme.lower(), (parts.hostname or "").lower(), port or {"http": 80, "https": 443}.get(parts.scheme)


class ChunkSizes(NamedTuple):
    """How many ids fit into one filter: short numbers, or long uuids (URLs may have about 8 kB)."""

    numeric_id: int = IDS
    string_id: int = NAMES


class OptionFields(TypedDict, total=False):
    """The fields of :class:`Options` as keyword arguments, for those who check types."""

    api_url: str
    builder_url: str | None
    dashboard_url: str | None
    device_urls_base: str | None
    api_version: str
    data_directory: str | bool | None
    read_only: bool
    debug: bool
    timeout: float
    connect_timeout: float
    stream_timeout: float
    validate_certs: bool
    ca_path: str | None
    proxies: Mapping[str, str] | None
    retry_rate_limited_requests: bool | Callable[[float], bool]
    max_retries: int
    max_retry_wait: float
    request_limit: int | None
    request_limit_interval: float
    max_connections: int
    request_batching_chunk_size: int | ChunkSizes | Mapping[str, int] | None


class Options(NamedTuple):
    """Everything that a :class:`Balena` can be told besides its token; times are in seconds.

    Args:
        api_url: address of the API; any path in it is ignored.
        builder_url: address of the builder; ``builder.`` instead of ``api.`` by default.
        dashboard_url: address of the dashboard; ``dashboard`` instead of ``api`` in the host by default.
        device_urls_base: domain of device URLs and of the actions service; asked from the API by default. A whole
            address (``https://host/path``) stands for the actions service itself.
        api_version: version of the OData API.
        data_directory: where log-ins are kept; ``None``: the directory of the balena CLI, ``False``: only in memory.
        read_only: refuse every request that could change something.
        debug: report unreadable lines in log streams instead of skipping them.
        timeout: how long to wait for an answer, all of it; or for the next part of a stream.
        connect_timeout: how long to wait for a connection.
        stream_timeout: how long a stream may be silent (log streams send a sign of life about every minute).
        validate_certs: check the server's TLS certificate.
        ca_path: file or directory with the certificate authorities to trust instead of the usual ones.
        proxies: proxy for each scheme, ``{"https": "http://proxy:3128"}``; from the environment by default.
        retry_rate_limited_requests: wait and repeat when the server answers 429; a function gets the seconds that the
            server asks for, and says whether to. It is not asked when the server does not say how long.
        max_retries: how often a request is repeated after a failure that may pass (0: never).
        max_retry_wait: the longest time that one call spends waiting as told by ``Retry-After``;
            a server that asks for more gets an error instead.
        request_limit: send at most this many requests ...
        request_limit_interval: ... in any period of this length.
        max_connections: how many connections are kept open and used side by side.
        request_batching_chunk_size: ids for each request of a bulk method: a number, or ``ChunkSizes``,
            or a dict with ``numeric_id`` and ``string_id``.
    """

    api_url: str = "https://api.balena-cloud.com/"
    builder_url: str | None = None
    dashboard_url: str | None = None
    device_urls_base: str | None = None
    api_version: str = "v7"
    data_directory: str | bool | None = None
    read_only: bool = False
    debug: bool = False
    timeout: float = 59.0
    connect_timeout: float = 10.0
    stream_timeout: float = 180.0
    validate_certs: bool = True
    ca_path: str | None = None
    proxies: Mapping[str, str] | None = None
    retry_rate_limited_requests: bool | Callable[[float], bool] = True
    max_retries: int = 3
    max_retry_wait: float = 300.0
    request_limit: int | None = None
    request_limit_interval: float = 60.0
    max_connections: int = 16
    request_batching_chunk_size: int | ChunkSizes | Mapping[str, int] | None = None

    def __repr__(self) -> str:
        shown = {**self._asdict(), "proxies": None if self.proxies is None else "..."}  # they may hold a password
        return f"Options({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def check(self) -> None:
        """Raise BalenaInvalidParameterError if an option has a value that cannot be meant."""
        check_fields(self._asdict(), Options)
        if urllib.parse.urlsplit(self.api_url).scheme not in ("http", "https"):
            raise BalenaInvalidParameterError("api_url", self.api_url)
        if not 1 <= self.max_connections <= MOST_CONNECTIONS:
            raise BalenaInvalidParameterError("max_connections", self.max_connections)
        if not 0 <= (self.request_limit or 0) <= MOST_REQUESTS:
            raise BalenaInvalidParameterError("request_limit", self.request_limit)
        for name in ("timeout", "connect_timeout", "stream_timeout", "request_limit_interval"):
            if not 0 < getattr(self, name) <= LONGEST_WAIT:  # neither does "not a number" pass
                raise BalenaInvalidParameterError(name, getattr(self, name))
        given = self.request_batching_chunk_size
        known = not isinstance(given, Mapping) or given.keys() <= set(ChunkSizes._fields)
        if not known or not all(isinstance(size, int) and size > 0 for size in self.chunk_sizes):
            raise BalenaInvalidParameterError("request_batching_chunk_size", self.request_batching_chunk_size)

    @property
    def api_root(self) -> str:
        """Scheme and host of the API with a slash at the end."""
        return urllib.parse.urljoin(self.api_url, "/")

    @property
    def api_prefix(self) -> str:
        """Where OData resources live, for example ``https://api.balena-cloud.com/v7/``."""
        return urllib.parse.urljoin(self.api_url, f"/{self.api_version}/")

    @property
    def builder_root(self) -> str:
        """Scheme and host of the builder with a slash at the end."""
        return urllib.parse.urljoin(self.builder_url or self._sibling("builder"), "/")

    @property
    def dashboard_root(self) -> str:
        """Scheme and host of the dashboard with a slash at the end."""
        return urllib.parse.urljoin(self.dashboard_url or self._sibling("dashboard"), "/")

    @property
    def chunk_sizes(self) -> ChunkSizes:
        """The sizes of batches, whatever form they were given in."""
        given: Any = self.request_batching_chunk_size
        if given is None:
            return ChunkSizes()
        if isinstance(given, Mapping):
            return ChunkSizes(**given)
        return given if isinstance(given, ChunkSizes) else ChunkSizes(given, given)

    def _sibling(self, name: str) -> str:
        parts = urllib.parse.urlsplit(self.api_url)
        return f"{parts.scheme}://{parts.netloc.replace('api', name, 1)}/"
