"""From settings to plugs: what is opened, what is not even imported, and what locks what."""

import subprocess
import sys

import gpiozero
import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.config import build
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.plugs import open_plugs
from chaosmonkey.wires import open_wires


def lab(*plugs: dict[str, object]) -> dict[str, object]:
    return {
        "gpio": {"pin_factory": "mock"},
        "machine": [{"name": f"node{i}", "power": plug} for i, plug in enumerate(plugs)],
    }


def snmp(**values: object) -> dict[str, object]:
    return {"driver": "snmp", "host": "127.0.0.1", "community": "c", "timeout": 0.01, **values}


async def test_ports_of_one_switch_share_one_lock_and_those_of_two_do_not() -> None:
    settings = lab(
        snmp(poe="1", port=1), snmp(interface=2, port=1), snmp(poe="1", port=2)
    )  # fmt: skip
    with open_wires(build(settings)) as wires:
        async with open_plugs(build(settings), wires, ManualClock()) as board:
            locks = [plug._device for plug in board.values()]
            assert locks[0] is locks[1]
            assert locks[0] is not locks[2]


def test_a_lab_without_snmp_does_not_pay_for_it() -> None:
    """Importing it takes a tenth of a second here, and much more on a small Pi."""
    code = """
import asyncio, sys
from chaosmonkey import runtime
import gpiozero
import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.config import build
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.plugs import open_plugs
from chaosmonkey.wires import open_wires
async def main():
    power = {"driver": "gpio", "pin": 17}
    values = {"gpio": {"pin_factory": "mock"}, "machine": [{"name": "node1", "power": power}]}
    with open_wires(build(values)) as wires:
        async with open_plugs(build(values), wires, ManualClock()):
            assert not [name for name in sys.modules if name.startswith("pysnmp")]
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_a_device_that_cannot_be_opened_fails_alone_and_is_opened_when_it_can() -> None:
    """A busy line, a missing agent: the start goes on, and their plugs are tried again."""
    settings = build(
        lab(
            {"driver": "gpio", "pin": 4},
            {"driver": "fence", "agent": "fence_of_no_maker", "keys": {}},
            {"driver": "gpio", "pin": 5},
        )
    )
    with open_wires(settings) as wires:
        busy = gpiozero.OutputDevice(4, pin_factory=wires.pins)
        async with open_plugs(settings, wires, ManualClock()) as board:
            plugs = {machine: plug for (machine, _), plug in board.items()}
            assert await plugs["node2"].read() is FeedState.ON
            with pytest.raises(PlugFailed, match="GPIO 4"):
                await plugs["node0"].read()
            with pytest.raises(PlugFailed, match="fence_of_no_maker is not installed"):
                await plugs["node1"].read()
            busy.close()
            assert await plugs["node0"].read() is FeedState.ON
