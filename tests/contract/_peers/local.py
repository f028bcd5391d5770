"""What hangs on this machine: relays on gpiozero's own pretend pins, and real programs."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from gpiozero.pins.mock import MockFactory

from chaosmonkey.config import CommandPlug, GpioPlug
from chaosmonkey.model import Feed
from chaosmonkey.plugs import Plug
from chaosmonkey.plugs.command import ProgramPlug
from chaosmonkey.plugs.gpio import RelayPlug
from chaosmonkey.plugs.pins import mock_factory
from tests.contract._peers.base import Peer


class RelayPeer(Peer):
    """A relay on a pretend pin. It cannot lie, dawdle or leave: nothing acknowledges a level."""

    def __init__(self, *, contact: str, active_high: bool) -> None:
        self._values = {"contact": contact, "active_high": active_high}
        self._factory: MockFactory = mock_factory()

    async def open(self) -> Plug:
        self._factory.reset()
        return RelayPlug(GpioPlug(driver="gpio", pin=17, **self._values), self._factory)

    def feed(self) -> Feed:
        pin = self._factory.pin(17)
        coil = pin.function == "output" and pin.state == self._values["active_high"]
        return Feed.ON if coil == (self._values["contact"] == "NO") else Feed.OFF


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
        return ProgramPlug(settings, machine="node3", node="node3")

    def feed(self) -> Feed:
        return Feed(self.folder.joinpath("state").read_text().strip())

    def lie(self) -> None:
        self.folder.joinpath("lie").touch()

    def delay(self, seconds: float) -> None:
        self.folder.joinpath("delay").write_text(str(seconds))

    def leave(self) -> None:
        self.folder.joinpath("gone").touch()


PEERS: dict[str, Callable[[Path], Peer]] = {
    "gpio NC high": lambda folder: RelayPeer(contact="NC", active_high=True),
    "gpio NC low": lambda folder: RelayPeer(contact="NC", active_high=False),
    "gpio NO high": lambda folder: RelayPeer(contact="NO", active_high=True),
    "gpio NO low": lambda folder: RelayPeer(contact="NO", active_high=False),
    "command": ProgramPeer,
}
