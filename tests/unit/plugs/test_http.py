"""What HTTP devices answer when something is wrong, and what we make of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from chaosmonkey.config import HttpPlug
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.plugs.http import HttpDevice

NEEDS_A_USER = "Need user=<username>&password=<password>"


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
        (web.Response(status=302, headers={"Location": "/elsewhere"}), "redirect to /elsewhere"),
        (web.Response(status=302), "answered 302"),
        (web.Response(text="Device mode is roller!"), "not JSON, saying 'Device mode is roller!'"),
        (web.Response(status=404, text="No handler for GET"), "saying 'No handler for GET'"),
        (web.json_response({"WARNING": NEEDS_A_USER}), f"refused: Tasmota says '{NEEDS_A_USER}'"),
        (web.json_response({"WARNING": NEEDS_A_USER}, status=401), "answered 401: Tasmota says"),
        (web.Response(status=500, text="GET /cm?password=device-secret"), "password=\\*\\*\\*'"),
        (web.Response(text="<html>"), "sent an answer that is not JSON"),
        (None, "cannot be reached"),
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
    with pytest.raises(PlugFailed, match="cannot be reached"):
        await device.read()
    server.close()


@pytest.mark.parametrize(
    ("answer", "remark"),
    [
        ({"POWER": "AN"}, 'neither on nor off: {"POWER": "AN"} Its words for off and on must be'),
        ({"POWER": "device-secret"}, 'neither on nor off: {"POWER": "***"}'),
        ({"POWER": "\x1b[2J\n" + "x" * 5000}, "xxx…"),
        ({"WARNING": "Enable weblog 2"}, "Tasmota says 'Enable weblog 2'."),
        ({"WARNING": "device-secret"}, "Tasmota says '***'."),
        ({"POWER": "ON"}, ""),
    ],
)
async def test_a_reading_that_is_neither_on_nor_off_quotes_the_device(
    answer: dict[str, str], remark: str
) -> None:
    async with answering(web.json_response(answer)) as device:
        feed = await device.read()
    assert (feed is FeedState.ON) is (not remark)
    assert remark in device.remark
    assert len(device.remark) < 400
    assert device.remark.isprintable()


async def test_a_command_that_the_device_refuses_fails_at_once() -> None:
    async with answering(web.json_response({"WARNING": NEEDS_A_USER})) as device:
        with pytest.raises(PlugFailed, match="refused: Tasmota says"):
            await device.switch(on=False, back_in=10)
