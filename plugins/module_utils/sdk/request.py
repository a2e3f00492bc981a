# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.request``: requests to any address, with the token, the interceptors and readable errors."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from . import interceptors
from ._answers import SHAPES, check_body, is_web_page, not_an_api, where
from ._arguments import check_arguments, check_fields
from ._bodies import encode_body, read_body, request_error
from ._stream import Stream
from ._text import js_text
from ._tokens import is_expired, is_old
from ._version import USER_AGENT
from .errors import BalenaExpiredToken, BalenaInvalidParameterError, BalenaRequestError, BalenaUsageError
from .masking import sent_secrets
from .transport import HttpRequest

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from . import Balena

_FORMATS = (None, "json", "text", "blob", "none")


class RequestFields(TypedDict, total=False):
    """The options of :meth:`Request.send` as keyword arguments, for those who check types."""

    method: str
    base_url: str | None
    body: Any
    headers: Mapping[str, str] | None
    qs: Mapping[str, Any] | None
    json: bool
    send_token: bool
    refresh_token: bool
    api_key: str | None
    timeout: float | None
    response_format: str | None
    only_reads: bool
    shape: str | None


class RequestOptions:
    """One request as interceptors see it; they may change it. The fields are the arguments of :meth:`Request.send`."""

    def __init__(
        self,
        url: str,
        *,
        method: str = "GET",
        base_url: str | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        qs: Mapping[str, Any] | None = None,
        json: bool = True,
        send_token: bool = True,
        refresh_token: bool = True,
        api_key: str | None = None,
        timeout: float | None = None,
        response_format: str | None = None,
        only_reads: bool = False,
        shape: str | None = None,
    ) -> None:
        self.url, self.method, self.base_url = url, method.upper(), base_url
        self.body, self.json = body, json
        self.headers, self.qs = dict(headers or {}), qs
        self.send_token, self.refresh_token, self.api_key = send_token, refresh_token, api_key
        self.timeout, self.response_format, self.only_reads = timeout, response_format, only_reads
        self.shape = shape

    def __repr__(self) -> str:
        return f"RequestOptions({self.method} {self.url})"

    @property
    def absolute_url(self) -> str:
        """The address with its query; a relative one is joined to ``base_url``."""
        if not isinstance(self.url, str) or not self.url:
            raise BalenaUsageError("A request needs a url")
        url = urllib.parse.urljoin(self.base_url or "", self.url)
        if self.qs:
            query = urllib.parse.urlencode(list(_query_pairs("", self.qs)), quote_via=urllib.parse.quote)
            url += f"{'&' if '?' in url else '?'}{query}"
        return url

    @property
    def is_relative(self) -> bool:
        """Whether the address needs ``base_url``."""
        return not urllib.parse.urlsplit(self.url).scheme


class Response(NamedTuple):
    """A successful answer.

    Args:
        status_code: the HTTP status.
        headers: the headers; names in any case find their value.
        body: parsed JSON, text or bytes, as its content type says.
        url: where it came from.
    """

    status_code: int
    headers: Mapping[str, str]
    body: Any
    url: str


@check_arguments
class Request:
    """Requests to any address.

    Args:
        balena: the connection that this belongs to.
    """

    def __init__(self, balena: Balena) -> None:
        self._balena = balena

    def send(self, *, url: str, **options: Unpack[RequestFields]) -> Response:
        """Send a request and return its answer.

        Args:
            url: an address, absolute or relative to ``base_url``.
            method: the HTTP method, ``GET`` by default.
            base_url: what a relative ``url`` is joined to.
            body: sent as JSON; ``None`` for no body.
            headers: more headers.
            qs: more query parameters; ``None`` values are left out.
            json: send ``body`` as JSON; ``False``: as it is (text or bytes).
            send_token: identify with the token.
            refresh_token: renew an old session token first (only for a relative ``url``).
            api_key: identify with this key instead.
            timeout: seconds to wait for the answer instead of the usual time.
            response_format: ``json``, ``text``, ``blob`` (bytes) or ``none``; as the content type says by default.
            only_reads: this POST changes nothing, so that a read-only connection may send it.
            shape: what the answer must be: ``object``, ``list``, ``objects``, ``text`` or ``done`` (nothing, or "OK").

        Raises:
            BalenaRequestError: the server answered with a status of 300 or more, besides 304.
            BalenaConnectionError: there is no answer (and its subclasses).
            BalenaInvalidResponseError: the answer is not the JSON that it says it is, a web page, or not of the
                ``shape`` that it must have.
            BalenaExpiredToken: the session token is over and cannot be renewed.
            BalenaUsageError: an option that cannot be meant.
            BalenaReadOnlyError: a write on a read-only connection.
        """
        answer: Response = self._intercepted(url, options, self._send)
        return answer

    def stream(self, *, url: str, **options: Unpack[RequestFields]) -> Stream:
        """Send a request and return its answer's body as it arrives; arguments and errors as for :meth:`send`.

        Returns:
            A file-like object with ``read()``, iteration over chunks, ``iter_lines()`` and ``close()``; use it in
            a ``with`` statement.
        """
        answer: Stream = self._intercepted(url, options, self._stream)
        return answer

    def refresh_token(self, *, base_url: str | None = None) -> str:
        """Renew the session token now, keep it and return it.

        Args:
            base_url: address of the API; the connection's own by default.

        Raises:
            BalenaExpiredToken: the server refuses, and the token's time is over; it is forgotten then.
            BalenaRequestError: any other refusal.
        """
        tokens = self._balena.tokens
        try:
            answer = self.send(
                url="/user/v1/refresh-token",
                base_url=base_url or self._balena.options.api_root,
                refresh_token=False,
                shape="text",
            )
        except BalenaRequestError as error:
            if error.status_code == 401 and is_expired(tokens.get()):
                tokens.remove()
                raise BalenaExpiredToken() from None
            raise
        tokens.set(answer.body)
        return str(answer.body)

    def _intercepted(self, url: str, options: RequestFields, send: Any) -> Any:
        check_fields(options, RequestFields)
        try:
            request = RequestOptions(url, **options)
        except TypeError as error:
            raise BalenaUsageError(f"A request has no such option: {error}") from None
        return interceptors.run(self._balena.interceptors, request, send)

    def _send(self, options: RequestOptions) -> Response:
        sent = self._http_request(options, stream=False)
        answer = self._balena.transport.send(sent)
        if _is_failure(answer.status_code):
            raise request_error(answer, options.method, sent_secrets(sent.url, sent.headers, options.body))
        request = where(options.method, str(answer.url))
        kind = answer.headers.get("Content-Type", "")
        if options.response_format in (None, "json") and is_web_page(answer.content, kind):
            raise not_an_api(request, "a web page")
        body = read_body(answer, options.response_format)
        check_body(body, options.shape, request)
        return Response(answer.status_code, answer.headers, body, str(answer.url))

    def _stream(self, options: RequestOptions) -> Stream:
        sent = self._http_request(options, stream=True)
        answer = self._balena.transport.send(sent)
        stream = Stream(answer)
        if _is_failure(answer.status_code):
            with stream:
                stream.load()
                raise request_error(answer, options.method, sent_secrets(sent.url, sent.headers, options.body))
        return stream

    def _http_request(self, options: RequestOptions, stream: bool) -> HttpRequest:
        if options.shape not in SHAPES:
            raise BalenaUsageError(f"Unknown shape {options.shape!r}, expected one of {SHAPES}")
        if options.response_format not in _FORMATS:
            raise BalenaInvalidParameterError("response_format", options.response_format)
        url, usual = options.absolute_url, self._balena.options
        headers = {"Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
        headers.update(self._authorization(options))
        body = encode_body(options.body, options.json, headers)
        headers.update(options.headers)
        timeout = options.timeout or (usual.stream_timeout if stream else usual.timeout)
        return HttpRequest(options.method, url, headers, body, timeout, stream, options.only_reads)

    def _authorization(self, options: RequestOptions) -> dict[str, str]:
        token = options.api_key or (self._current_token(options) if options.send_token else None)
        if token and not (token.isascii() and token.isprintable()):
            raise BalenaUsageError("The token has characters that no token has, such as a line break")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def _current_token(self, options: RequestOptions) -> str | None:
        """Return the token, renewed before if it is old and the request is one that renews."""
        tokens = self._balena.tokens
        token = tokens.get()
        if not options.refresh_token or not is_old(token):
            return token
        if options.is_relative:
            with tokens.refresh_lock:
                return self.refresh_token(base_url=options.base_url) if is_old(tokens.get()) else tokens.get()
        if is_expired(token):
            raise BalenaExpiredToken()
        return token


def _is_failure(status: int) -> bool:
    """Whether a status means that there is no answer to the question. "Not modified" (304) is one."""
    return status >= 300 and status != 304


def _query_pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Write lists and dicts as the API's server reads them: ``a[0]=x&b[c]=y``; ``None`` is left out."""
    if isinstance(value, (Mapping, list, tuple)):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            yield from _query_pairs(f"{name}[{key}]" if name else str(key), item)
    elif value is not None:
        yield name, js_text(value)
