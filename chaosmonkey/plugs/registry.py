"""From settings to open plugs: one visible match, so that the type checker misses no driver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import assert_never

from yarl import URL

from chaosmonkey.clock import Clock
from chaosmonkey.config import (
    CommandPlug,
    FencePlug,
    GpioPlug,
    HttpPlug,
    Lab,
    Machine,
    PlugSettings,
    SnmpPlug,
    UhubctlPlug,
)
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedKind
from chaosmonkey.plugs.base import Plug
from chaosmonkey.plugs.command import ProgramPlug
from chaosmonkey.plugs.fence import open_agent
from chaosmonkey.plugs.gpio import RelayPlug
from chaosmonkey.plugs.http import HttpDevice
from chaosmonkey.plugs.uhubctl import open_uhubctl
from chaosmonkey.plugs.verified import VerifiedPlug
from chaosmonkey.wires import Wires

log = logging.getLogger(__name__)

PlugBoard = Mapping[tuple[str, FeedKind], VerifiedPlug]
"""All plugs, by machine and feed."""


@asynccontextmanager
async def open_plugs(lab: Lab, wires: Wires, clock: Clock) -> AsyncIterator[PlugBoard]:
    """Open every plug of the lab, and on the way out leave every feed on.

    GPIO feeds are on from the opening; others keep their state until they are switched.

    Raises:
        PlugFailed: a device cannot be opened.
    """
    board = await _open_all(lab, wires, clock)
    try:
        yield board
    finally:
        for plug in board.values():
            try:
                await plug.close()
            except PlugFailed as error:
                log.error("%s: %s could not be left on: %s", plug.machine, plug.feed, error)


async def _open_all(lab: Lab, wires: Wires, clock: Clock) -> PlugBoard:
    devices: dict[str, asyncio.Lock] = {}
    board = {}
    for machine, feed, settings in _configured(lab):
        match settings:
            case GpioPlug():
                plug: Plug = RelayPlug(settings, wires.pins)
                device = f"gpio {settings.pin}"
            case CommandPlug():
                plug = ProgramPlug(settings, machine=machine.name, node=machine.node_name)
                device = f"command {settings.device or (machine.name, feed)}"
            case UhubctlPlug():
                plug = open_uhubctl(settings)
                device = f"uhubctl {settings.hub}"
            case SnmpPlug():
                # Imported here: it takes a tenth of a second, and much more on a small Pi.
                from chaosmonkey.plugs.snmp import SwitchPort  # noqa: PLC0415
                from chaosmonkey.wires.snmp import Agent  # noqa: PLC0415

                plug = SwitchPort(settings, Agent(settings, wires.snmp))
                device = f"snmp {settings.host}:{settings.port}"
            case HttpPlug():
                plug = HttpDevice(settings)
                device = f"http {URL(settings.url).authority}"
            case FencePlug():
                plug = await open_agent(settings)
                device = settings.device
            case _:
                assert_never(settings)
        lock = devices.setdefault(device, asyncio.Lock())
        board[machine.name, feed] = VerifiedPlug(
            plug, machine=machine.name, feed=feed, device=lock, clock=clock
        )
    return board


def _configured(lab: Lab) -> Iterator[tuple[Machine, FeedKind, PlugSettings]]:
    for machine in lab.machine:
        for feed in FeedKind:
            if (plug := machine.plug(feed)) is not None:
                yield machine, feed, plug
