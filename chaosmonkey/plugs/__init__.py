"""Plugs switch one feed of one machine and verify the result."""

from chaosmonkey.plugs.base import Plug
from chaosmonkey.plugs.device_lock import DeviceLock
from chaosmonkey.plugs.programs import PlugPrograms
from chaosmonkey.plugs.registry import PlugBoard, open_plugs
from chaosmonkey.plugs.verified import VerifiedPlug

__all__ = ["DeviceLock", "Plug", "PlugBoard", "PlugPrograms", "VerifiedPlug", "open_plugs"]
