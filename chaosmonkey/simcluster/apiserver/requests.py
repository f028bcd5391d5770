"""HTTP requests over ASGI: read a body, answer with JSON or a stream of lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import orjson

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.lists import Query
from chaosmonkey.simcluster.apiserver.negotiation import JSON, YAML, Accepted, Body, negotiate
from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.apiserver.watches import Watch

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

Headers = dict[str, str | tuple[str, ...]]
"""Headers of an answer; several values are several headers."""

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
        self.media_type = headers.get(b"content-type", "").partition(";")[0].strip().lower()
        self._receive = receive
        self._send = send

    @cached_property
    def accepted(self) -> Accepted:
        """The form in which the client gets its answer. Refuses with 406 if there is none."""
        return negotiate(self.accept)

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

    async def object(self) -> Body:
        """Read the body of a write."""
        return Body(await self.body(), self.media_type)

    async def json(self) -> Any:
        """Parse the body as JSON whatever its media type; `{}` if it is empty. Refuses with 400."""
        body = await self.body()
        try:
            return orjson.loads(body) if body else {}
        except orjson.JSONDecodeError as broken:
            raise refusals.bad_request(f"json parse error: {broken}") from None

    async def answer(
        self,
        code: int,
        obj: Any,
        *,
        media_type: str = JSON,
        headers: Headers | None = None,
        warnings: Iterable[str] = (),
    ) -> None:
        """Send an object as JSON or YAML."""
        said = tuple(f"299 - {orjson.dumps(text).decode()}" for text in warnings)
        extra: Headers = {"Warning": said} if said else {}
        body = _yaml(obj) if media_type == YAML else orjson.dumps(obj)
        await self.raw(code, body, media_type=media_type, headers=(headers or {}) | extra)

    async def plain(self, code: int, text: str) -> None:
        """Send plain text."""
        await self.raw(code, text.encode(), media_type="text/plain; charset=utf-8")

    async def raw(
        self,
        code: int,
        body: bytes,
        *,
        media_type: str = JSON,
        headers: Headers | None = None,
    ) -> None:
        """Send bytes."""
        length: Headers = {"Content-Length": str(len(body))}
        await self.begin(code, media_type, length | (headers or {}))
        await self._send({"type": "http.response.body", "body": body})

    async def begin(
        self, code: int, media_type: str = JSON, headers: Headers | None = None
    ) -> None:
        """Send the status and headers; the body follows."""
        sent: Headers = {"Cache-Control": "no-cache, private", "Content-Type": media_type}
        pairs = [
            (name.encode(), value.encode())
            for name, values in (sent | (headers or {})).items()
            for value in ((values,) if isinstance(values, str) else values)
        ]
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


def _yaml(obj: Any) -> bytes:
    """An object as YAML, with sorted fields like a real server's."""
    import yaml  # noqa: PLC0415 - few clients want it

    return str(yaml.safe_dump(obj, default_flow_style=False)).encode()
