"""What hangs on this machine: relays on gpiozero's own pretend pins, and real programs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from chaosmonkey.config import CommandPlug, GpioPlug, UhubctlPlug
from chaosmonkey.model import FeedState
from chaosmonkey.plugs import Plug
from chaosmonkey.plugs.command import ProgramPlug
from chaosmonkey.plugs.gpio import RelayPlug
from chaosmonkey.plugs.programs import PlugPrograms
from chaosmonkey.plugs.uhubctl import open_uhubctl
from chaosmonkey.wires.pins import mock_factory
from tests.contract._peers.base import Peer


class RelayPeer(Peer):
    """A relay on a pretend pin. It cannot lie, dawdle or leave: nothing acknowledges a level."""

    def __init__(self, *, contact: str, active_high: bool) -> None:
        self._values = {"contact": contact, "active_high": active_high}
        self._factory: MockFactory = mock_factory()

    async def open(self) -> Plug:
        self._factory.reset()
        return RelayPlug(GpioPlug(driver="gpio", pin=17, **self._values), self._factory)

    def feed(self) -> FeedState:
        pin = self._factory.pin(17)
        coil = pin.function == "output" and pin.state == self._values["active_high"]
        return FeedState.ON if coil == (self._values["contact"] == "NO") else FeedState.OFF


PROGRAM = """
[ -e {folder}/gone ] && {{ echo "no route to outlet" >&2; exit 3; }}
sleep $(cat {folder}/delay)
case $1 in
  read) cat {folder}/state ;;
  *) [ -e {folder}/lie ] || echo $1 > {folder}/state ;;
esac
"""


class ProgramPeer(Peer):
    """A shell script that keeps the state of an outlet in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.joinpath("state").write_text("on\n")
        folder.joinpath("delay").write_text("0")
        self._script = folder / "outlet.sh"
        self._script.write_text(PROGRAM.format(folder=shlex.quote(str(folder))))

    async def open(self) -> Plug:
        def run(action: str) -> tuple[str, ...]:
            return ("sh", str(self._script), action)

        settings = CommandPlug(
            driver="command",
            cut=run("off"), restore=run("on"), read=run("read"), timeout=self.timeout,
        )  # fmt: skip
        return ProgramPlug(
            settings, programs=PlugPrograms(self.folder), machine="node3", node="node3"
        )

    def feed(self) -> FeedState:
        return FeedState(self.folder.joinpath("state").read_text().strip())

    def lie(self) -> None:
        self.folder.joinpath("lie").touch()

    def delay(self, seconds: float) -> None:
        self.folder.joinpath("delay").write_text(str(seconds))

    def leave(self) -> None:
        self.folder.joinpath("gone").touch()


UHUBCTL = """#!/bin/sh
# Prints what uhubctl 2.5.0 prints about a USB 3 hub, and like it exits with 0 come what may.
[ -e {folder}/gone ] && {{ echo "No compatible devices detected at location 1-1!" >&2; exit 1; }}
sleep $(cat {folder}/delay)
case "$*" in "-N -l 1-1 -p 2"|"-N -l 1-1 -p 2 -a on"|"-N -l 1-1 -p 2 -a off") ;; *) exit 64 ;; esac
status() {{
  if [ $(cat {folder}/state) = on ]; then usb3="02a0 power 5gbps Rx.Detect"; usb2="0100 power"
  else usb3="0080 off"; usb2="0000 off"; fi
  printf '%s status for hub 2-1 [1d6b:0003, USB 3.00, 4 ports, ppps]\\n  Port 2: %s\\n' $1 "$usb3"
  printf '%s status for hub 1-1 [2109:3431, USB 2.10, 4 ports, ppps]\\n  Port 2: %s\\n' $1 "$usb2"
}}
status Current
[ -n "$7" ] || exit 0
[ -e {folder}/lie ] || echo $7 > {folder}/state
echo "Sent power $7 request"
status New
"""


class UhubctlPeer(ProgramPeer):
    """A program of uhubctl's name that prints what it prints."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        program = folder / "uhubctl"
        program.write_text(UHUBCTL.format(folder=shlex.quote(str(folder))))
        program.chmod(0o755)
        self._path = pytest.MonkeyPatch()

    async def start(self) -> None:
        self._path.setenv("PATH", str(self.folder), prepend=os.pathsep)

    async def stop(self) -> None:
        self._path.undo()

    async def open(self) -> Plug:
        return open_uhubctl(
            UhubctlPlug(driver="uhubctl", hub="1-1", port=2, timeout=self.timeout),
            PlugPrograms(self.folder),
        )


PEERS: dict[str, Callable[[Path], Peer]] = {
    "gpio NC high": lambda folder: RelayPeer(contact="NC", active_high=True),
    "gpio NC low": lambda folder: RelayPeer(contact="NC", active_high=False),
    "gpio NO high": lambda folder: RelayPeer(contact="NO", active_high=True),
    "gpio NO low": lambda folder: RelayPeer(contact="NO", active_high=False),
    "command": ProgramPeer,
    "uhubctl": UhubctlPeer,
}
