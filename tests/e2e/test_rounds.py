"""A round outlives the server, however that ends; the simulator and the phones' cookies live on."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Demo
from tests.meant import MEANT
from tests.patience import PATIENCE, eventually

pytestmark = pytest.mark.e2e


@asynccontextmanager
async def phones(demo: Demo, number: int) -> AsyncIterator[list[httpx.AsyncClient]]:
    """So many phones with a seat."""
    state = (await demo.get("/api/state"))["state"]
    code = state["show"]["show"]["join_code"]
    async with AsyncExitStack() as stack:
        made = []
        for at in range(number):
            phone = await stack.enter_async_context(
                httpx.AsyncClient(base_url=demo.url, timeout=PATIENCE, headers=MEANT)
            )
            joining = {"seat": f"{at:032x}", "code": code}
            (await phone.post("/api/play/join", json=joining)).raise_for_status()
            made.append(phone)
        yield made


async def current(demo: Demo) -> dict[str, Any]:
    found: dict[str, Any] = (await demo.get("/api/round"))["round"]
    return found


async def killed(demo: Demo) -> None:
    """End the server with kill -9; return when it was started again and answers."""
    os.kill(await demo.server_pid(), signal.SIGKILL)

    async def away() -> bool:
        try:
            return (await demo.client.get("/healthz")).status_code != 200
        except httpx.TransportError:
            return True

    await eventually(away)
    await demo.ready()


async def test_kill_9_in_an_open_vote_loses_no_seat_and_no_vote(demo: Demo) -> None:
    opened = (await demo.client.post("/api/round/open", json={"seconds": 3600})).json()
    async with phones(demo, 5) as crowd:
        for at, phone in enumerate(crowd):
            ballot = {"round": opened["id"], "machine": f"node{at % 2 + 1}"}
            (await phone.post("/api/play/vote", json=ballot)).raise_for_status()

        async def kept() -> bool:
            return demo.data.joinpath("chaosmonkey.db").exists() and await written(demo) == 5

        await eventually(kept)
        before = await current(demo)
        await killed(demo)
        after = await current(demo)
        assert after["id"] == before["id"]
        assert after["state"] == "open"
        assert after["tally"] == before["tally"]
        assert after["commitment"] == before["commitment"]
        for at, phone in enumerate(crowd):
            me = (await phone.post("/api/play/join", json={})).json()
            assert me["voted"] == f"node{at % 2 + 1}"
            assert me["ticket"] == at + 1
        other = {"round": opened["id"], "machine": "node5"}
        assert (await crowd[0].post("/api/play/vote", json=other)).status_code == 409
    done = await demo.client.post("/api/round/execute")
    assert done.json()["chosen"] == "node1"


async def written(demo: Demo) -> int:
    """How many ballots are on the disk."""
    import sqlite3

    with sqlite3.connect(f"file:{demo.data}/chaosmonkey.db?mode=ro", uri=True) as database:
        return int(database.execute("SELECT count(*) FROM entries").fetchone()[0])


async def test_kill_9_in_the_outage_of_a_bet_ends_it_without_a_winner(demo: Demo) -> None:
    opened = (
        await demo.client.post("/api/round/open", json={"mode": "bet", "machine": "node3"})
    ).json()
    async with phones(demo, 1) as (ana,):
        guess = {"round": opened["id"], "seconds": 12}
        (await ana.post("/api/play/guess", json=guess)).raise_for_status()
        (await demo.client.post("/api/round/execute")).raise_for_status()

        async def kept() -> bool:
            return await written(demo) == 1

        await eventually(kept)
        await killed(demo)
        after = await current(demo)
    assert after["state"] == "revealed"
    assert after["past"][-1]["stage"] == "aborted"
    assert after["bet"]["best"] == []
    assert "the server stopped in the meantime" in after["says"]
