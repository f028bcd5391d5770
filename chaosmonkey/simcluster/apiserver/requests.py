"""HTTP requests over ASGI: read a body, answer with JSON or a stream of lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.handlers import read_json
from chaosmonkey.simcluster.apiserver.lists import Query
from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.apiserver.resources import ApiResource
from chaosmonkey.simcluster.apiserver.watches import Watch

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON = "application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"
_LONGEST_BODY = 3 * 1024 * 1024


class Request:
    """One HTTP request and its answer, over ASGI."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: Query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        self.headers = headers
        self.accept = headers.get(b"accept", "")
        self.media_type = headers.get(b"content-type", "").partition(";")[0].strip()
        self._receive = receive
        self._send = send

    @property
    def wants_table(self) -> bool:
        """Whether the client wants a Table instead of objects."""
        return "as=Table" in self.accept

    async def body(self) -> bytes:
        """Read the whole body. Refuses with 413 one that is too large."""
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

    async def json(self, resource: ApiResource | None) -> Any:
        """Parse the body as JSON; `{}` if it is empty. Refuses protobuf and malformed JSON."""
        if self.media_type == PROTOBUF:
            raise refusals.unsupported_media(self.media_type)
        return read_json(resource, await self.body())

    async def answer(
        self,
        code: int,
        obj: Any,
        *,
        media_type: str = JSON,
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
        media_type: str = JSON,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Send bytes."""
        await self.begin(code, media_type, {"Content-Length": str(len(body))} | (headers or {}))
        await self._send({"type": "http.response.body", "body": body})

    async def begin(
        self, code: int, media_type: str = JSON, headers: dict[str, str] | None = None
    ) -> None:
        """Send the status and headers; the body follows."""
        sent = {"Cache-Control": "no-cache, private", "Content-Type": media_type}
        pairs = [(k.encode(), v.encode()) for k, v in (sent | (headers or {})).items()]
        await self._send({"type": "http.response.start", "status": code, "headers": pairs})

    async def more(self, body: bytes) -> None:
        """Send a part of the body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self) -> None:
        """End the body."""
        await self._send({"type": "http.response.body", "body": b""})

    async def wait_for_disconnect(self, watch: Watch) -> None:
        """Wait until the client disconnects, then end its watch."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        watch.finish(broken=True)
