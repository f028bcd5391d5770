"""The API server's ASGI app: routes requests to discovery, lists, watches and verbs.

Every refusal is a Status object. There is no authentication.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from chaosmonkey.simcluster.apiserver import discovery, lists, refusals
from chaosmonkey.simcluster.apiserver.faults import Faults
from chaosmonkey.simcluster.apiserver.lists import number
from chaosmonkey.simcluster.apiserver.negotiation import (
    OPENAPI,
    OPENAPI_ACCEPTED,
    YAML,
    VerbAnswer,
    partial,
    partial_list,
)
from chaosmonkey.simcluster.apiserver.options import seconds as duration
from chaosmonkey.simcluster.apiserver.origins import OriginGuard
from chaosmonkey.simcluster.apiserver.paths import Target, parse
from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.apiserver.requests import Receive, Request, Send
from chaosmonkey.simcluster.apiserver.selectors import selector
from chaosmonkey.simcluster.apiserver.subresources import scale_of
from chaosmonkey.simcluster.apiserver.tables import table
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.apiserver.watches import Render, Watch, Watches
from chaosmonkey.simcluster.bench.api import BenchApi
from chaosmonkey.simcluster.node.applogs import read_log
from chaosmonkey.simcluster.realtime import RealTime

if TYPE_CHECKING:
    from chaosmonkey.simcluster.apiserver.handlers import Handlers

_FUTURE_WAIT = 3.0
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class ApiServer:
    """An ASGI app: the simulated API server, with the bench API and the faults."""

    def __init__(
        self, live: RealTime, watches: Watches, faults: Faults, bench_api: BenchApi
    ) -> None:
        self._live = live
        self._watches = watches
        self._faults = faults
        self._bench_api = bench_api
        self._origins = OriginGuard()

    @cached_property
    def _verbs(self) -> Handlers:
        """The writes, with all that checks them: a server that is only read does without."""
        from chaosmonkey.simcluster.apiserver.handlers import Handlers  # noqa: PLC0415

        return Handlers(self._live.world.store, self._live.world.admission)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive, send)
        try:
            self._origins.check(request.headers)
            await self._serve(request)
        except Refusal as refusal:
            await request.answer(refusal.code, refusal.status(), headers={**refusal.headers})

    async def _serve(self, request: Request) -> None:
        if request.path.startswith(("/sim", "/bench")):
            body = await request.json()
            found = self._bench_api.answer(request.method, request.path, body)
            if found is not None:
                await request.answer(*found)
                return
        if not self._live.world.context.answering:
            raise refusals.shutting_down()
        await self._faults.delay_or_refuse()
        self._live.catch_up()
        if request.path == _REVIEWS and request.method == "POST":
            await self._review(request)
        elif (target := parse(request.path)) is not None:
            await self._resource(request, target)
        else:
            await self._discover(request)

    @staticmethod
    async def _review(request: Request) -> None:
        """Allow everything; echo the review."""
        from chaosmonkey.simcluster.apiserver import reading  # noqa: PLC0415 - like `_verbs`

        wanted = reading.Expected("authorization.k8s.io/v1", "SelfSubjectAccessReview")
        body = await request.object()
        parsed = reading.parse(body.data, body.media_type, wanted)
        review = reading.decode(parsed, wanted).object
        blank: Obj = {"metadata": {}, "spec": {}}
        await request.answer(201, blank | review | {"status": {"allowed": True}})

    @staticmethod
    async def _discover(request: Request) -> None:
        if request.path == "/openapi/v2" and OPENAPI_ACCEPTED in request.accept:
            from chaosmonkey.simcluster.apiserver import openapi  # noqa: PLC0415 - rarely read

            await request.raw(200, openapi.version_2_protobuf(), media_type=OPENAPI)
            return
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
        if target.part != "log":
            _ = request.accepted  # refuse at once what cannot be answered
        match request.method:
            case "GET" if not target.name and query.get("watch") in {"1", "true"}:
                await self._watch(request, target)
            case "GET" if not target.name:
                await self._list(request, target)
            case "GET" if target.part == "log":
                await request.plain(200, self._log(self._get(target), query))
            case "GET":
                obj = self._get(target)
                found = VerbAnswer(200, scale_of(obj) if target.part == "scale" else obj)
                await self._send_object(request, target, found)
            case "POST":
                body = await request.object()
                await self._send_object(request, target, self._verbs.create(target, body, query))
            case "PUT" if target.name:
                body = await request.object()
                await self._send_object(request, target, self._verbs.update(target, body, query))
            case "PATCH" if target.name:
                body = await request.object()
                await self._send_object(request, target, self._verbs.patch(target, body, query))
            case "DELETE" if target.name:
                body = await request.object()
                await self._send_object(request, target, self._verbs.delete(target, body, query))
            case "DELETE":
                await self._delete_all(request, target)
            case _:
                raise refusals.method_not_allowed()

    def _get(self, target: Target) -> Obj:
        return self._live.world.store.get(target.resource, target.namespace, target.name)

    def _log(self, pod: Obj, query: dict[str, str]) -> str:
        kubelets = self._live.world.kubelets
        lines = number(query.get("tailLines", ""), "tailLines")
        return read_log(
            pod,
            self._live.clock.now(),
            tail=lines or None,
            reachable=lambda node: node not in kubelets or kubelets[node].connected,
        )

    async def _send_object(self, request: Request, target: Target, answer: VerbAnswer) -> None:
        """Send one object, as a table if the client wants one."""
        accepted, obj = request.accepted, answer.object
        if accepted.table and obj["kind"] == target.resource.kind:
            meta = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            obj = self._table(request, target, [obj], meta)
        elif accepted.partial and obj["kind"] == target.resource.kind:
            obj = partial(obj)
        await request.answer(
            answer.code,
            obj,
            media_type=accepted.media_type,
            warnings=_warnings(target, answer.warnings),
        )

    def _table(self, request: Request, target: Target, objects: list[Obj], meta: Obj) -> Obj:
        whole = request.query.get("includeObject", "Metadata")
        return table(target.resource, objects, meta, self._live.clock.now(), whole=whole)

    async def _list(self, request: Request, target: Target) -> None:
        store = self._live.world.store
        requested = request.query.get("resourceVersion", "")
        version = number(requested, "resourceVersion")
        if version > store.version:
            await asyncio.sleep(_FUTURE_WAIT / self._live.clock.speed)
            self._live.catch_up()
            if version > store.version:
                raise refusals.too_large_version(version, store.version)
        found = lists.page(store, target, request.query)
        await self._send_list(request, target, found)

    async def _send_list(self, request: Request, target: Target, found: lists.Page) -> None:
        accepted, warned = request.accepted, _warnings(target)
        if accepted.table:
            objects = [change.object for change in found.changes]
            table_ = self._table(request, target, objects, found.meta())
            await request.answer(200, table_, media_type=accepted.media_type, warnings=warned)
        elif accepted.media_type == YAML or accepted.partial or warned:
            listed = orjson.loads(lists.body(target, found))
            listed = partial_list(listed) if accepted.partial else listed
            await request.answer(200, listed, media_type=accepted.media_type, warnings=warned)
        else:
            await request.raw(200, lists.body(target, found))

    async def _delete_all(self, request: Request, target: Target) -> None:
        found = lists.page(self._live.world.store, target, request.query)
        body = await request.object()
        for change in found.changes:
            one = Target(target.resource, *change.key)
            self._verbs.delete(one, body, request.query)
        await self._send_list(request, target, found)

    async def _watch(self, request: Request, target: Target) -> None:
        query = request.query
        requested = query.get("resourceVersion", "")
        if requested and not requested.isdigit():
            parsing = f'strconv.ParseUint: parsing "{requested}": invalid syntax'
            message = f'resourceVersion: Invalid value: "{requested}": {parsing}'
            raise Refusal(500, "", message)
        initial = query.get("sendInitialEvents") == "true"
        fresh = initial or requested in {"", "0"}
        bookmarks = query.get("allowWatchBookmarks") in {"1", "true"}
        watch = Watch(
            target.resource,
            target.namespace,
            selector(
                target.resource, query.get("labelSelector", ""), query.get("fieldSelector", "")
            ),
            render=self._render(request, target) if request.accepted.form else None,
        )
        self._watches.begin(watch, None if fresh else int(requested))
        if bookmarks and (initial or not requested):
            self._watches.bookmark(watch, initial=True)
        span = (1800.0, 3600.0)
        seconds = duration(query.get("timeoutSeconds", "")) or self._live.world.timeline.draw(span)
        try:
            await self._stream(request, watch, seconds=seconds, bookmarks=bookmarks)
        finally:
            self._watches.close(watch)

    async def _stream(
        self, request: Request, watch: Watch, *, seconds: float, bookmarks: bool
    ) -> None:
        """Send a watch until it ends or the client disconnects."""
        await request.begin(200)
        async with asyncio.TaskGroup() as tasks:
            leaving = tasks.create_task(request.wait_for_disconnect(watch), name="client leaves")
            await self._watches.batches(
                watch, seconds=seconds, bookmarks=bookmarks, send=request.more
            )
            leaving.cancel()
        if not watch.broken:
            await request.end()

    def _render(self, request: Request, target: Target) -> Render:
        """Render the lines of a watch as metadata or tables; the first describes the columns."""
        whole = request.query.get("includeObject", "Metadata")
        first = [True]

        def metadata(what: str, obj: Obj) -> bytes:
            return orjson.dumps({"type": what, "object": partial(obj)}) + b"\n"

        def render(what: str, obj: Obj) -> bytes:
            meta = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            objects = [] if what == "BOOKMARK" else [obj]
            now = self._live.clock.now()
            lines = table(target.resource, objects, meta, now, whole=whole, columns=first[0])
            first[0] = False
            return orjson.dumps({"type": what, "object": lines}) + b"\n"

        return metadata if request.accepted.partial else render


def _warnings(target: Target, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What a client is warned of: a deprecated resource, fields that were ignored."""
    deprecated = target.resource.deprecated
    return (deprecated, *more) if deprecated else more
