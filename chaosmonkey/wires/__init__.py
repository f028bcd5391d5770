"""The connections to devices: GPIO lines, an expander's lines, the I2C bus, SNMP."""

from chaosmonkey.wires.i2c import I2cBus
from chaosmonkey.wires.input_line import SETTLE, InputLine, ReportLevel
from chaosmonkey.wires.open import Wires, open_wires

__all__ = ["SETTLE", "I2cBus", "InputLine", "ReportLevel", "Wires", "open_wires"]
