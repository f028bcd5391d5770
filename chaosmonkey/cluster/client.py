"""Requests to the API server, over kubernetes.aio's connection and with its credentials.

The bodies come back as bytes: `wire` knows what they mean. Whatever goes wrong is one of `trouble`.
A refused login makes the next request read the configuration again, so that renewed certificates
and tokens are found without a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import ApiClient

from chaosmonkey.cluster.contracts import Batch
from chaosmonkey.cluster.credentials import configuration
from chaosmonkey.cluster.lines import Lines
from chaosmonkey.cluster.resources import Resource
from chaosmonkey.cluster.trouble import Answered, Unauthorized, Unreachable, refusal
from chaosmonkey.cluster.wire import Page, read_object, read_page, read_status
from chaosmonkey.config import Cluster
from chaosmonkey.errors import BadConfig

ANSWER = aiohttp.ClientTimeout(total=60.0, sock_connect=5.0, sock_read=20.0)
"""Seconds that an answer may take in all, that connecting may, and without a byte."""

HEAD = 20.0
"""Seconds until an answer must begin, a watch's too."""

STREAM = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=None)
"""A watch may take for ever; its silence is somebody else's to judge."""

GLANCE = aiohttp.ClientTimeout(total=3.0)
"""Seconds that a server which is alive takes at most to say so."""

PAGE = 500
"""Objects asked for at once, as kubectl does."""

_NETWORK_FAILED = (aiohttp.ClientError, TimeoutError, OSError, asyncio.IncompleteReadError)


class Client:
    """One API server. Open connections are kept and shared; `close` ends them all."""

    def __init__(self, settings: Cluster) -> None:
        self._settings = settings
        self._api: ApiClient | None = None
        self._opening = asyncio.Lock()
        self._was_open = False

    @property
    def address(self) -> str:
        """Where the API server is; "" before the first request."""
        return str(self._api.configuration.host) if self._api else ""

    async def open(self) -> None:
        """Read the configuration, so that what is wrong with it is said before anything runs.

        Raises:
            BadConfig: where the cluster is or how to log in cannot be found out.
        """
        await self._connection()

    async def close(self) -> None:
        """End all connections; the next request opens new ones."""
        if api := self._api:
            self._api = None
            await api.close()  # type: ignore[no-untyped-call]

    # --- what the reflector needs ---------------------------------------------------------------

    @asynccontextmanager
    async def watch(
        self, resource: Resource, namespace: str | None, version: str, seconds: int
    ) -> AsyncIterator[AsyncIterator[Batch]]:
        """What changes after `version`, as batches of lines, until the server ends it.

        The server is asked to end it after `seconds`.
        """
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        asked = f"watch {resource.rule()}"
        response = await self._send("GET", resource.path(namespace), asked, query, timeout=STREAM)
        batches = _batches(response, asked)
        try:
            yield batches
        finally:
            await batches.aclose()
            response.close()

    async def list(
        self, resource: Resource, namespace: str | None, *, token: str = "", limit: int = PAGE
    ) -> Page:
        """One page of a collection; `token` goes on from the last one, limit 0 asks for all."""
        query = {"limit": str(limit)} if limit else {}
        if token:
            query["continue"] = token
        path = resource.path(namespace)
        return read_page(
            await self._body("GET", path, f"list {resource.rule()}", query), resource.decode
        )

    async def glance(self) -> None:
        """Return if the API server is alive and well; any answer but a failure of its own counts.

        Raises:
            ClusterUnavailable: it is not.
        """
        try:
            await self._body(
                "GET", "/readyz", "ask the API server for a sign of life", timeout=GLANCE
            )
        except Answered as answer:
            if answer.code >= 500:
                raise

    # --- what people need -----------------------------------------------------------------------

    async def get(
        self, path: str, asked: str, query: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """The object, or the list, at a path."""
        return read_object(await self._body("GET", path, asked, query))

    async def server_version(self) -> str:
        """The API server's version, such as "v1.36.2"."""
        found = read_object(await self._body("GET", "/version", "ask for the version"))
        return str(found.get("gitVersion") or "unknown")

    async def delete_pod(
        self, namespace: str, name: str, *, uid: str | None = None, grace: int | None = None
    ) -> None:
        """Delete a pod, but only the one with that uid; grace 0 does not wait for its node.

        Raises:
            Absent: there is no such pod.
            Answered: its uid is another (409), or it is forbidden.
        """
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        await self._body("DELETE", path, f"delete pod {namespace}/{name}", body=options)

    async def may(
        self, verb: str, group: str, resource: str, *, namespace: str | None = None
    ) -> bool:
        """Whether the API server would let us, in one namespace or in all of them.

        `resource` may name a part, as "pods/log".
        """
        name, _, part = resource.partition("/")
        asked = {"verb": verb, "group": group, "resource": name, "subresource": part}
        asked |= {"namespace": namespace} if namespace else {}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = read_object(
            await self._body("POST", path, f"ask whether we may {verb} {resource}", body=review)
        )
        return bool((answer.get("status") or {}).get("allowed"))

    async def logs(
        self, namespace: str, pod: str, *, container: str | None = None, tail: int = 100
    ) -> str:
        """The last `tail` lines that a container wrote."""
        query = {"tailLines": str(tail)} | ({"container": container} if container else {})
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        found = await self._body("GET", path, f"read the log of pod {namespace}/{pod}", query)
        return found.decode(errors="replace")

    # --- the one way out ------------------------------------------------------------------------

    async def _body(
        self,
        method: str,
        path: str,
        asked: str,
        query: dict[str, str] | None = None,
        *,
        body: dict[str, Any] | None = None,
        kind: str = "application/json",
        timeout: aiohttp.ClientTimeout = ANSWER,
    ) -> bytes:
        response = await self._send(
            method, path, asked, query, body=body, kind=kind, timeout=timeout
        )
        async with response:
            return await _read(response, asked)

    async def _send(
        self,
        method: str,
        path: str,
        asked: str,
        query: dict[str, str] | None = None,
        *,
        body: dict[str, Any] | None = None,
        kind: str = "application/json",
        timeout: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        """Send one request and return its answer, of which only the head has been read."""
        api = await self._connection()
        url = api.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            headers = await _headers(api, kind)
            async with asyncio.timeout(HEAD):
                answer = await api.rest_client.request(  # type: ignore[no-untyped-call]
                    method, url, headers=headers, body=body, _request_timeout=timeout
                )
        except _NETWORK_FAILED as error:
            raise _unreachable(asked, api.configuration.host, error) from error
        response: aiohttp.ClientResponse = answer.response
        if response.status < 300:
            return response
        async with response:
            status = read_status(response.status, await _read(response, asked))
        refused = refusal(status, asked)
        refused.retry_after = _seconds(response.headers.get("Retry-After")) or status.retry_after
        if isinstance(refused, Unauthorized) and self._api is api:
            await self.close()
        raise refused

    async def _connection(self) -> ApiClient:
        async with self._opening:
            if self._api is None:
                try:
                    self._api = ApiClient(await configuration(self._settings))
                except BadConfig as error:
                    if not self._was_open:
                        raise
                    # It was good once: the show goes on, and we look again.
                    raise Unreachable("log in again: " + error.message) from error
                self._was_open = True
            return self._api


async def _batches(response: aiohttp.ClientResponse, asked: str) -> AsyncGenerator[Batch, None]:
    lines = Lines()
    try:
        async for chunk in response.content.iter_any():
            yield lines.feed(chunk)
    except _NETWORK_FAILED as error:
        raise _unreachable(asked, str(response.url.origin()), error) from error
    if rest := lines.rest():
        yield [rest]


async def _headers(api: ApiClient, kind: str) -> dict[str, str]:
    headers = {"Accept": "application/json", "Content-Type": kind, "User-Agent": "chaosmonkey"}
    for login in (await api.configuration.auth_settings()).values():
        headers[login["key"]] = login["value"]
    return headers


async def _read(response: aiohttp.ClientResponse, asked: str) -> bytes:
    try:
        return await response.read()
    except _NETWORK_FAILED as error:
        raise _unreachable(asked, str(response.url.origin()), error) from error


def _seconds(retry_after: str | None) -> float | None:
    """Kubernetes gives whole seconds; a date, as HTTP allows, is not understood."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else None


def _unreachable(asked: str, host: str, error: Exception) -> Unreachable:
    return Unreachable(
        f"{asked}: {_why(error)}.",
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
            return "The server's certificate has expired; k3s renews its own when restarted."
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "Check that the kubeconfig's certificate authority is this cluster's."
        case aiohttp.ClientConnectorDNSError():
            return "Check the server's name in the kubeconfig."
        case aiohttp.ClientConnectorError() | TimeoutError():
            return f"Check that the API server runs and that {host} can be reached from here."
        case _:
            return "It is tried again by itself."
