"""A pretend API server with a few objects, and with rights for some namespaces only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from chaosmonkey.cluster import Client
from chaosmonkey.config import Cluster

Json = dict[str, Any]


@asynccontextmanager
async def api_server(
    objects: dict[str, list[Json]],
    *,
    may_see: Iterable[str] | None = None,
    namespaces: tuple[str, ...] = (),
) -> AsyncIterator[Client]:
    """A client of a server that lists `objects` by path.

    With `may_see` it allows what is in those namespaces, nodes, and the leases of the kubelets; a
    request for everything of a kind is refused then.
    """

    def allowed(namespace: str, resource: str) -> bool:
        if may_see is None or resource == "nodes":
            return True
        return namespace in {*may_see, "kube-node-lease"}

    async def serve(request: web.BaseRequest) -> web.Response:
        if request.path == "/version":
            return web.json_response({"gitVersion": "v1.36.2"})
        if request.method == "POST":
            asked = (await request.json())["spec"]["resourceAttributes"]
            may = allowed(asked.get("namespace", ""), asked["resource"])
            return web.json_response({"status": {"allowed": may}})
        before, _, resource = request.path.rpartition("/")
        namespace = before.partition("/namespaces/")[2]
        if not allowed(namespace, resource):
            status = {"kind": "Status", "code": 403, "message": f"{resource} is forbidden"}
            return web.json_response(status, status=403)
        return web.json_response({"items": objects.get(request.path, [])})

    server = await asyncio.get_running_loop().create_server(web.Server(serve), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Client(Cluster(server=f"http://127.0.0.1:{port}", namespaces=namespaces))
    try:
        yield client
    finally:
        await client.close()
        server.close()
