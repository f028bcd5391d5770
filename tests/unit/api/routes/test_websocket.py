"""The websocket, over a real one."""

import asyncio
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chaosmonkey.hub.views import ServiceView
from tests.patience import PATIENCE, connect, until
from tests.sure import sure
from tests.unit.api.conftest import Site


def address(site: Site) -> str:
    return site.url.replace("http", "ws") + "/ws"


async def test_a_snapshot_comes_first_then_deltas_in_sequence(site: Site) -> None:
    async with connect(address(site)) as socket:
        first = orjson.loads(await socket.recv())
        assert first["type"] == "snapshot"
        await site.client.post("/kill/node3")
        seqs: list[int] = []
        seen: dict[str, Any] = {}
        while "outages" not in seen:
            async with asyncio.timeout(PATIENCE):
                message = orjson.loads(await socket.recv())
            seqs.append(message["seq"])
            seen |= message["set"]
        assert seqs == list(range(first["seq"] + 1, first["seq"] + 1 + len(seqs)))


async def test_two_readers_are_told_the_same(site: Site) -> None:
    async with connect(address(site)) as one, connect(address(site)) as two:
        await asyncio.gather(one.recv(), two.recv())
        site.hub.put("services", "x", ServiceView("shop", "web", 1, 2))
        assert await one.recv() == await two.recv()


@pytest.mark.parametrize("path", ["/ws", "/ws/play"])
async def test_a_connection_on_which_nothing_happens_is_given_a_sign_of_life(
    site: Site, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("api.routes.websocket", "hub.phone_stream"):
        monkeypatch.setattr(f"chaosmonkey.{module}.BEAT", 0.05)
    async with connect(site.url.replace("http", "ws") + path) as socket, asyncio.timeout(PATIENCE):
        kinds = [orjson.loads(await socket.recv())["type"] for _ in range(20)]
    assert kinds[-1] == "beat"
    assert set(kinds) - {"beat", "delta"} in ({"snapshot"}, {"play"})


async def test_what_a_reader_says_is_not_listened_to_and_it_leaves_no_trace(site: Site) -> None:
    async with connect(address(site)) as socket:
        await socket.recv()
        await socket.send("kill node3")
        await socket.send(b"\x00\xff")
        site.hub.put("services", "x", ServiceView("shop", "web", 1, 2))
        await socket.recv()
    await until(lambda: not site.hub.watching)
    assert site.table.diary == []


async def test_a_page_of_another_site_gets_no_websocket(site: Site) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}):
        with pytest.raises(InvalidStatus):
            async with connect(address(site), additional_headers=headers):
                pass
    assert site.hub.watching == 0


async def test_a_frame_that_is_too_large_ends_the_connection(site: Site) -> None:
    async with connect(address(site), max_size=None) as socket:
        await socket.recv()
        await socket.send("x" * 1_000_000)
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(PATIENCE):
                await socket.recv()


async def test_when_the_server_stops_the_reader_is_told_to_come_back(site: Site) -> None:
    async with connect(address(site)) as socket:
        await socket.recv()
        site.hub.close()
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(PATIENCE):
                await socket.recv()
        assert sure(closed.value.rcvd).code == 1001
