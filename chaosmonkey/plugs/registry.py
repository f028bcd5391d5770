"""From settings to open plugs: one visible match, so that the type checker misses no driver."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import assert_never

from gpiozero.pins import Factory

from chaosmonkey.clock import Clock
from chaosmonkey.config import CommandPlug, GpioPlug, Lab, Machine
from chaosmonkey.model import FeedKind
from chaosmonkey.plugs.base import Plug
from chaosmonkey.plugs.command import ProgramPlug
from chaosmonkey.plugs.gpio import RelayPlug
from chaosmonkey.plugs.pins import open_pin_factory
from chaosmonkey.plugs.verified import VerifiedPlug

PlugBoard = Mapping[tuple[str, FeedKind], VerifiedPlug]
"""All plugs, by machine and feed."""


def open_plugs(lab: Lab, clock: Clock, *, factory: Factory | None = None) -> PlugBoard:
    """Open every plug of the lab. GPIO feeds are on from here on; others keep their state.

    Raises:
        PlugFailed: a device cannot be opened.
    """
    if factory is None and any(isinstance(plug, GpioPlug) for _, _, plug in _configured(lab)):
        factory = open_pin_factory(lab.gpio)
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
