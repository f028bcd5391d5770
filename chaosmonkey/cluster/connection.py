"""The connection to the API server, over kubernetes.aio and with its credentials.

Every error is one of `errors`, also a missing or invalid kubeconfig: it is read again until it is
valid. A refused login makes the next request read it again too, so that renewed certificates and
tokens are found without a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp

from chaosmonkey.cluster.credentials import configuration
from chaosmonkey.cluster.decoding import read_status
from chaosmonkey.cluster.errors import MalformedResponse, Unauthorized, Unreachable, refusal
from chaosmonkey.cluster.kubernetes_aio import ApiClient
from chaosmonkey.cluster.large_answers import LARGE, LargeAnswers
from chaosmonkey.config import Cluster
from chaosmonkey.errors import BadConfig

ANSWER = aiohttp.ClientTimeout(total=60.0, sock_connect=5.0, sock_read=20.0)
"""Seconds for a whole answer, for connecting, and without a byte."""

HEAD = 20.0
"""Seconds until an answer, or a watch, must begin."""

STREAM = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=None)
"""A watch has no time limit; the reflector judges its silence."""

LOGIN_PAUSE = 2.0
"""Seconds for which a failed configuration is not read again: every watch requests it."""

GLANCE = aiohttp.ClientTimeout(total=3.0)
"""Seconds within which a live server answers a probe."""

LARGEST_ANSWER = 16 * 1024 * 1024
"""Most bytes of an answer: a page of 500 pods has about 5 MiB."""

LARGEST_REFUSAL = 64 * 1024
"""Most bytes of a refusal."""

_NETWORK_FAILED = (aiohttp.ClientError, TimeoutError, OSError, asyncio.IncompleteReadError)


class Connection:
    """Requests to one API server. Sockets are kept and shared; `close` ends them all.

    Attributes:
        large: serializes large answers.
    """

    def __init__(self, settings: Cluster) -> None:
        self._settings = settings
        self._api: ApiClient | None = None
        self._opening = asyncio.Lock()
        self._no_login: tuple[float, str] | None = None
        self.large = LargeAnswers()

    @property
    def address(self) -> str:
        """Where the API server is; "" before the first request."""
        return str(self._api.configuration.host) if self._api else ""

    async def close(self) -> None:
        """End all sockets; the next request opens new ones."""
        if api := self._api:
            self._api = None
            await api.close()  # type: ignore[no-untyped-call]

    async def request(
        self,
        method: str,
        path: str,
        action: str,
        query: dict[str, str] | None = None,
        *,
        body: dict[str, Any] | None = None,
        timeout: aiohttp.ClientTimeout = ANSWER,
    ) -> bytes:
        """The whole body of an answer; `action` names the request in words.

        Raises:
            ClusterUnavailable: the request failed.
        """
        response = await self._send(method, path, action, query, body=body, timeout=timeout)
        async with response:
            return await _read(response, action, LARGEST_ANSWER, self.large)

    @asynccontextmanager
    async def stream(
        self, path: str, action: str, query: dict[str, str]
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The body of an answer as it arrives, in pieces of any size, until it ends.

        Raises:
            ClusterUnavailable: the request failed, or its answer broke off.
        """
        response = await self._send("GET", path, action, query, timeout=STREAM)
        try:
            async with aclosing(_pieces(response, action)) as pieces:
                yield pieces
        finally:
            response.close()

    async def _send(
        self,
        method: str,
        path: str,
        action: str,
        query: dict[str, str] | None = None,
        *,
        body: dict[str, Any] | None = None,
        timeout: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        """Send one request and return its answer, of which only the head has been read."""
        api = await self._log_in()
        url = api.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        headers = await self._headers(api)
        try:
            async with asyncio.timeout(HEAD):
                answer = await api.rest_client.request(  # type: ignore[no-untyped-call]
                    method, url, headers=headers, body=body, _request_timeout=timeout
                )
        except _NETWORK_FAILED as error:
            raise _unreachable(action, api.configuration.host, error) from error
        response: aiohttp.ClientResponse = answer.response
        if response.status < 300:
            return response
        async with response:
            status = read_status(
                response.status, await _read(response, action, LARGEST_REFUSAL, self.large)
            )
        refused = refusal(status, action)
        refused.retry_after = _seconds(response.headers.get("Retry-After")) or status.retry_after
        if isinstance(refused, Unauthorized) and self._api is api:
            await self.close()
        raise refused

    async def _log_in(self) -> ApiClient:
        async with self._opening:
            if self._api is None:
                now = asyncio.get_running_loop().time()
                if self._no_login is not None and now - self._no_login[0] < LOGIN_PAUSE:
                    raise _no_login(self._no_login[1])
                try:
                    async with asyncio.timeout(HEAD):
                        settings = await configuration(self._settings)
                    settings.client_session_kwargs = (settings.client_session_kwargs or {}) | {
                        "middlewares": (_refuse_redirects_and_encodings,),
                        "auto_decompress": False,
                    }
                    self._api = ApiClient(settings)
                except Exception as error:
                    why = _why_no_login(error)
                    self._no_login = asyncio.get_running_loop().time(), why
                    raise _no_login(why) from error
                self._no_login = None
            return self._api

    async def _headers(self, api: ApiClient) -> dict[str, str]:
        """The headers of every request; an expired token is renewed."""
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": "chaosmonkey",
        }
        try:
            async with asyncio.timeout(HEAD):
                for login in (await api.configuration.auth_settings()).values():
                    headers[login["key"]] = login["value"]
        except Exception as error:
            raise _no_login(_why_no_login(error)) from error
        return headers


def _no_login(why: str) -> Unreachable:
    return Unreachable(f"log in: {why}.", remedy="Fix it; this server retries by itself.")


def _why_no_login(error: Exception) -> str:
    match error:
        case BadConfig():
            return f"{error.facts['source']}: " + "; ".join(error.problems).rstrip(".")
        case TimeoutError():
            return f"the credentials program did not end within {HEAD:g} s"
        case _:
            return f"{type(error).__name__}: {error}"


async def _refuse_redirects_and_encodings(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Follow no redirect, and unpack nothing.

    An API server never redirects; whatever answers in its place could command this very server. A
    compressed answer may unpack into gigabytes, and was not requested.
    """
    response = await handler(request)
    why = ""
    if response.status in (301, 302, 303, 307, 308):
        why = f"the server answered {response.status}, a redirect, which is not followed"
    elif response.headers.get("Content-Encoding", "identity") != "identity":
        why = "the server sent a compressed answer, which was not requested"
    if why:
        response.close()
        raise aiohttp.ClientConnectionError(why)
    return response


async def _pieces(response: aiohttp.ClientResponse, action: str) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in response.content.iter_any():
            yield piece
    except _NETWORK_FAILED as error:
        raise _unreachable(action, str(response.url.origin()), error) from error


async def _read(
    response: aiohttp.ClientResponse, action: str, most: int, large: LargeAnswers
) -> bytes:
    """The whole body; raises Unreachable if it broke, MalformedResponse above `most` bytes."""
    body = bytearray()
    try:
        async with AsyncExitStack() as turn:
            is_its_turn = False
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > most:
                    response.close()
                    raise MalformedResponse(
                        f"{action}: the answer has more than {most // 1024} KiB.",
                        remedy="Check whether a proxy answers in the server's place.",
                    )
                if len(body) > LARGE and not is_its_turn:
                    is_its_turn = True
                    await turn.enter_async_context(large.turn(action))
            return bytes(body)
    except _NETWORK_FAILED as error:
        raise _unreachable(action, str(response.url.origin()), error) from error


def _seconds(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After. Kubernetes gives whole seconds; HTTP's dates are ignored."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else None


def _unreachable(action: str, host: str, error: Exception) -> Unreachable:
    return Unreachable(
        f"{action}: {_why(error)}.",
        remedy=_remedy(host, error),
        server=host,
        cause=type(error).__name__,
    )


def _why(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            return "the connection broke"
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return "connection refused"
        case _:
            return str(error) or repr(error)


def _remedy(host: str, error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError() if "expired" in str(error):
            return "Renew the server's expired certificate; k3s renews its own when it restarts."
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "Check that the kubeconfig's certificate authority is this cluster's."
        case aiohttp.ClientConnectorDNSError():
            return "Check the server's name in the kubeconfig."
        case aiohttp.ClientConnectorError() | TimeoutError():
            return f"Check that the API server runs and that {host} can be reached from here."
        case _:
            return "This server retries by itself."
