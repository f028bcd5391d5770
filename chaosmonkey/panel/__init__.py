"""The server's face on the table: buttons that cut, a red one that halts, LEDs that tell."""

from chaosmonkey.panel.devices import Devices, open_devices
from chaosmonkey.panel.panel import Panel

__all__ = ["Devices", "Panel", "open_devices"]
