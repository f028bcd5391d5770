"""uhubctl's output, as its README and its users' reports show it."""

import shutil
from pathlib import Path

import pytest

from chaosmonkey.config import UhubctlPlug
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.plugs.programs import PlugPrograms
from chaosmonkey.plugs.uhubctl import open_uhubctl, parse_port_state

HUB = "Current status for hub 1-1 [2109:3431 USB2.0 Hub, USB 2.10, 4 ports, ppps]\n"


@pytest.mark.parametrize(
    ("text", "feed"),
    [
        (HUB + "  Port 2: 0100 power\n", FeedState.ON),
        (HUB + "  Port 2: 0503 power highspeed enable connect [0424:9514]\n", FeedState.ON),
        (HUB + "  Port 2: 0000 off\n", FeedState.OFF),
        (HUB + "  Port 2: 00a0 off\n" + HUB + "  Port 2: 0000 off\n", FeedState.OFF),
        (HUB + "  Port 2: 02a0 power 5gbps\n" + HUB + "  Port 2: 0000 off\n", FeedState.UNKNOWN),
        (HUB + "  Port 12: 0000 off\n", FeedState.UNKNOWN),
        ("No compatible devices detected!\n", FeedState.UNKNOWN),
    ],
)
def test_both_halves_of_a_hub_must_say_the_same_about_the_port(text: str, feed: FeedState) -> None:
    assert parse_port_state(text, 2) is feed


@pytest.mark.skipif(
    shutil.which("uhubctl") is None,
    reason="CHAOSMONKEY: no uhubctl, so nobody checked what it says without a hub",
)
async def test_the_real_program_without_such_a_hub_is_an_error(tmp_path: Path) -> None:
    plug = open_uhubctl(UhubctlPlug(driver="uhubctl", hub="97-1", port=1), PlugPrograms(tmp_path))
    with pytest.raises(PlugFailed, match="No compatible devices detected"):
        await plug.read()
    with pytest.raises(PlugFailed, match="No compatible devices detected"):
        await plug.switch(on=False)
