"""An audience of 2,000 phones on one server: they join, listen and vote, and a machine is killed.

The same bytes go out by turns through the server and through nats-server, so that whatever else
the machine does hits both. Then everybody who means no good comes as well: the presenter shall not
notice. The server, the phones, the hands and this share the machine's cores.
"""

import asyncio
import contextlib
import os
import statistics
import sys
import time
from itertools import chain
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks._crowd import Nats, free_port, nats, nats_server
from tests.benchmarks._hall import Hall, Scale, hall
from tests.benchmarks._table import percentiles

PAUSE = 0.4
"""Seconds between two messages: more than the 0.25 s that the phones' stream rests."""

FEEDS = ("network", "power")
"""What a cut is to cut, by turns: the shortest news that phones are told."""


async def measure(scale: Scale = Scale()) -> dict[str, Any]:  # noqa: B008 - frozen
    async with hall() as here:
        quiet = await here.probed(asyncio.sleep(5))
        cookies, joined = await here.join(scale)
        out = await _fan_out(here, scale)
        voted = await here.vote(scale, cookies)
        on_sockets = [await here.vote_on_sockets(seconds) for seconds in (scale.vote, 1.0)]
        rough = await here.probed(_rough(here.port, scale.abuse)) if scale.abuse else {}
        told = await here.phones.do("heard")
        return {
            "conditions": f"{scale.phones} phones in one process; {os.cpu_count()} cores for the "
            f"server, phones, votes and measuring; load {os.getloadavg()[0]:.1f}",
            "without_phones": quiet,
            "join": joined,
            "fan_out": out,
            "vote": voted,
            "vote_on_sockets": on_sockets,
            "with_rough_clients": rough,
            "disconnects": told["lost"].get("ours", 0),
            "phones_at_the_end": told["open"],
            "server_mb": {"at_the_end": here.memory.now(), "most": here.memory.most()},
        }


async def _fan_out(here: Hall, scale: Scale) -> dict[str, Any]:
    """The same messages by turns through the server and, if there is one, through nats-server."""
    async with contextlib.AsyncExitStack() as stack:
        other: Nats | None = None
        if (program := nats_server()) is not None:
            port, sockets = free_port(), free_port()
            other = await stack.enter_async_context(
                nats(program, here.folder, port=port, websocket_port=sockets)
            )
            await here.phones.do("subscribe", port=sockets, phones=scale.phones)
        await here.phones.do("heard")
        pressed, published = await _by_turns(here, scale, other)
        heard = await here.phones.do("heard")
    offset = time.time() - time.perf_counter()
    ours = heard["came"]["ours"]
    rounds = {
        "press_to_phone": spread(ours, pressed),
        "event_to_phone": spread(ours, {seq: heard["at"][str(seq)] - offset for seq in pressed}),
    }
    if other is not None:
        rounds["nats_to_client"] = spread(heard["came"]["theirs"], published)
    figures = {name: percentiles(list(chain(*spread))) for name, spread in rounds.items()}
    return {
        **figures,
        "missed": {name: scale.phones * scale.pairs - one["n"] for name, one in figures.items()},
        "p99_of_nats": None if other is None else _compared(rounds, figures),
    }


def _compared(
    rounds: dict[str, list[list[float]]], figures: dict[str, dict[str, float]]
) -> dict[str, dict[str, float]]:
    """Our p99 as a multiple of nats-server's: of all messages, and in the median of pairs."""
    return {
        name: {
            "all": _ratio(figures[name], figures["nats_to_client"]),
            "median_of_pairs": statistics.median(
                _ratio(percentiles(mine), percentiles(its))
                for mine, its in zip(rounds[name], rounds["nats_to_client"], strict=True)
            ),
        }
        for name in ("event_to_phone", "press_to_phone")
    }


def _ratio(mine: dict[str, float], its: dict[str, float]) -> float:
    return round(mine["p99_ms"] / its["p99_ms"], 2)


async def _by_turns(
    here: Hall, scale: Scale, other: Nats | None
) -> tuple[dict[int, float], dict[int, float]]:
    """When each message was asked for here, and published there."""
    pressed: dict[int, float] = {}
    published: dict[int, float] = {}
    async with connect(f"ws://127.0.0.1:{here.port}/ws/play") as phone:
        await asyncio.sleep(1)
        for number in range(scale.pairs):
            await latest(phone)
            began = time.perf_counter()
            await here.client.post("/api/show", json={"feed": FEEDS[number % 2]})
            message = str(await phone.recv()).encode()
            seq = seq_of(message)
            pressed[seq] = began
            await asyncio.sleep(PAUSE)
            if other is not None:
                published[seq] = time.perf_counter()
                other.publish(message)
                await asyncio.sleep(PAUSE)
        await here.client.post("/api/show", json={"feed": "power"})
        await asyncio.sleep(PAUSE)
    return pressed, published


async def latest(phone: ClientConnection) -> None:
    """Drop what has come already: the next message is a new one."""
    with contextlib.suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0.01):
                await phone.recv()


def seq_of(message: bytes) -> int:
    """Return the number of a message to phones."""
    return int(message.partition(b'"seq":')[2].partition(b",")[0])


def spread(came: dict[str, list[float]], began: dict[int, float]) -> list[list[float]]:
    """Seconds from the beginning of each message to its arrival at each phone."""
    return [[when - began[seq] for when in came[str(seq)]] for seq in began]


async def _rough(port: int, seconds: float) -> None:
    """Everybody who means no good."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks._rough", str(port), str(seconds)
    )
    assert await process.wait() == 0
