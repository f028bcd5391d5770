"""What HTTP devices answer when something is wrong, and what we make of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from chaosmonkey.config import HttpPlug
from chaosmonkey.errors import PlugFailed
from chaosmonkey.plugs.http import HttpDevice


@asynccontextmanager
async def answering(response: web.Response | None) -> AsyncIterator[HttpDevice]:
    """A Tasmota at whose address something else answers, or hangs up if there is no response."""
    asked: list[str] = []

    async def serve(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        if response is None:
            assert request.transport is not None
            request.transport.abort()
        return response or web.Response()

    server = await asyncio.get_running_loop().create_server(web.Server(serve), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = HttpPlug(
        driver="http", url=f"http://127.0.0.1:{port}", preset="tasmota", password="device-secret"
    )
    try:
        yield HttpDevice(settings)
    finally:
        server.close()
    assert set(asked) <= {"/cm"}, "a redirect was followed"


@pytest.mark.parametrize(
    ("response", "told"),
    [
        (web.Response(status=401), "answered 401"),
        (web.Response(status=500), "answered 500"),
        (web.Response(status=302, headers={"Location": "/elsewhere"}), "answered 302"),
        (web.Response(text="<html>"), "answered something that is not JSON"),
        (None, "cannot be asked"),
    ],
)
async def test_an_answer_that_is_none_is_an_error_with_the_request_but_no_secret(
    response: web.Response | None, told: str
) -> None:
    async with answering(response) as device:
        with pytest.raises(PlugFailed, match=told) as caught:
            await device.read()
    assert "(GET /cm)" in str(caught.value)
    assert "device-secret" not in f"{caught.value} {caught.value.facts} {caught.value.__context__}"


async def test_what_answers_no_http_at_all_is_an_error_too() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    device = HttpDevice(HttpPlug(driver="http", url=f"http://127.0.0.1:{port}", preset="tasmota"))
    with pytest.raises(PlugFailed, match="cannot be asked"):
        await device.read()
    server.close()
