"""An API server that went mad: a real one's answers, mutated, and now and then no answer at all."""

import asyncio
import contextlib
import gzip
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import orjson
from aiohttp import web

from tests.contract.test_fuzz_cluster import mutate

MUTATED = 0.05
"""Of the lines of a watch, those before which a mutated copy comes."""

MADNESS = (
    "redirects", "gzip bomb", "endless line", "huge refusal", "retry after nan", "blank lines",
    "silence", "hangs up", "nonsense",
)  # fmt: skip

MARKER = "redirected-here"
"""A machine that nobody asks for but a redirect."""


@dataclass
class MadServer:
    """A proxy before a sane API server.

    Attributes:
        madness: how it answers now; "" as the sane one, but for mutated lines.
        home: where redirects lead: the server that asks.
    """

    sane: str
    chance: random.Random
    home: str = ""
    madness: str = ""
    seen: dict[str, int] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            async with aiohttp.ClientSession(trust_env=False, auto_decompress=True) as self._client:
                yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.madness:
            self.seen[self.madness] = self.seen.get(self.madness, 0) + 1
            with contextlib.suppress(ConnectionError):
                return await self._mad(request, self.madness)
            return web.Response()
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            return await self._sane(request)
        return web.Response(status=502)

    async def _sane(self, request: web.Request) -> web.StreamResponse:
        async with self._client.request(
            request.method,
            f"{self.sane}{request.path_qs}",
            data=await request.read(),
            headers={
                name: value
                for name, value in request.headers.items()
                if name.lower() not in ("host", "content-length", "transfer-encoding")
            },
            timeout=aiohttp.ClientTimeout(total=None),
        ) as answer:
            response = web.StreamResponse(status=answer.status)
            response.content_type = answer.content_type
            await response.prepare(request)
            if request.query.get("watch"):
                async for line in answer.content:
                    if self.madness:
                        await response.write(await self._mad_line(self.madness))
                        break
                    if self.chance.random() < MUTATED:
                        mutated = mutate(orjson.loads(line), self.chance)
                        await response.write(orjson.dumps(mutated) + b"\n")
                    await response.write(line)
            else:
                await response.write(await answer.read())
        return response

    async def _mad_line(self, madness: str) -> bytes:
        match madness:
            case "endless line":
                return b'{"type": "' + b"x" * 20_000_000
            case "blank lines":
                return b"\n" * 10_000
            case "nonsense":
                return b"[" * 100_000 + b"\n"
            case _:
                return b""

    async def _mad(self, request: web.Request, madness: str) -> web.StreamResponse:
        match madness:
            case "redirects":
                where = self.chance.choice(
                    (f"/kill/{MARKER}?for=600", f"/restore/{MARKER}", f"/api/outages/{MARKER}")
                )
                return web.Response(status=302, headers={"Location": f"{self.home}{where}"})
            case "gzip bomb":
                bomb = gzip.compress(b"[" * 100_000_000, 1)
                return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})
            case "huge refusal":
                status = {"kind": "Status", "code": 500, "message": "no " * 7_000_000}
                return web.Response(status=500, body=orjson.dumps(status))
            case "retry after nan":
                text = '{"kind": "Status", "code": 429, "details": {"retryAfterSeconds": NaN}}'
                return web.Response(status=429, text=text, headers={"Retry-After": "nan"})
            case "silence":
                await asyncio.sleep(8)
                return web.Response(status=504)
            case "hangs up":
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            case _:
                return web.Response(body=await self._mad_line(madness) or b"[" * 100_000)
