"""Whatever ends the server, the plugs are restored first. In this process, with a simulator."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaosmonkey import runtime, simcluster
from chaosmonkey.config import Lab, build
from tests.meant import MEANT
from tests.patience import PATIENCE

SPEED = 20.0


@dataclass
class World:
    """A simulator in this process."""

    ports: simcluster.Ports

    def lab(self, folder: Path, **values: Any) -> Lab:
        """The settings of a server on this world's bench."""
        machines = [
            {"name": machine.name, "power": {"driver": "gpio", "pin": machine.power.pin}}
            for machine in simcluster.DEMO_MACHINES
        ]
        return build(
            {
                "speed": SPEED,
                "server": {"port": 0, "data": folder},
                "cluster": {"server": self.ports.url},
                "gpio": {"pin_factory": "mock", "header": f"127.0.0.1:{self.ports.header_port}"},
                "timing": {"preset": "stage"},
                "machine": machines,
            }
            | values
        )

    async def is_live(self, machine: str) -> bool:
        async with httpx.AsyncClient(
            base_url=self.ports.url, timeout=PATIENCE, headers=MEANT
        ) as client:
            bench = (await client.get("/bench")).json()
        return bool(bench["machines"][machine]["power"]["live"])


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    stop = asyncio.Event()
    ready: asyncio.Future[simcluster.Ports] = asyncio.get_running_loop().create_future()
    settings = simcluster.SimSettings(port=0, header_port=0, speed=SPEED)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(simcluster.run(settings, ready=ready.set_result, stop=stop))
        yield World(await ready)
        stop.set()


async def cut(url: str, machine: str) -> None:
    """Cut a machine as soon as the server sees the cluster."""
    async with (
        httpx.AsyncClient(base_url=url, timeout=PATIENCE, headers=MEANT) as client,
        asyncio.timeout(PATIENCE),
    ):
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.02)
        (await client.post("/arm")).raise_for_status()
        (await client.post(f"/kill/{machine}", params={"for": 3000})).raise_for_status()


async def test_a_crash_in_any_task_restores_the_plugs_and_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = asyncio.Event()

    async def tick(_: object) -> None:
        await crash.wait()
        raise RuntimeError("a bug")

    monkeypatch.setattr("chaosmonkey.runtime._Server._tick", tick)
    async with world() as bench:
        announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def play() -> None:
            await cut(await announced, "node3")
            assert not await bench.is_live("node3")
            crash.set()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(play())
            with pytest.raises(ExceptionGroup) as caught:
                await runtime.serve(
                    bench.lab(tmp_path),
                    announce=lambda said: announced.set_result(said.split()[-1]),
                )
        assert caught.group_contains(RuntimeError, match="a bug")
        assert await bench.is_live("node3")


async def test_a_server_that_is_told_to_stop_restores_and_returns(tmp_path: Path) -> None:
    async with world() as bench:
        announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()

        async def play() -> None:
            await cut(await announced, "node3")
            stop.set()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(play())
            lab = bench.lab(tmp_path)
            await runtime.serve(
                lab, announce=lambda said: announced.set_result(said.split()[-1]), stop=stop
            )
        assert await bench.is_live("node3")


async def test_without_a_journal_every_plug_is_turned_on_at_the_start(tmp_path: Path) -> None:
    """What a damaged journal held is not known, so anything may be off."""
    state = tmp_path / "state"
    state.write_text("off\n")
    (tmp_path / "chaosmonkey.db").write_bytes(b"rubbish" * 1000)
    program = {
        "driver": "command",
        "cut": ["sh", "-c", f"echo off > {state}"],
        "restore": ["sh", "-c", f"echo on > {state}"],
        "read": ["cat", str(state)],
    }
    async with world() as bench:
        stop = asyncio.Event()
        machines = [{"name": "node1", "power": program}]
        lab = bench.lab(tmp_path, gpio={}, machine=machines)
        await runtime.serve(lab, announce=lambda _: stop.set(), stop=stop)
    assert state.read_text() == "on\n"


async def test_a_server_starts_while_the_cluster_is_away_and_says_so(tmp_path: Path) -> None:
    async with world() as bench:
        announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()
        lab = bench.lab(tmp_path, cluster={"server": "http://127.0.0.1:9"})

        async def play() -> None:
            async with httpx.AsyncClient(
                base_url=await announced, timeout=PATIENCE, headers=MEANT
            ) as client:
                answer = await client.get("/readyz")
                assert answer.status_code == 503
                assert "Lost contact with the cluster" in answer.text
                await client.post("/arm")
                refused = await client.post("/kill/node3")
                assert refused.status_code == 503
                assert (await client.get("/")).status_code == 200
            stop.set()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(play())
            await runtime.serve(
                lab, announce=lambda said: announced.set_result(said.split()[-1]), stop=stop
            )


class SetClock:
    """The clocks of a machine whose date is set."""

    def __init__(self) -> None:
        self.behind = time.time()  # noqa: TID251 - a machine that boots in 1970

    def time(self) -> float:
        return time.time() - self.behind  # noqa: TID251 - what a test sets

    def monotonic(self) -> float:
        return time.monotonic()  # noqa: TID251 - what a test leaves alone


async def test_a_date_that_is_set_right_keeps_the_table_armed_and_dates_what_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = SetClock()
    monkeypatch.setattr("chaosmonkey.clock.time", machine)
    announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    state = tmp_path / "state"
    state.write_text("on\n")
    program = {
        "driver": "command",
        "cut": ["sh", "-c", f"echo off > {state}"],
        "restore": ["sh", "-c", f"echo on > {state}"],
        "read": ["cat", str(state)],
    }

    async def play(bench: World) -> None:
        url = await announced
        async with (
            httpx.AsyncClient(base_url=url, timeout=PATIENCE, headers=MEANT) as client,
            asyncio.timeout(PATIENCE),
        ):
            while (await client.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.05)
            (await client.post("/arm")).raise_for_status()
            before = (await client.get("/api/state")).json()
            machine.behind = 0.0
            while (now := (await client.get("/api/state")).json())["at"] < 1e9:
                await asyncio.sleep(0.05)
            left = [
                one["state"]["show"]["show"]["armed_until"] - one["at"] for one in (before, now)
            ]
            assert 0 < left[1] <= left[0]
            cut = await client.post("/kill/node3", params={"for": 60})
            assert cut.status_code < 300, cut.text
            (outage,) = (await client.get("/api/state")).json()["state"]["outages"].values()
            assert outage["id"].startswith("20")
            assert outage["began"].startswith("20")
        stop.set()

    async with world() as bench, asyncio.TaskGroup() as tasks:
        tasks.create_task(play(bench))
        lab = bench.lab(tmp_path, speed=1, gpio={}, machine=[{"name": "node3", "power": program}])
        await runtime.serve(
            lab, announce=lambda said: announced.set_result(said.split()[-1]), stop=stop
        )
    assert state.read_text() == "on\n"
