"""Requests go out as Kubernetes wants them; whatever goes wrong comes back as one of our errors."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from chaosmonkey.cluster.client import Client
from chaosmonkey.cluster.connection import LARGEST_ANSWER
from chaosmonkey.cluster.errors import (
    Expired,
    Forbidden,
    MalformedResponse,
    NotFound,
    ServerError,
    StatusError,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from chaosmonkey.cluster.resources import DEPLOYMENTS, NODES, PODS, WARNINGS
from chaosmonkey.config import Cluster


class Wire:
    """A server that answers each request with the next bytes of a script, then hangs up."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.client: Client

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            length = next(
                (
                    int(line[15:])
                    for line in head.splitlines()
                    if line.startswith("Content-Length:")
                ),
                0,
            )
            self.bodies.append(await reader.readexactly(length))
            writer.write(self.answers.pop(0))
            await writer.drain()
        finally:
            writer.close()

    @property
    def asked(self) -> str:
        return self.heads[-1].splitlines()[0].removesuffix(" HTTP/1.1")


@asynccontextmanager
async def serving(*answers: bytes) -> AsyncIterator[Wire]:
    wire = Wire(*answers)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        wire.client = Client(Cluster(server=f"http://127.0.0.1:{port}/"))
        try:
            yield wire
        finally:
            await wire.client.close()


def answer(body: bytes | str, code: int = 200, **headers: str) -> bytes:
    data = body if isinstance(body, bytes) else body.encode()
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {code} X\r\n{extra}Content-Length: {len(data)}\r\n\r\n".encode() + data


def chunks(*parts: bytes, end: bool = True) -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n" * end


EMPTY = answer('{"metadata":{"resourceVersion":"5","continue":"t k"},"items":[]}')


async def test_lists_are_asked_for_in_pages() -> None:
    async with serving(EMPTY, EMPTY, EMPTY) as wire:
        page = await wire.client.list(PODS, "demo")
        assert wire.asked == "GET /api/v1/namespaces/demo/pods?limit=500"
        assert (page.version, page.token) == ("5", "t k")
        await wire.client.list(PODS, None, token=page.token)
        assert wire.asked == "GET /api/v1/pods?limit=500&continue=t+k"
        await wire.client.list(DEPLOYMENTS, None, limit=0)
        assert wire.asked == "GET /apis/apps/v1/deployments"


async def test_of_events_only_warnings_about_pods_are_asked_for() -> None:
    async with serving(EMPTY, chunks()) as wire:
        await wire.client.list(WARNINGS, None, limit=0)
        only = "fieldSelector=type%3DWarning,involvedObject.kind%3DPod"
        assert wire.asked == f"GET /api/v1/events?{only}"
        async with wire.client.watch(WARNINGS, None, "7", 300):
            assert wire.asked.startswith(f"GET /api/v1/events?{only}&watch=1&")


async def test_a_watch_yields_lines_however_they_were_cut() -> None:
    async with serving(chunks(b'{"a":', b'1}\n{"b":2}\n', b'{"c":3}')) as wire:
        async with wire.client.watch(NODES, None, "7", 300) as batches:
            found = [line async for batch in batches for line in batch]
        assert found == [b'{"a":1}', b'{"b":2}', b'{"c":3}']
        path, _, query = wire.asked.partition("?")
        assert path == "GET /api/v1/nodes"
        assert query == ("watch=1&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=300")


async def test_a_line_may_be_longer_than_a_megabyte() -> None:
    long = b'{"x":"' + b"y" * 3_000_000 + b'"}'
    pieces = [long[i : i + 100_000] for i in range(0, len(long), 100_000)]
    async with (
        serving(chunks(*pieces, b"\n")) as wire,
        wire.client.watch(NODES, None, "7", 300) as batches,
    ):
        assert [len(line) async for batch in batches for line in batch] == [len(long)]


async def test_a_stream_that_breaks_is_unreachable_after_what_came_before() -> None:
    async with serving(chunks(b'{"a":1}\n{"b"', end=False)) as wire:
        found: list[bytes] = []

        async def follow() -> None:
            async with wire.client.watch(NODES, None, "7", 300) as batches:
                async for batch in batches:
                    found.extend(batch)

        with pytest.raises(Unreachable, match="the connection broke"):
            await follow()
        assert found == [b'{"a":1}']


@pytest.mark.parametrize(
    ("code", "error"),
    [(401, Unauthorized), (403, Forbidden), (404, NotFound), (410, Expired), (429, TooManyRequests),
     (400, StatusError), (500, ServerError), (503, ServerError)],
)  # fmt: skip
async def test_each_refusal_is_an_error_of_its_own(code: int, error: type[StatusError]) -> None:
    body = f'{{"kind":"Status","message":"for a reason","reason":"R","code":{code}}}'
    async with serving(answer(body, code)) as wire:
        with pytest.raises(error, match=r"list pods: for a reason") as raised:
            await wire.client.list(PODS, None)
        assert raised.type is error


async def test_being_forbidden_says_what_and_how_to_get_it() -> None:
    message = (
        'nodes is forbidden: User \\"jo\\" cannot list resource \\"nodes\\" in API group \\"\\"'
    )
    body = f'{{"kind":"Status","message":"{message}","code":403}}'
    async with serving(answer(body, 403)) as wire:
        with pytest.raises(Forbidden, match='User "jo" cannot list resource "nodes"') as raised:
            await wire.client.list(NODES, None)
        assert "docs/cluster.md" in raised.value.remedy


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", 3.0)])
async def test_a_refusal_says_when_to_come_back(header: str, seconds: float) -> None:
    body = '{"kind":"Status","code":429,"details":{"retryAfterSeconds":3}}'
    async with serving(answer(body, 429, Retry_After=header)) as wire:
        with pytest.raises(TooManyRequests) as raised:
            await wire.client.list(PODS, None)
        assert raised.value.retry_after == seconds


async def test_nobody_there_is_unreachable_and_says_what_to_check() -> None:
    async with serving() as wire:
        pass
    with pytest.raises(Unreachable, match=r"list pods: connection refused\.") as raised:
        await wire.client.list(PODS, None)
    assert "Check that the API server runs" in raised.value.remedy
    await wire.client.close()


async def test_a_proxys_page_is_garbled_not_a_crash() -> None:
    async with serving(answer("<html>welcome</html>")) as wire:
        with pytest.raises(MalformedResponse, match="<html>welcome"):
            await wire.client.list(PODS, None)


async def test_a_glance_takes_any_answer_for_life_but_the_servers_own_failure() -> None:
    async with serving(answer("ok"), answer("no such page", 404), answer("not yet", 500)) as wire:
        await wire.client.glance()
        await wire.client.glance()
        with pytest.raises(ServerError):
            await wire.client.glance()


async def test_a_pod_is_deleted_only_if_it_is_the_one_that_was_meant() -> None:
    async with serving(answer("{}")) as wire:
        await wire.client.delete_pod("demo", "shop-1", uid="u-1", grace=0)
        assert wire.asked == "DELETE /api/v1/namespaces/demo/pods/shop-1"
        assert b'"preconditions": {"uid": "u-1"}' in wire.bodies[-1]
        assert b'"gracePeriodSeconds": 0' in wire.bodies[-1]


async def test_logs_come_as_text_from_their_end() -> None:
    async with serving(answer("one\ntwo\n")) as wire:
        assert await wire.client.logs("demo", "shop-1", container="c", tail=2) == "one\ntwo\n"
        assert wire.asked == "GET /api/v1/namespaces/demo/pods/shop-1/log?tailLines=2&container=c"


async def test_the_version_is_told() -> None:
    async with serving(answer('{"gitVersion":"v1.36.2"}')) as wire:
        assert await wire.client.server_version() == "v1.36.2"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(code: int) -> None:
    """What answers in the API server's place could command this very server."""
    async with serving(answer("", code, Location="/kill/node3"), answer("{}")) as wire:
        with pytest.raises(Unreachable, match="a redirect, which is not followed"):
            await wire.client.list(PODS, None)
        assert len(wire.heads) == 1


async def test_a_packed_answer_is_refused_and_a_huge_one_given_up() -> None:
    packed = gzip.compress(b'{"items": [' + b" " * 30_000_000 + b"]}")
    async with serving(answer(packed, Content_Encoding="gzip")) as wire:
        with pytest.raises(Unreachable, match="a compressed answer"):
            await wire.client.list(PODS, None)
        assert "Accept-Encoding: identity" in wire.heads[0]
    async with serving(answer(b" " * (LARGEST_ANSWER + 1))) as wire:
        with pytest.raises(MalformedResponse, match="more than 16384 KiB"):
            await wire.client.list(PODS, None)


async def test_a_long_refusal_is_told_shortly() -> None:
    body = orjson.dumps({"message": "no " * 20_000, "code": 403})
    async with serving(answer(body, 403)) as wire:
        with pytest.raises(Forbidden) as caught:
            await wire.client.list(PODS, None)
    assert len(str(caught.value)) < 1000
