"""Detect by how much the system clock was set between two runs of this server.

Moments on the disk come from a clock that may have been set since. Within one boot, the monotonic
clock continues across a restart of this server and shows the difference; across a reboot it is
unknown.
"""

from __future__ import annotations

import logging
from pathlib import Path

import orjson

from chaosmonkey.clock import STEPPED
from chaosmonkey.datafiles import write_whole

log = logging.getLogger(__name__)

FILE = "clock.json"

BOOT = Path("/proc/sys/kernel/random/boot_id")
"""Changes at each boot; containers see the machine's (Linux)."""


class Timebase:
    """Remembers a clock's offset in the data folder.

    Args:
        boot: the id of this boot; "" if unknown.
        speed: seconds of the server's clock per real second.
    """

    def __init__(self, folder: Path, *, boot: str | None = None, speed: float = 1.0) -> None:
        self._path = folder / FILE
        self._boot = _boot_id() if boot is None else boot
        self._speed = speed

    def stepped(self, offset: float) -> float | None:
        """Seconds by which the clock was set since `remember`; None if unknown.

        `offset` is the clock minus the machine's uptime.
        """
        try:
            found = orjson.loads(self._path.read_bytes())
            boot, before = str(found["boot"]), float(found["offset"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.error("%s cannot be read: %s", self._path, error)
            return None
        if not self._boot or boot != self._boot:
            return None
        by = offset - before
        return by * self._speed if abs(by) >= STEPPED else 0.0

    def remember(self, offset: float) -> None:
        """Store the offset of the clock: moments on the disk now refer to it."""
        try:
            write_whole(self._path, orjson.dumps({"boot": self._boot, "offset": offset}))
        except OSError as error:
            log.error("A restart would not know by how much the clock was set: %s", error)


def _boot_id() -> str:
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""
