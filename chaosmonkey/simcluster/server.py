"""The API server's face: an ASGI app that routes a request to discovery, a list, a watch or a verb.

Every refusal is a Status object. Nobody is asked who they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from chaosmonkey.simcluster import discovery, lists, refusals
from chaosmonkey.simcluster.faults import Faults
from chaosmonkey.simcluster.hands import Hands
from chaosmonkey.simcluster.history import Obj
from chaosmonkey.simcluster.lists import Query, number
from chaosmonkey.simcluster.live import Live
from chaosmonkey.simcluster.paths import Target, parse
from chaosmonkey.simcluster.refusals import Refusal
from chaosmonkey.simcluster.selectors import question
from chaosmonkey.simcluster.tables import table
from chaosmonkey.simcluster.verbs import Verbs, read_json
from chaosmonkey.simcluster.watches import Render, Watch, Watches

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_JSON = "application/json"
_FUTURE_WAIT = 3.0
_LONGEST_BODY = 3 * 1024 * 1024
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class Server:
    """An ASGI app: one pretend API server, with its hands and faults."""

    def __init__(self, live: Live, watches: Watches, faults: Faults, hands: Hands) -> None:
        self._live = live
        self._watches = watches
        self._faults = faults
        self._hands = hands
        self._verbs = Verbs(live.world.store, live.world.admission)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive, send)
        try:
            await self._serve(request)
        except Refusal as refusal:
            await request.answer(refusal.code, refusal.status(), headers=refusal.headers)

    async def _serve(self, request: Request) -> None:
        beside = request.path.startswith(("/sim", "/bench"))
        if beside:
            found = self._hands.answer(
                request.method, request.path, read_json(None, await request.body())
            )
            if found is not None:
                await request.answer(*found)
                return
        await self._faults.pass_through()
        self._live.catch_up()
        target = parse(request.path)
        if target is not None:
            await self._resource(request, target)
        elif request.path == _REVIEWS and request.method == "POST":
            review = read_json(None, await request.body())
            await request.answer(201, review | {"status": {"allowed": True}})
        else:
            await self._discover(request)

    @staticmethod
    async def _discover(request: Request) -> None:
        aggregated = "as=APIGroupDiscoveryList" in request.accept
        found = discovery.answer(request.path, aggregated=aggregated)
        if found is None:
            if request.path.startswith(("/api/", "/apis/")):
                raise refusals.unknown_path()
            await request.plain(404, "404 page not found\n")
        elif isinstance(found, str):
            await request.plain(200, found)
        elif aggregated and found.get("kind") == "APIGroupDiscoveryList":
            await request.answer(200, found, media_type=discovery.AGGREGATED)
        else:
            await request.answer(200, found)

    async def _resource(self, request: Request, target: Target) -> None:
        query = request.query
        match request.method:
            case "GET" if not target.name and query.get("watch") in {"1", "true"}:
                await self._watch(request, target)
            case "GET" if not target.name:
                await self._list(request, target)
            case "GET" if target.part == "log":
                self._verbs.get(target)
                await request.plain(200, "")
            case "GET":
                await self._show(request, target, *self._verbs.get(target))
            case "POST":
                obj = read_json(target.resource, await request.body())
                await self._show(request, target, *self._verbs.create(target, obj, query))
            case "PUT" if target.name:
                obj = read_json(target.resource, await request.body())
                await self._show(request, target, *self._verbs.update(target, obj, query))
            case "PATCH" if target.name:
                change = read_json(target.resource, await request.body())
                answer = self._verbs.patch(target, request.media_type, change, query)
                await self._show(request, target, *answer)
            case "DELETE" if target.name:
                options = read_json(target.resource, await request.body())
                await self._show(request, target, *self._verbs.delete(target, options, query))
            case "DELETE":
                await self._delete_all(request, target)
            case _:
                raise refusals.method_not_allowed()

    async def _show(self, request: Request, target: Target, code: int, obj: Obj) -> None:
        """Send one object, as a table if the client wants one."""
        if request.wants_table and obj["kind"] == target.resource.kind:
            meta = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            await request.answer(code, self._table(request, target, [obj], meta))
        else:
            await request.answer(code, obj)

    def _table(self, request: Request, target: Target, objects: list[Obj], meta: Obj) -> Obj:
        whole = request.query.get("includeObject", "Metadata")
        return table(target.resource, objects, meta, self._live.clock.now(), whole=whole)

    async def _list(self, request: Request, target: Target) -> None:
        store = self._live.world.store
        asked = request.query.get("resourceVersion", "")
        version = number(asked, "resourceVersion")
        if version > store.version:
            await asyncio.sleep(_FUTURE_WAIT / self._live.clock.speed)
            self._live.catch_up()
            if version > store.version:
                raise refusals.too_large_version(version, store.version)
        found = lists.page(store, target, request.query)
        if request.wants_table:
            objects = [change.object for change in found.changes]
            await request.answer(200, self._table(request, target, objects, found.meta()))
        else:
            await request.raw(200, lists.body(target, found))

    async def _delete_all(self, request: Request, target: Target) -> None:
        found = lists.page(self._live.world.store, target, request.query)
        options = read_json(target.resource, await request.body())
        for change in found.changes:
            one = Target(target.resource, *change.key)
            self._verbs.delete(one, options, request.query)
        await request.raw(200, lists.body(target, found))

    async def _watch(self, request: Request, target: Target) -> None:
        query = request.query
        asked = query.get("resourceVersion", "")
        if asked and not asked.isdigit():
            parsing = f'strconv.ParseUint: parsing "{asked}": invalid syntax'
            message = f'resourceVersion: Invalid value: "{asked}": {parsing}'
            raise Refusal(500, "", message)
        initial = query.get("sendInitialEvents") == "true"
        fresh = initial or asked in {"", "0"}
        bookmarks = query.get("allowWatchBookmarks") in {"1", "true"}
        watch = Watch(
            target.resource,
            target.namespace,
            question(query.get("labelSelector", ""), query.get("fieldSelector", "")),
            render=self._render(request, target) if request.wants_table else None,
        )
        if target.name:
            watch.question = question("", f"metadata.name={target.name}")
        self._watches.begin(watch, None if fresh else int(asked))
        if bookmarks and (initial or not asked):
            self._watches.bookmark(watch, initial=True)
        span = (1800.0, 3600.0)
        seconds = float(query.get("timeoutSeconds") or self._live.world.timeline.draw(span))
        try:
            await self._stream(request, watch, seconds=seconds, bookmarks=bookmarks)
        finally:
            self._watches.close(watch)

    async def _stream(
        self, request: Request, watch: Watch, *, seconds: float, bookmarks: bool
    ) -> None:
        """Send a watch until it ends or the client goes."""
        await request.begin(200)
        async with asyncio.TaskGroup() as tasks:
            leaving = tasks.create_task(request.gone(watch), name="client leaves")
            await self._watches.batches(
                watch, seconds=seconds, bookmarks=bookmarks, send=request.more
            )
            leaving.cancel()
        if not watch.broken:
            await request.end()

    def _render(self, request: Request, target: Target) -> Render:
        """Lines of a watch as tables; only the first one describes the columns."""
        whole = request.query.get("includeObject", "Metadata")
        first = [True]

        def render(what: str, obj: Obj) -> bytes:
            meta = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            objects = [] if what == "BOOKMARK" else [obj]
            now = self._live.clock.now()
            lines = table(target.resource, objects, meta, now, whole=whole, columns=first[0])
            first[0] = False
            return orjson.dumps({"type": what, "object": lines}) + b"\n"

        return render


class Request:
    """One HTTP request and its answer, over ASGI."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: Query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        self.accept = headers.get(b"accept", "")
        self.media_type = headers.get(b"content-type", "").partition(";")[0].strip()
        self._receive = receive
        self._send = send

    @property
    def wants_table(self) -> bool:
        """Whether the client asks for rows instead of objects."""
        return "as=Table" in self.accept

    async def body(self) -> bytes:
        """The whole body. Refuses one that is too large."""
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._receive()
            part = message.get("body", b"")
            parts.append(part)
            size += len(part)
            if size > _LONGEST_BODY:
                raise Refusal(413, "RequestEntityTooLarge", "request body is too large")
            more = message.get("more_body", False)
        return b"".join(parts)

    async def answer(
        self,
        code: int,
        obj: Any,
        *,
        media_type: str = _JSON,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Send JSON."""
        await self.raw(code, orjson.dumps(obj), media_type=media_type, headers=headers)

    async def plain(self, code: int, text: str) -> None:
        """Send plain text."""
        await self.raw(code, text.encode(), media_type="text/plain; charset=utf-8")

    async def raw(
        self,
        code: int,
        body: bytes,
        *,
        media_type: str = _JSON,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Send bytes."""
        await self.begin(code, media_type, {"Content-Length": str(len(body))} | (headers or {}))
        await self._send({"type": "http.response.body", "body": body})

    async def begin(
        self, code: int, media_type: str = _JSON, headers: dict[str, str] | None = None
    ) -> None:
        """Begin an answer whose body follows."""
        sent = {"Cache-Control": "no-cache, private", "Content-Type": media_type}
        pairs = [(k.encode(), v.encode()) for k, v in (sent | (headers or {})).items()]
        await self._send({"type": "http.response.start", "status": code, "headers": pairs})

    async def more(self, body: bytes) -> None:
        """Send a part of the body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self) -> None:
        """End the body."""
        await self._send({"type": "http.response.body", "body": b""})

    async def gone(self, watch: Watch) -> None:
        """Wait for the client to leave, then end its watch."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        watch.finish(broken=True)
