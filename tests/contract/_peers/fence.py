"""Real fence agents, of Debian's fence-agents: the dummy one, and that for IF-MIB, on snmpd."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chaosmonkey.config import FencePlug
from chaosmonkey.model import FeedState
from chaosmonkey.plugs import Plug
from chaosmonkey.plugs.fence import open_agent
from chaosmonkey.plugs.programs import PlugPrograms
from tests.contract._peers.base import Peer
from tests.contract._peers.snmpd import Switch

SBIN = "/usr/sbin:/usr/local/sbin:/usr/bin"
DUMMY = shutil.which("fence_dummy", path=SBIN)
needs_agents = pytest.mark.skipif(
    DUMMY is None,
    reason="CHAOSMONKEY: no fence_dummy, so nobody checked the driver fence (Debian: fence-agents)",
)

WRAPPER = """#!/bin/sh
sleep $(cat {folder}/delay)
[ -e {folder}/gone ] && {{ echo "Unable to connect/login to fencing device" >&2; exit 1; }}
exec {dummy} "$@"
"""


class DummyPeer(Peer):
    """fence_dummy, which keeps its state in a file, behind a script that can dawdle and vanish."""

    says_it_is_gone = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def start(self) -> None:
        self.folder.joinpath("on").write_text("on")
        self.folder.joinpath("status").symlink_to("on")
        self.folder.joinpath("delay").write_text("0")
        wrapper = self.folder / "fence_outlet"
        wrapper.write_text(WRAPPER.format(folder=shlex.quote(str(self.folder)), dummy=DUMMY))
        wrapper.chmod(0o755)
        self._path = pytest.MonkeyPatch()
        self._path.setenv("PATH", str(self.folder), prepend=os.pathsep)

    async def stop(self) -> None:
        self._path.undo()

    async def open(self) -> Plug:
        keys = {"status_file": str(self.folder / "status"), "power_timeout": "1"}
        settings = FencePlug(driver="fence", agent="fence_outlet", keys=keys, timeout=self.timeout)
        return await open_agent(settings, PlugPrograms(self.folder))

    def feed(self) -> FeedState:
        return FeedState(self.folder.joinpath("on").read_text())

    def lie(self) -> None:
        """What is written is lost."""
        self.folder.joinpath("status").unlink()
        self.folder.joinpath("status").symlink_to("/dev/null")

    def delay(self, seconds: float) -> None:
        self.folder.joinpath("delay").write_text(str(seconds))

    def leave(self) -> None:
        self.folder.joinpath("gone").touch()


class IfMibPeer(Peer):
    """fence_ifmib, which shuts a port of the switch over SNMP."""

    breath = 0.05
    bearable = 0.03  # an agent has many questions
    secrets = ("write-secret",)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.switch = Switch(folder)

    async def start(self) -> None:
        await self.switch.start()

    async def stop(self) -> None:
        self.switch.stop()

    async def open(self) -> Plug:
        keys = {
            "ip": "127.0.0.1", "ipport": self.switch.port, "plug": 3, "snmp_version": "2c",
            "community": "write-secret", "power_timeout": 9, "stonith_status_sleep": 0,
            "shell_timeout": 3,
        }  # fmt: skip
        settings = FencePlug(driver="fence", agent="fence_ifmib", keys=keys, timeout=self.timeout)
        return await open_agent(settings, PlugPrograms(self.folder))

    def feed(self) -> FeedState:
        return self.switch.feed

    def lie(self) -> None:
        self.switch.lie()

    def delay(self, seconds: float) -> None:
        self.switch.delay(seconds)

    def leave(self) -> None:
        self.switch.stop()


DUMMY_PEERS: dict[str, Callable[[Path], Peer]] = {"fence dummy": DummyPeer}
IFMIB_PEERS: dict[str, Callable[[Path], Peer]] = {"fence ifmib": IfMibPeer}
