"""Open plugs from settings: one match, so that the type checker finds a missing driver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import assert_never
from urllib.parse import urlsplit

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
from chaosmonkey.plugs.device_lock import DeviceLock
from chaosmonkey.plugs.fence import open_agent
from chaosmonkey.plugs.gpio import RelayPlug
from chaosmonkey.plugs.opening import OpeningPlug
from chaosmonkey.plugs.programs import PlugPrograms
from chaosmonkey.plugs.uhubctl import open_uhubctl
from chaosmonkey.plugs.verified import VerifiedPlug
from chaosmonkey.wires import Wires

log = logging.getLogger(__name__)

PlugBoard = Mapping[tuple[str, FeedKind], VerifiedPlug]
"""All plugs, by machine and feed."""


@asynccontextmanager
async def open_plugs(
    lab: Lab, wires: Wires, clock: Clock, programs: PlugPrograms | None = None
) -> AsyncIterator[PlugBoard]:
    """Open the plugs of the lab; on the way out every feed is left on.

    GPIO feeds are on once opened; others keep their state until they are switched. A device that
    cannot be opened now is opened later: until then only its own plug fails.

    Args:
        lab: the settings.
        wires: the buses and pins of the plugs.
        clock: the time used for waiting.
        programs: runs plugs that are programs; created if not given.
    """
    from_settings = _From(wires, programs or PlugPrograms(lab.server.data))
    devices: dict[str, DeviceLock] = {}
    board = {}
    for machine, feed, settings in _configured(lab):
        plug = OpeningPlug(
            partial(from_settings.open, settings, machine),
            in_flight=0.0 if isinstance(settings, GpioPlug) else settings.timeout,
        )
        board[machine.name, feed] = VerifiedPlug(
            plug,
            machine=machine.name,
            feed=feed,
            device=devices.setdefault(_device_of(settings, machine, feed), DeviceLock()),
            clock=clock,
            speed=lab.speed,
        )
        if isinstance(settings, GpioPlug):
            try:
                await board[machine.name, feed].open()
            except PlugFailed as error:
                log.error("%s: %s: %s", machine.name, feed, error)
    try:
        yield board
    finally:
        await asyncio.gather(*map(_leave_on, board.values()))


async def _leave_on(plug: VerifiedPlug) -> None:
    try:
        await plug.close()
    except PlugFailed as error:
        log.error("%s: %s could not be left on: %s", plug.machine, plug.feed, error)


@dataclass(frozen=True, slots=True)
class _From:
    """Opens the driver of a plug's settings. Imports on use what is slow to import."""

    wires: Wires
    programs: PlugPrograms

    async def open(self, settings: PlugSettings, machine: Machine) -> Plug:
        match settings:
            case GpioPlug():
                return RelayPlug(settings, self.wires.pins)
            case CommandPlug():
                return ProgramPlug(
                    settings,
                    programs=self.programs,
                    machine=machine.name,
                    node=machine.node_name,
                )
            case UhubctlPlug():
                return open_uhubctl(settings, self.programs)
            case SnmpPlug():
                from chaosmonkey.plugs.snmp import SwitchPort  # noqa: PLC0415
                from chaosmonkey.wires.snmp import Agent  # noqa: PLC0415

                return SwitchPort(settings, Agent(settings, self.wires.snmp))
            case HttpPlug():
                from chaosmonkey.plugs.http import HttpDevice  # noqa: PLC0415

                return HttpDevice(settings)
            case FencePlug():
                return await open_agent(settings, self.programs)
            case _:
                assert_never(settings)


def _device_of(settings: PlugSettings, machine: Machine, feed: FeedKind) -> str:
    """The device of a plug; access to each device is serialized."""
    match settings:
        case GpioPlug():
            return f"gpio {settings.pin}"
        case CommandPlug():
            return f"command {settings.device or (machine.name, feed)}"
        case UhubctlPlug():
            return f"uhubctl {settings.hub}"
        case SnmpPlug():
            return f"snmp {settings.host}:{settings.port}"
        case HttpPlug():
            return f"http {urlsplit(settings.url).netloc}"
        case FencePlug():
            return settings.device
        case _:
            assert_never(settings)


def _configured(lab: Lab) -> Iterator[tuple[Machine, FeedKind, PlugSettings]]:
    for machine in lab.machine:
        for feed in FeedKind:
            if (plug := machine.plug(feed)) is not None:
                yield machine, feed, plug
