"""All wires of a lab, each opened on first use and closed at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import gpiozero
from gpiozero.pins import Factory

from chaosmonkey.config import Lab
from chaosmonkey.errors import PlugFailed
from chaosmonkey.wires.i2c import I2cBus, LinuxBus
from chaosmonkey.wires.mock_header import MockHeader
from chaosmonkey.wires.pins import open_pin_factory

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from pysnmp.hlapi.v3arch.asyncio import SnmpEngine

    from chaosmonkey.wires.mcp23017 import ExpanderFactory


class Wires:
    """The connections to the devices of one lab. Each raises PlugFailed if it cannot be opened."""

    def __init__(self, lab: Lab, closing: ExitStack) -> None:
        self._lab = lab
        self._closing = closing

    def factory(self, line: int | str) -> Factory:
        """The pin factory of a line: the header's for a BCM number, the expander's for a name."""
        return self.pins if isinstance(line, int) else self.expander

    @cached_property
    def pins(self) -> Factory:
        """This machine's GPIO header."""
        factory = open_pin_factory(self._lab.gpio, self._cable)
        self._closing.callback(factory.close)
        return factory

    @cached_property
    def bus(self) -> I2cBus:
        """Its I2C bus."""
        gpio = self._lab.gpio
        if gpio.pin_factory != "mock":
            bus = LinuxBus(gpio.i2c_bus)
            self._closing.callback(bus.close)
            return bus
        if self._cable is None:
            raise PlugFailed(
                "Mock pins without a bench have no I2C bus.",
                remedy="Set gpio.header to a simulated bench, or gpio.pin_factory to a real one.",
            )
        return self._cable

    @cached_property
    def expander(self) -> ExpanderFactory:
        """The panel's MCP23017."""
        from chaosmonkey.wires.mcp23017 import ExpanderFactory  # noqa: PLC0415 - many have none

        panel = self._lab.panel
        if panel.expander is None:
            raise PlugFailed("The panel has no expander.", remedy="Set panel.expander.")
        bus, line = self.bus, self._interrupt(panel.interrupt)
        factory = ExpanderFactory(bus, panel.expander, interrupt=line is not None)
        self._closing.callback(factory.close)
        if line is not None:
            self._closing.callback(line.close)
            line.when_activated = factory.poll
        return factory

    def _interrupt(self, pin: int | None) -> gpiozero.DigitalInputDevice | None:
        """The expander's interrupt line, if there is one; without it, the expander is polled."""
        if pin is None:
            return None
        try:
            return gpiozero.DigitalInputDevice(pin, pull_up=True, pin_factory=self.pins)
        except Exception as error:  # noqa: BLE001 - pin factories raise errors of their own
            log.warning(
                "The interrupt line %d is not usable (%s): polling the expander instead.",
                pin,
                error,
            )
            return None

    @cached_property
    def snmp(self) -> SnmpEngine:
        """The SNMP engine, shared by all ports."""
        # Imported here: it takes a tenth of a second, and much more on a small Pi.
        from chaosmonkey.wires.snmp import open_engine  # noqa: PLC0415

        return self._closing.enter_context(open_engine())

    @cached_property
    def _cable(self) -> MockHeader | None:
        gpio = self._lab.gpio
        return MockHeader(gpio.header) if gpio.header and gpio.pin_factory == "mock" else None


@contextmanager
def open_wires(lab: Lab) -> Iterator[Wires]:
    """Open the wires of a lab; on the way out close them, the latest first."""
    with ExitStack() as closing:
        yield Wires(lab, closing)
