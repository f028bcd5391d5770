"""From settings to open plugs: one visible match, so that the type checker misses no driver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import assert_never

from gpiozero.pins import Factory

from chaosmonkey.clock import Clock
from chaosmonkey.config import CommandPlug, GpioPlug, Lab, Machine
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedKind
from chaosmonkey.plugs.base import Plug
from chaosmonkey.plugs.command import ProgramPlug
from chaosmonkey.plugs.gpio import RelayPlug
from chaosmonkey.plugs.pins import open_pin_factory
from chaosmonkey.plugs.verified import VerifiedPlug

log = logging.getLogger(__name__)

PlugBoard = Mapping[tuple[str, FeedKind], VerifiedPlug]
"""All plugs, by machine and feed."""


@asynccontextmanager
async def open_plugs(lab: Lab, clock: Clock) -> AsyncIterator[PlugBoard]:
    """Open every plug of the lab, and on the way out leave every feed on.

    GPIO feeds are on from the opening; others keep their state until they are switched.

    Raises:
        PlugFailed: a device cannot be opened.
    """
    factory: Factory | None = None
    if any(isinstance(plug, GpioPlug) for _, _, plug in _configured(lab)):
        factory = open_pin_factory(lab.gpio)
    try:
        board = _open_all(lab, clock, factory)
        try:
            yield board
        finally:
            for plug in board.values():
                try:
                    await plug.close()
                except PlugFailed as error:
                    log.error("%s: %s could not be left on: %s", plug.machine, plug.feed, error)
    finally:
        if factory is not None:
            factory.close()


def _open_all(lab: Lab, clock: Clock, factory: Factory | None) -> PlugBoard:
    devices: dict[str, asyncio.Lock] = {}
    board = {}
    for machine, feed, settings in _configured(lab):
        match settings:
            case GpioPlug():
                assert factory is not None
                plug: Plug = RelayPlug(settings, factory)
                device = f"gpio {settings.pin}"
            case CommandPlug():
                plug = ProgramPlug(settings, machine=machine.name, node=machine.node_name)
                device = f"command {settings.device or (machine.name, feed)}"
            case _:
                assert_never(settings)
        lock = devices.setdefault(device, asyncio.Lock())
        board[machine.name, feed] = VerifiedPlug(
            plug, machine=machine.name, feed=feed, device=lock, clock=clock
        )
    return board


def _configured(lab: Lab) -> Iterator[tuple[Machine, FeedKind, GpioPlug | CommandPlug]]:
    for machine in lab.machine:
        for feed in FeedKind:
            if (plug := machine.plug(feed)) is not None:
                yield machine, feed, plug
