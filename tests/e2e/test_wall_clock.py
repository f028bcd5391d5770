"""A system clock that is set an hour back or forth, on a running server or between two of them."""

import contextlib
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaosmonkey.access import Rate
from tests.e2e._served import Served, World, served, world
from tests.e2e.conftest import LONG
from tests.meant import MEANT
from tests.patience import PATIENCE, eventually

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("by", [-3600.0, 3600.0], ids=["back", "forth"]),
]

TOKEN = "correct-horse-battery"


@pytest.fixture
def table() -> Iterator[World]:
    with world("--speed=1") as found:
        yield found


class Wall:
    """The system clock of the servers of one test."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "wall"
        self.env = {
            "PYTHONPATH": str(Path(__file__).parent / "wall"),
            "WALL_SET_BY": str(self._file),
            "CHAOSMONKEY_SERVER__PRESENTER_TOKEN": TOKEN,
            "CHAOSMONKEY_SERVER__ALWAYS_ASK": "true",
        }

    def set(self, by: float) -> None:
        self._file.write_text(str(by))


@contextlib.asynccontextmanager
async def armed_server(table: World, folder: Path, wall: Wall) -> AsyncIterator[Served]:
    """A server that the client is signed in to, and whose table is armed."""
    async with served(folder, table, env=wall.env, speed=1) as server:
        await server.ready()
        answer = await server.client.post("/login", data={"token": TOKEN})
        assert answer.status_code == 303, answer.text
        await send(server, "/arm")
        yield server


async def send(server: Served, command: str, **query: Any) -> None:
    answer = await server.client.post(command, params=query)
    assert answer.status_code == 200, (command, answer.text)


async def has_noticed(server: Served) -> None:
    async def is_logged() -> bool:
        return any("system clock was set by" in line for line in server.output)

    await eventually(is_logged, lambda: "\n".join(server.output))


async def latest(server: Served) -> dict[str, Any]:
    found: dict[str, Any] = (await server.client.get("/api/outages")).json()[0]
    return found


async def all_restored(server: Served) -> list[dict[str, Any]]:
    """Every outage, once all have their feed back: HALT is answered a disk write before that."""
    found: list[dict[str, Any]] = []

    async def restored() -> bool:
        found[:] = (await server.client.get("/api/outages")).json()
        return all("restored" in outage["milestones"] for outage in found)

    await eventually(restored, lambda: "\n".join(server.output))
    return found


async def is_on_the_disk(file: Path) -> None:
    async def is_written() -> bool:
        with contextlib.closing(sqlite3.connect(file)) as database:
            found = database.execute("SELECT count(*) FROM outages").fetchone()
        return bool(found == (1,))

    await eventually(is_written)


async def test_whoever_is_signed_in_stays_so_and_nothing_lasts_longer(
    table: World, tmp_path: Path, by: float
) -> None:
    wall = Wall(tmp_path)
    async with armed_server(table, tmp_path, wall) as server:
        before = (await server.client.get("/api/state")).json()
        wall.set(by)
        await has_noticed(server)
        after = (await server.client.get("/api/state")).json()
        armed, still = (it["state"]["show"]["show"]["armed_until"] for it in (before, after))
        assert still - armed == pytest.approx(by, abs=1)
        await send(server, "/kill/node3", **{"for": LONG})
        await send(server, "/restore/node3")
        await send(server, "/kill/node4", **{"for": LONG})
        await send(server, "/halt")
        for outage in await all_restored(server):
            assert outage["milestones"]["restored"] < PATIENCE


async def test_a_step_in_the_middle_of_a_cut_costs_no_measured_second(
    table: World, tmp_path: Path, by: float
) -> None:
    wall = Wall(tmp_path)
    async with armed_server(table, tmp_path, wall) as server:
        await send(server, "/kill/node3", **{"for": LONG})
        wall.set(by)
        await send(server, "/restore/node3")
        await has_noticed(server)
        (outage,) = await all_restored(server)
        assert 0 < outage["milestones"]["restored"] < PATIENCE


async def test_what_another_clock_wrote_before_a_restart_is_read_by_that_clock(
    table: World, tmp_path: Path, by: float
) -> None:
    """Killed in the middle of a cut; the clock is set before the next start of the same boot."""
    wall = Wall(tmp_path)
    async with armed_server(table, tmp_path, wall) as server:
        cookies = dict(server.client.cookies)
        await send(server, "/kill/node3", **{"for": LONG})
        await is_on_the_disk(tmp_path / "data" / "chaosmonkey.db")
        server.process.send_signal(signal.SIGKILL)
        await server.died()
    wall.set(by)
    async with served(tmp_path, table, env=wall.env, speed=1) as server:
        port = server.client.base_url.port
        (cookie,) = cookies.values()
        server.client.cookies.set(f"presenter-{port}", cookie)
        await server.ready()
        await send(server, "/arm")

        async def is_restored() -> bool:
            return "restored" in (await latest(server))["milestones"]

        await eventually(is_restored)
        outage = await latest(server)
        assert 0 < outage["milestones"]["restored"] < PATIENCE
        assert all(line["at"] < PATIENCE for line in outage["story"])


async def test_a_full_window_of_a_rate_is_open_again_when_it_would_have_been(
    table: World, tmp_path: Path, by: float
) -> None:
    wall = Wall(tmp_path)
    times, _ = Rate.PRESS.value
    seat = {"seat": "0" * 32}
    async with served(
        tmp_path, table, env=wall.env, speed=1, more='[audience]\njoin_code = "off"\n'
    ) as server:
        await server.ready()
        url = str(server.client.base_url)
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, headers=MEANT) as phone:
            assert (await phone.post("/api/play/join", json=seat)).status_code == 200

            async def press() -> bool:
                answer = await phone.post("/api/play/enter", json={"round": "none"})
                return answer.status_code == 429

            pressed = [await press() for _ in range(times + 1)]
            assert pressed[-1] or not any(pressed)
            wall.set(by)
            await has_noticed(server)

            async def is_open() -> bool:
                return not await press()

            await eventually(is_open, pause=1.0)
