"""Feeds that a sensor watches: the pretend bench's, and a port of a real SNMP agent."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import aiohttp

from chaosmonkey.simcluster import Meter, Ports, SimMachine, SimSettings, Wire, run
from tests.contract._peers.snmpd import Switch

Json = dict[str, Any]


class Watched(ABC):
    """A feed of a machine called node1, and what its lab.toml says of the sensor."""

    feed: Literal["power", "network"] = "power"

    @property
    @abstractmethod
    def lab(self) -> Json:
        """The sections of lab.toml that the sensor needs, without the machine."""

    @property
    @abstractmethod
    def sensor(self) -> Json:
        """The sensor's own section."""

    @abstractmethod
    def running(self) -> Any:
        """A context in which the feed is there."""

    @abstractmethod
    async def pull(self, *, out: bool) -> None:
        """A hand takes the feed away, or gives it back."""

    @abstractmethod
    async def leave(self, *, away: bool) -> None:
        """The device that the sensor asks goes away, or comes back."""


class OnTheBench(Watched):
    """node1's power on the pretend bench."""

    def __init__(self, sensor: Json, meter: Meter | None = None) -> None:
        self._sensor = sensor
        machine = SimMachine("node1", Wire(17), Wire(12), rail=9, meter=meter)
        self._settings = SimSettings(
            port=0, header_port=0, past=30.0, machines=(machine,), panel=None
        )
        self._ports: Ports
        self._hand: aiohttp.ClientSession

    @property
    def lab(self) -> Json:
        return {"gpio": {"pin_factory": "mock", "header": f"127.0.0.1:{self._ports.header_port}"}}

    @property
    def sensor(self) -> Json:
        return self._sensor

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        bound: asyncio.Future[Ports] = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run(self._settings, ready=bound.set_result, stop=stop))
            self._ports = await bound
            async with aiohttp.ClientSession(self._ports.url) as self._hand:
                yield
            stop.set()

    async def pull(self, *, out: bool) -> None:
        await self._put("machines/node1/power", plugged=not out)

    async def leave(self, *, away: bool) -> None:
        await self._put("bus", torn=away)

    async def _put(self, path: str, **what: bool) -> None:
        async with self._hand.put(f"/bench/{path}", json=what) as answer:
            assert answer.status == 200, await answer.text()


class OnASwitch(Watched):
    """The port of net-snmp's snmpd."""

    def __init__(self, folder: Path, port: Json, feed: Literal["power", "network"]) -> None:
        self.feed = feed
        self._port = port
        self._switch = Switch(folder)

    @property
    def lab(self) -> Json:
        return {}

    @property
    def sensor(self) -> Json:
        return {
            "driver": "snmp", "host": "127.0.0.1", "port": self._switch.port, "timeout": 3.0,
            "community": "read-only", "interval": 0.1, **self._port,
        }  # fmt: skip

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self._switch.start()
        try:
            yield
        finally:
            self._switch.stop()

    async def pull(self, *, out: bool) -> None:
        """PoE searches (2), or the link is down (2), though the order is still on."""
        effect = self._switch.folder / "effect"
        if out:
            effect.write_text("2")
        else:
            effect.unlink()

    async def leave(self, *, away: bool) -> None:
        if away:
            self._switch.stop()
        else:
            await self._switch.start()


WATCHED: dict[str, Callable[[Path], Watched]] = {
    "rail input": lambda _: OnTheBench({"driver": "gpio", "pin": 9}),
    "ina219": lambda _: OnTheBench(
        {"driver": "ina219", "address": 0x41, "interval": 0.05}, Meter(chip="ina219", address=0x41)
    ),
    "ina3221": lambda _: OnTheBench(
        {"driver": "ina3221", "channel": 2, "interval": 0.05}, Meter(chip="ina3221", channel=2)
    ),
    "snmp poe": lambda folder: OnASwitch(folder, {"poe": "3"}, "power"),
    "snmp link": lambda folder: OnASwitch(folder, {"interface": 3}, "network"),
}
