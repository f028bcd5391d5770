"""Relays on gpiozero's own pretend pins: levels, contacts, and never a glitch."""

import socket

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from chaosmonkey.clock import ManualClock
from chaosmonkey.config import GpioPlug, GpioSettings, build
from chaosmonkey.errors import PlugFailed
from chaosmonkey.plugs import open_plugs
from chaosmonkey.plugs.gpio import RelayPlug
from chaosmonkey.wires import open_wires
from chaosmonkey.wires.mock_header import MockHeader
from chaosmonkey.wires.pins import mock_factory, open_pin_factory


class Recorder(MockHeader):
    """A cable that writes down what it is shown."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:1")
        self.shown: list[tuple[str, str]] = []

    def show(self, pin: str, level: str) -> None:
        self.shown.append((pin, level))


@pytest.mark.parametrize(
    ("contact", "active_high", "level_when_on"),
    [("NC", True, 0), ("NC", False, 1), ("NO", True, 1), ("NO", False, 0)],
)
async def test_contact_and_polarity_decide_which_level_feeds_the_machine(
    contact: str, active_high: bool, level_when_on: int
) -> None:
    cable = Recorder()
    settings = GpioPlug(driver="gpio", pin=17, contact=contact, active_high=active_high)
    plug = RelayPlug(settings, mock_factory(cable))
    await plug.switch(on=False)
    await plug.switch(on=True)
    outputs = [level for _, level in cable.shown]
    assert outputs == [f"out {level_when_on}", f"out {1 - level_when_on}", f"out {level_when_on}"]


@pytest.mark.parametrize("active_high", [True, False])
@pytest.mark.parametrize("contact", ["NC", "NO"])
def test_a_line_is_claimed_at_its_level_in_one_step(contact: str, active_high: bool) -> None:
    """gpiozero by itself claims LOW and then writes, and an active-low relay clicks."""
    cable = Recorder()
    settings = GpioPlug(driver="gpio", pin=17, contact=contact, active_high=active_high)
    plug = RelayPlug(settings, mock_factory(cable))
    assert len(cable.shown) == 1, plug


async def test_a_normally_closed_relay_lets_go_of_its_line_and_an_open_one_holds_it() -> None:
    for contact, last in (("NC", "in floating"), ("NO", "out 1")):
        cable = Recorder()
        plug = RelayPlug(GpioPlug(driver="gpio", pin=17, contact=contact), mock_factory(cable))
        await plug.close()
        assert cable.shown[-1][1] == last


def test_a_pin_used_twice_is_an_error_of_the_second() -> None:
    factory = mock_factory()
    first = RelayPlug(GpioPlug(driver="gpio", pin=17), factory)
    assert first
    with pytest.raises(PlugFailed, match="GPIO 17"):
        RelayPlug(GpioPlug(driver="gpio", pin=17), factory)


def test_the_pin_factory_is_never_guessed() -> None:
    assert isinstance(open_pin_factory(GpioSettings(pin_factory="mock")), MockFactory)
    try:
        import lgpio  # noqa: F401
    except ImportError:
        with pytest.raises(PlugFailed, match="lgpio is not usable"):
            open_pin_factory(GpioSettings(pin_factory="lgpio"))


def test_the_cable_tells_the_bench_and_says_when_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bench:
        address = f"127.0.0.1:{bench.getsockname()[1]}"
        cable = MockHeader(address)
        cable.show("GPIO17", "out 1")
        connection, _ = bench.accept()
        cable.show("GPIO17", "out 0")
        assert connection.makefile().readline() == "pin 17 out 1\n"
        connection.close()
        cable.close()
    with pytest.raises(PlugFailed, match="does not answer"):
        cable.show("GPIO17", "out 1")


def test_a_bench_that_came_back_is_shown_every_line_anew() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bench:
        cable = MockHeader(f"127.0.0.1:{bench.getsockname()[1]}")
        cable.show("GPIO17", "out 1")
        cable.close()
        cable.show("GPIO22", "out 0")
        bench.accept()[0].close()
        connection, _ = bench.accept()
        lines = connection.makefile()
        assert {lines.readline(), lines.readline()} == {"pin 17 out 1\n", "pin 22 out 0\n"}
        connection.close()
        cable.close()


async def test_every_plug_of_the_lab_is_opened() -> None:
    lab = build(
        {
            "gpio": {"pin_factory": "mock"},
            "machine": [
                {
                    "name": "node1",
                    "power": {"driver": "gpio", "pin": 17},
                    "network": {
                        "driver": "command", "cut": ["true"], "restore": ["true"], "read": ["true"],
                    },
                },
                {"name": "node2"},
            ],
        }
    )  # fmt: skip
    with open_wires(lab) as wires:
        async with open_plugs(lab, wires, ManualClock()) as board:
            keys = [(machine, feed.value) for machine, feed in board]
            assert keys == [("node1", "power"), ("node1", "network")]
            for plug in board.values():
                await plug.read()


def test_a_line_that_the_kernel_says_is_busy_is_an_error_with_its_number() -> None:
    """lgpio raises an error of its own, which is none of gpiozero's."""

    class Busy(MockPin):  # type: ignore[misc] # gpiozero is untyped
        def __init__(self, factory: MockFactory, info: object) -> None:
            raise RuntimeError("'GPIO busy'")

    settings = GpioPlug(driver="gpio", pin=17)
    with pytest.raises(PlugFailed, match=r"GPIO 17: 'GPIO busy' Check that no other process"):
        RelayPlug(settings, MockFactory(pin_class=Busy))
