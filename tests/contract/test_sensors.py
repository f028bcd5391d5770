"""What every sensor promises, asked of all of them: on the pretend bench and on a real snmpd."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chaosmonkey.clock import SystemClock
from chaosmonkey.config import build
from chaosmonkey.model import FeedState
from chaosmonkey.sensors import Reading, open_sensors
from chaosmonkey.wires import open_wires
from tests.contract._peers.snmpd import SNMPD
from tests.contract._peers.watched import WATCHED, Watched
from tests.patience import PATIENCE

CLOCK = SystemClock()


class Watch:
    """A sensor that runs, and what it told."""

    def __init__(self, watched: Watched, told: asyncio.Queue[Reading]) -> None:
        self.watched = watched
        self.told = told

    async def next(self, feed: FeedState) -> Reading:
        async with asyncio.timeout(PATIENCE):
            reading = await self.told.get()
        assert reading.feed is feed, f"told {reading.feed}, not {feed}"
        return reading

    async def still(self) -> None:
        await asyncio.sleep(0.3)
        assert self.told.empty(), self.told.get_nowait()


@asynccontextmanager
async def watching(watched: Watched) -> AsyncIterator[Watch]:
    sensor = f"{watched.feed}_sensor"
    lab = build({**watched.lab, "machine": [{"name": "node1", sensor: watched.sensor}]})
    told: asyncio.Queue[Reading] = asyncio.Queue()
    with open_wires(lab) as wires, open_sensors(lab, wires, CLOCK, CLOCK) as board:
        ((_, sensing),) = board.items()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(sensing.run(told.put_nowait))
            yield Watch(watched, told)
            running.cancel()


@pytest.fixture(params=list(WATCHED))
async def watch(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Watch]:
    async with opened(request, tmp_path) as it:
        yield it


@pytest.fixture(params=[name for name in WATCHED if name != "rail input"])
async def asked(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Watch]:
    """A sensor that asks a device. A line asks nobody: a torn wire is low, which is a loss."""
    async with opened(request, tmp_path) as it:
        yield it


@asynccontextmanager
async def opened(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Watch]:
    if request.param.startswith("snmp") and SNMPD is None:
        pytest.skip("CHAOSMONKEY: no snmpd, so nobody checked the sensor snmp (Debian: snmpd)")
    watched = WATCHED[request.param](tmp_path)
    async with watched.running(), watching(watched) as it:
        yield it


async def test_it_tells_at_once_what_is_and_then_only_what_changes(watch: Watch) -> None:
    await watch.next(FeedState.ON)
    await watch.still()


async def test_a_hand_is_told_with_bounds_between_which_it_was_there(watch: Watch) -> None:
    await watch.next(FeedState.ON)
    before = CLOCK.now()
    await watch.watched.pull(out=True)
    lost = await watch.next(FeedState.OFF)
    assert before <= lost.since + lost.within <= CLOCK.now()
    await watch.still()


async def test_what_a_hand_gives_back_is_told_too(watch: Watch) -> None:
    await watch.next(FeedState.ON)
    await watch.watched.pull(out=True)
    await watch.next(FeedState.OFF)
    await watch.watched.pull(out=False)
    await watch.next(FeedState.ON)


async def test_a_device_that_goes_away_is_unknown_and_not_a_loss(asked: Watch) -> None:
    await asked.next(FeedState.ON)
    await asked.watched.leave(away=True)
    await asked.next(FeedState.UNKNOWN)
    await asked.watched.leave(away=False)
    await asked.next(FeedState.ON)


async def test_what_was_lost_meanwhile_is_as_inexact_as_the_device_was_away(asked: Watch) -> None:
    await asked.next(FeedState.ON)
    await asked.watched.leave(away=True)
    await asked.next(FeedState.UNKNOWN)
    lost = CLOCK.now()
    await asked.watched.pull(out=True)
    await asked.watched.leave(away=False)
    told = await asked.next(FeedState.OFF)
    assert told.since < lost < told.since + told.within
