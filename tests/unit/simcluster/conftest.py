"""A running simulator on free ports, and a small world that never sleeps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from chaosmonkey.simcluster import Ports, SimSettings, run
from chaosmonkey.simcluster.demo import shop
from chaosmonkey.simcluster.timing import STAGE
from chaosmonkey.simcluster.world import World

SPEED = 50.0
"""Seconds of the simulated clock for one on the wall."""


@pytest.fixture(autouse=True)
def nothing_broke(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No part of a world logs an error, unless its test expects one and clears the log."""
    yield
    broken = [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.levelno >= logging.ERROR and record.name.startswith("chaosmonkey.simcluster")
    ]
    assert broken == []


@pytest.fixture
def world() -> World:
    """The demo after a minute."""
    world = World(timing=STAGE, seed=3)
    world.run_for(5)
    world.apply(*shop(2))
    world.run_for(55)
    return world


@pytest.fixture
def settings() -> SimSettings:
    return SimSettings(port=0, header_port=0, speed=SPEED, seed=1, past=60.0)


@pytest.fixture
async def ports(settings: SimSettings) -> AsyncIterator[Ports]:
    """A served demo, fifty times as fast as the wall's clock."""
    stop = asyncio.Event()
    bound: asyncio.Future[Ports] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run(settings, ready=bound.set_result, stop=stop))
        try:
            yield await bound
        finally:
            stop.set()


@pytest.fixture
async def http(ports: Ports) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(ports.url) as session:
        yield session
