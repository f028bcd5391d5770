"""The panel on the table: buttons that cut, a red one that halts, and LEDs."""

from chaosmonkey.panel.devices import Devices, open_devices
from chaosmonkey.panel.panel import Panel

__all__ = ["Devices", "Panel", "open_devices"]
