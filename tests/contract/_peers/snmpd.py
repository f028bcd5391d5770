"""net-snmp's own snmpd as a managed switch with one port, number 3.

The tables that a switch has (PoE, interfaces) are answered by a small program over snmpd's
`pass_persist` hook; everything else, from the wire to SNMP v3's keys, is net-snmp's.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from chaosmonkey.config import SnmpPlug
from chaosmonkey.model import FeedState
from chaosmonkey.plugs import Plug
from chaosmonkey.plugs.snmp import SwitchPort
from chaosmonkey.wires.snmp import Agent, open_engine
from tests.contract._peers.base import Peer
from tests.patience import until
from tests.sure import sure

SNMPD = shutil.which("snmpd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
needs_snmpd = pytest.mark.skipif(
    SNMPD is None,
    reason="CHAOSMONKEY: no snmpd, so nobody checked the driver snmp (Debian: snmpd)",
)
TABLES = Path(__file__).with_name("switch_tables.py")

CONFIGURATION = """
agentAddress udp:127.0.0.1:{port}
rwcommunity write-secret 127.0.0.1
rocommunity read-only 127.0.0.1
createUser monkey SHA auth-secret AES privacy-secret
rwuser monkey priv
pass_persist .1.3.6.1.2.1.105.1.1.1 {python} {tables} {folder}
pass_persist .1.3.6.1.2.1.2.2.1 {python} {tables} {folder}
"""


class Switch:
    """The switch itself: a process on a loopback port, and a folder that says what it does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.joinpath("order").write_text("1")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        configuration = self.folder / "snmpd.conf"
        configuration.write_text(
            CONFIGURATION.format(
                port=self.port, python=sys.executable, tables=TABLES, folder=self.folder
            )
        )
        modules = "-ifTable,ifXTable,interface,interfaces"
        self._process = subprocess.Popen(  # noqa: ASYNC220 - outlives this loop's children
            [sure(SNMPD), "-f", "-Lf", self.folder / "log", "-C", "-c", configuration,
             "-I", modules],
            env={"SNMP_PERSISTENT_DIR": str(self.folder / "persistent"), "MIBS": ""},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        log = self.folder / "log"
        await until(lambda: "NET-SNMP version" in _read(log), lambda: _read(log))

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def lie(self) -> None:
        self.folder.joinpath("lie").touch()

    def delay(self, seconds: float) -> None:
        self.folder.joinpath("delay").write_text(str(seconds))

    @property
    def feed(self) -> FeedState:
        return FeedState.ON if _read(self.folder / "order") == "1" else FeedState.OFF


class SnmpPeer(Peer):
    """A port of that switch and the driver for it."""

    breath = 0.05  # right after a SET snmpd refuses another one, and leaves the cell out of a GET

    def __init__(self, folder: Path, **settings: object) -> None:
        self._settings = settings
        self.switch = Switch(folder)
        self._engines = ExitStack()

    async def start(self) -> None:
        await self.switch.start()

    async def stop(self) -> None:
        self._engines.close()
        self.switch.stop()

    async def open(self, **settings: object) -> Plug:
        engine = self._engines.enter_context(open_engine())
        values = {"timeout": self.timeout, **self._settings, **settings}
        plug = SnmpPlug(driver="snmp", host="127.0.0.1", port=self.switch.port, **values)
        return SwitchPort(plug, Agent(plug, engine))

    def feed(self) -> FeedState:
        return self.switch.feed

    def lie(self) -> None:
        self.switch.lie()

    def delay(self, seconds: float) -> None:
        self.switch.delay(seconds)

    def leave(self) -> None:
        self.switch.stop()


class CommunityPeer(SnmpPeer):
    """SNMP v2c."""

    secrets = ("write-secret",)


class UserPeer(SnmpPeer):
    """SNMP v3."""

    secrets = ("auth-secret", "privacy-secret")


V2 = {"community": "write-secret"}
V3 = {"user": "monkey", "auth": "auth-secret", "privacy": "privacy-secret"}
PEERS: dict[str, Callable[[Path], Peer]] = {
    "snmp poe": lambda folder: CommunityPeer(folder, poe="3", **V2),
    "snmp link": lambda folder: CommunityPeer(folder, interface=3, **V2),
    "snmp v3 poe": lambda folder: UserPeer(folder, poe="1.3", **V3),
}


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
