"""A bus that this machine does not have is an error of its chips, until it has it."""

import pytest

from chaosmonkey.config import CurrentSensor, build
from chaosmonkey.errors import PlugFailed
from chaosmonkey.sensors.current import CurrentMonitor
from chaosmonkey.wires import open_wires
from chaosmonkey.wires.i2c import LinuxBus

NOWHERE = 97
"""No machine has so many buses."""


def test_a_bus_that_is_not_there_is_an_error_that_says_what_to_do() -> None:
    bus = LinuxBus(NOWHERE)
    with pytest.raises(OSError, match=r"I2C bus 97 cannot be opened \(.*i2c_arm=on"):
        bus.read(0x20, 0, 2)
    with pytest.raises(OSError, match="cannot be opened"):
        bus.write(0x20, 0, b"\x00")
    bus.close()


async def test_a_monitor_on_a_bus_that_is_not_there_fails_alone_and_names_it() -> None:
    lab = build({"gpio": {"pin_factory": "lgpio", "i2c_bus": NOWHERE}})
    with open_wires(lab) as wires:
        monitor = CurrentMonitor(CurrentSensor(driver="ina219"), wires.bus)
        with pytest.raises(PlugFailed, match="The ina219 at 0x40 does not answer: the I2C bus 97"):
            await monitor.read()
