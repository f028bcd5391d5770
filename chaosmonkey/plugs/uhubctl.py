"""A port of a USB hub, switched by the program uhubctl.

It exits with 0 even if the hub did not switch, so only what it prints about a port counts:

    Current status for hub 2-1 [...]        a USB 3 hub is two hubs in one:
      Port 2: 0080 off                      both must agree
    Current status for hub 1-1 [...]
      Port 2: 0000 off                      "power" if it is on
"""

from __future__ import annotations

import re

from chaosmonkey.config import CommandPlug, UhubctlPlug
from chaosmonkey.model import FeedState
from chaosmonkey.plugs.command import ProgramPlug
from chaosmonkey.plugs.programs import PlugPrograms


def open_uhubctl(settings: UhubctlPlug, programs: PlugPrograms) -> ProgramPlug:
    """The driver `command` with uhubctl's arguments and a parser of its output."""
    force = ("-f",) if settings.force else ()
    port = ("uhubctl", *force, "-N", "-l", settings.hub, "-p", str(settings.port))
    command = CommandPlug(
        driver="command",
        cut=(*port, "-a", "off"),
        restore=(*port, "-a", "on"),
        read=port,
        timeout=settings.timeout,
    )
    return ProgramPlug(
        command,
        programs=programs,
        machine="",
        node="",
        parse=lambda text: parse_port_state(text, settings.port),
    )


def parse_port_state(text: str, port: int) -> FeedState:
    """The state of a port in uhubctl's output."""
    words = set(re.findall(rf"^\s+Port {port}: [0-9a-f]{{4}} (\w+)", text, re.MULTILINE))
    match sorted(words):
        case ["power"]:
            return FeedState.ON
        case ["off"]:
            return FeedState.OFF
        case _:
            return FeedState.UNKNOWN
