"""Requests to an API server; `decoding` decodes the bodies of the answers.

Every error is one of `errors`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from chaosmonkey.cluster.connection import GLANCE, Connection
from chaosmonkey.cluster.decoding import ListPage, read_object, read_page
from chaosmonkey.cluster.errors import Forbidden, NotFound, StatusError
from chaosmonkey.cluster.large_answers import LARGE, LargeAnswers
from chaosmonkey.cluster.line_splitter import LineSplitter
from chaosmonkey.cluster.protocols import Batch, Position
from chaosmonkey.cluster.resources import Resource
from chaosmonkey.config import Cluster

PAGE = 500
"""Objects in one page of a list, as in kubectl."""


class Client:
    """One API server. Open connections are kept and shared; `close` ends them all."""

    def __init__(self, settings: Cluster) -> None:
        self._connection = Connection(settings)
        self._namespaces = settings.namespaces

    @property
    def address(self) -> str:
        """Where the API server is; "" before the first request."""
        return self._connection.address

    async def close(self) -> None:
        """End all connections; the next request opens new ones."""
        await self._connection.close()

    # --- for the reflector ----------------------------------------------------------------------

    @asynccontextmanager
    async def watch(
        self, resource: Resource, namespace: str | None, version: str, seconds: int
    ) -> AsyncIterator[AsyncIterator[Batch]]:
        """Changes after `version`, as batches of lines, until the server ends the watch.

        The server is asked to end it after `seconds`.
        """
        query = _selected(resource) | {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        action = f"watch {resource.rule()}"
        async with (
            self._connection.stream(resource.path(namespace), action, query) as pieces,
            aclosing(_batches(pieces, self._connection.large, action)) as batches,
        ):
            yield batches

    async def list(
        self, resource: Resource, namespace: str | None, *, token: str = "", limit: int = PAGE
    ) -> ListPage:
        """One page of a collection; `token` continues after the last one, limit 0 asks for all."""
        query = _selected(resource) | ({"limit": str(limit)} if limit else {})
        if token:
            query["continue"] = token
        path = resource.path(namespace)
        return read_page(
            await self._connection.request("GET", path, f"list {resource.rule()}", query),
            resource.decode,
        )

    async def position(self, resource: Resource, namespace: str | None) -> Position:
        """The cluster's identity and a collection's current version, read past every cache."""
        try:
            found = await self.get("/api/v1/namespaces/kube-system", "get namespace kube-system")
            cluster = str((found.get("metadata") or {}).get("uid") or "")
        except (NotFound, Forbidden):
            cluster = ""
        page = await self.list(resource, namespace, limit=1)
        return Position(cluster, page.version)

    async def glance(self) -> None:
        """Return if the API server is alive: it gave any answer but a 5xx.

        Raises:
            ClusterUnavailable: it is not.
        """
        try:
            await self._connection.request(
                "GET", "/readyz", "probe the API server (/readyz)", timeout=GLANCE
            )
        except StatusError as answer:
            if answer.code >= 500:
                raise

    # --- for people -----------------------------------------------------------------------------

    async def get(
        self, path: str, action: str, query: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """The object, or the list, at a path."""
        return read_object(await self._connection.request("GET", path, action, query))

    def places(self, resource: Resource) -> tuple[str | None, ...]:
        """The namespaces in which the settings allow a resource; None means all."""
        return resource.places(self._namespaces)

    async def server_version(self) -> str:
        """The API server's version, such as "v1.36.2"."""
        found = read_object(await self._connection.request("GET", "/version", "get the version"))
        return str(found.get("gitVersion") or "unknown")

    async def delete_pod(
        self, namespace: str, name: str, *, uid: str | None = None, grace: int | None = None
    ) -> None:
        """Delete a pod if it has that uid; grace 0 does not wait for its node.

        Raises:
            NotFound: there is no such pod.
            StatusError: its uid differs (409), or it is forbidden.
        """
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        action = f"delete pod {namespace}/{name}"
        await self._connection.request("DELETE", path, action, body=options)

    async def may(
        self, verb: str, group: str, resource: str, *, namespace: str | None = None
    ) -> bool:
        """Whether the API server allows a verb, in one namespace or in all of them.

        `resource` may name a subresource, as "pods/log".
        """
        name, _, part = resource.partition("/")
        attributes = {"verb": verb, "group": group, "resource": name, "subresource": part}
        attributes |= {"namespace": namespace} if namespace else {}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = read_object(
            await self._connection.request(
                "POST", path, f"check access to {verb} {resource}", body=review
            )
        )
        return bool((answer.get("status") or {}).get("allowed"))

    async def logs(
        self, namespace: str, pod: str, *, container: str | None = None, tail: int = 100
    ) -> str:
        """The last `tail` lines that a container wrote."""
        query = {"tailLines": str(tail)} | ({"container": container} if container else {})
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        found = await self._connection.request(
            "GET", path, f"read the log of pod {namespace}/{pod}", query
        )
        return found.decode(errors="replace")


def _selected(resource: Resource) -> dict[str, str]:
    return {"fieldSelector": resource.selector} if resource.selector else {}


async def _batches(
    pieces: AsyncIterator[bytes], large: LargeAnswers, action: str
) -> AsyncGenerator[Batch, None]:
    lines = LineSplitter()
    async for piece in pieces:
        found = lines.feed(piece)
        if lines.size > LARGE:
            async with large.turn(action):
                found += await _rest_of_the_line(lines, pieces)
        yield found
    if rest := lines.rest():
        yield [rest]


async def _rest_of_the_line(lines: LineSplitter, pieces: AsyncIterator[bytes]) -> list[bytes]:
    found: list[bytes] = []
    async for piece in pieces:
        found += lines.feed(piece)
        if lines.size <= LARGE:
            break
    return found
