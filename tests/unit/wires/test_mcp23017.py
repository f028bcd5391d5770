"""gpiozero's devices on the lines of an MCP23017: the simulator's chip, register by register."""

import math
from collections.abc import Callable, Iterator

import gpiozero
import pytest
from gpiozero.exc import PinInvalidPin

from chaosmonkey.clock import SystemClock
from chaosmonkey.config import build
from chaosmonkey.simcluster.bench.chips.mcp23017 import Mcp23017
from chaosmonkey.wires import open_wires
from chaosmonkey.wires.mcp23017 import (
    ANY_INPUT,
    GPINTEN,
    GPPU,
    IODIR,
    POLL_ANYWAY,
    TRIES,
    ExpanderFactory,
)
from tests.patience import wait_until

ADDRESS = 0x20
CLOCK = SystemClock()


class Wire:
    """A bus with one chip; `torn` answers nothing, `hangs_low` answers zeros."""

    def __init__(self) -> None:
        self.chip = Mcp23017()
        self.torn = False
        self.hangs_low = False
        self.disturbed = 0
        self.raises: Exception | None = None
        self.reads = 0
        self.writes: list[tuple[int, bytes]] = []

    def read(self, address: int, register: int, count: int) -> bytes:
        self._reach(address)
        self.reads += 1
        return bytes(count) if self.hangs_low else self.chip.read(register, count)

    def write(self, address: int, register: int, data: bytes) -> None:
        self._reach(address)
        self.writes.append((register, data))
        self.chip.write(register, data)

    def _reach(self, address: int) -> None:
        if self.raises is not None:
            raise self.raises
        if self.disturbed:
            self.disturbed -= 1
            raise OSError("arbitration lost")
        if self.torn or address != ADDRESS:
            raise OSError("no acknowledgement")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def expander(wire: Wire) -> Iterator[ExpanderFactory]:
    factory = ExpanderFactory(wire, ADDRESS)
    yield factory
    factory.close()


def soon(condition: Callable[[], bool]) -> None:
    """The chip is served by a thread of its own."""
    wait_until(condition, pause=0.002)


def register(wire: Wire, number: int) -> int:
    return int.from_bytes(wire.chip.read(number, 2), "little")


def test_only_lines_that_somebody_watches_call_and_unused_ones_do_not_float(
    wire: Wire, expander: ExpanderFactory
) -> None:
    button = gpiozero.DigitalInputDevice("A1", pull_up=True, pin_factory=expander)
    soon(lambda: register(wire, GPINTEN) == 0b10)
    assert register(wire, GPPU) == 0xFFFF
    button.close()
    soon(lambda: register(wire, GPINTEN) == 0)


def test_an_led_lights_the_line_of_its_name(wire: Wire, expander: ExpanderFactory) -> None:
    led = gpiozero.LED("B3", pin_factory=expander)
    soon(lambda: wire.chip.level("B3") == 0)
    led.on()
    soon(lambda: wire.chip.level("B3") == 1)
    assert register(wire, IODIR) == 0x777F, "its neighbours are inputs"
    led.close()
    soon(lambda: register(wire, IODIR) == ANY_INPUT)


def test_a_line_becomes_an_output_at_its_level(wire: Wire, expander: ExpanderFactory) -> None:
    """First the latch, then the direction: an active-low thing does not click."""
    wire.writes.clear()
    relay = gpiozero.OutputDevice(
        "A2", active_high=False, initial_value=False, pin_factory=expander
    )
    soon(lambda: register(wire, IODIR) == ANY_INPUT & ~0b100)
    assert wire.chip.level("A2") == 1
    relay.close()
    registers = [register for register, _ in wire.writes]
    assert registers.index(0x14) < registers.index(0x00)


def test_a_press_is_seen_and_a_release_too(wire: Wire, expander: ExpanderFactory) -> None:
    level: list[int] = [1]
    pressed = [False]
    button = gpiozero.DigitalInputDevice("A0", pull_up=True, pin_factory=expander)
    wire.chip.tie("A0", lambda: 0 if pressed[0] else None)
    soon(lambda: button.pin.state == 1)
    button.when_activated = lambda: level.append(0)
    button.when_deactivated = lambda: level.append(1)
    pressed[0] = True
    soon(lambda: level == [1, 0])
    pressed[0] = False
    soon(lambda: level == [1, 0, 1])


def test_a_chip_that_was_without_power_is_set_up_anew(
    wire: Wire, expander: ExpanderFactory
) -> None:
    led = gpiozero.LED("B0", pin_factory=expander)
    led.on()
    soon(lambda: wire.chip.level("B0") == 1)
    wire.torn = True
    soon(lambda: expander.trouble != "")
    wire.chip = Mcp23017()
    wire.torn = False
    soon(lambda: wire.chip.level("B0") == 1)
    soon(lambda: expander.trouble == "")


def test_a_chip_that_lost_its_power_for_a_moment_presses_no_button(
    wire: Wire, expander: ExpanderFactory
) -> None:
    """Between two looks, so that no look failed: without pull-ups its inputs read as low."""
    led = gpiozero.LED("B0", pin_factory=expander)
    button = gpiozero.DigitalInputDevice("A0", pull_up=True, pin_factory=expander)
    led.on()
    soon(lambda: wire.chip.level("B0") == 1)
    pressed: list[bool] = []
    button.when_activated = lambda: pressed.append(True)
    wire.chip = Mcp23017()
    soon(lambda: wire.chip.level("B0") == 1)
    soon(lambda: register(wire, GPPU) == 0xFFFF)
    assert (pressed, expander.trouble) == ([], "")


def test_a_bus_whose_data_line_hangs_low_is_trouble_and_presses_no_button(
    wire: Wire, expander: ExpanderFactory
) -> None:
    """It acknowledges everything, and everything reads as zero."""
    button = gpiozero.DigitalInputDevice("A0", pull_up=True, pin_factory=expander)
    soon(lambda: register(wire, GPINTEN) == 1)
    pressed: list[bool] = []
    button.when_activated = lambda: pressed.append(True)
    wire.hangs_low = True
    soon(lambda: "does not keep" in expander.trouble)
    assert pressed == []
    wire.hangs_low = False
    soon(lambda: expander.trouble == "")
    assert pressed == []


def test_with_an_interrupt_the_chip_is_left_alone_until_it_calls(wire: Wire) -> None:
    factory = ExpanderFactory(wire, ADDRESS, interrupt=True)
    pressed = [False]
    wire.chip.tie("A0", lambda: 0 if pressed[0] else None)
    button = gpiozero.DigitalInputDevice("A0", pull_up=True, pin_factory=factory)
    soon(lambda: register(wire, GPINTEN) == 1)
    assert button.pin.state == 1
    began = CLOCK.now()
    pressed[0] = True
    wire.chip.update()
    assert wire.chip.inta == 0, "the chip says that something changed"
    factory.poll()
    soon(lambda: button.pin.state == 0)
    assert CLOCK.now() - began < 0.4, "it was not the look that comes anyway"
    factory.close()


def test_a_chip_that_is_not_there_is_trouble_and_set_up_when_it_comes(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    wire.torn = True
    factory = ExpanderFactory(wire, ADDRESS)
    led = gpiozero.LED("B0", pin_factory=factory)
    button = gpiozero.DigitalInputDevice("A0", pull_up=True, pin_factory=factory)
    led.on()
    soon(factory.polled.is_set)
    assert factory.trouble == "no acknowledgement"
    assert "The MCP23017 at 0x20 does not answer" in caplog.text
    assert button.pin.age == math.inf
    wire.torn = False
    soon(lambda: wire.chip.level("B0") == 1)
    soon(lambda: factory.trouble == "" and button.pin.age < 1)
    factory.close()


def test_a_line_that_was_not_read_lately_has_an_age_and_a_torn_one_is_never_read(
    wire: Wire, expander: ExpanderFactory
) -> None:
    soon(lambda: expander.age < 1)
    wire.torn = True
    soon(lambda: expander.age == math.inf)
    wire.torn = False
    soon(lambda: expander.age < 1)


def test_a_bus_that_is_disturbed_for_one_look_is_no_trouble(
    wire: Wire, expander: ExpanderFactory, caplog: pytest.LogCaptureFixture
) -> None:
    soon(lambda: expander.age < 1)
    wire.disturbed = TRIES - 1
    soon(lambda: wire.disturbed == 0)
    read = wire.reads
    soon(lambda: wire.reads > read)
    assert (expander.trouble, caplog.text) == ("", "")


def test_a_bus_that_answers_what_no_bus_does_is_trouble_and_ends_no_thread(
    wire: Wire, expander: ExpanderFactory
) -> None:
    soon(lambda: expander.age < 1)
    wire.raises = ValueError("non-hexadecimal number found")
    soon(lambda: "non-hexadecimal" in expander.trouble)
    wire.raises = None
    soon(lambda: expander.trouble == "")


def test_with_an_interrupt_a_button_that_is_pressed_is_looked_at_all_the_time(wire: Wire) -> None:
    """So that a hold is over as soon as the bus is torn, not half a second later."""
    factory = ExpanderFactory(wire, ADDRESS, interrupt=True)
    button = gpiozero.DigitalInputDevice("A0", pull_up=True, pin_factory=factory)
    soon(lambda: register(wire, GPINTEN) == 1 and button.pin.state == 1)
    wire.chip.tie("A0", lambda: 0)
    factory.poll()
    soon(lambda: button.pin.state == 0)
    began, read = CLOCK.now(), wire.reads
    soon(lambda: wire.reads >= read + 20)
    assert (CLOCK.now() - began) / 20 < POLL_ANYWAY / 2, "it was not the look that comes anyway"
    factory.close()


def test_without_its_interrupt_line_the_chip_is_asked_all_the_time(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """Another program holds that line."""
    lab = build({"gpio": {"pin_factory": "mock"}, "panel": {"expander": ADDRESS, "interrupt": 6}})
    with open_wires(lab) as wires:
        wires.bus = wire
        taken = gpiozero.DigitalInputDevice(6, pin_factory=wires.pins)
        soon(lambda: wires.expander.age < 1)
        began, read = CLOCK.now(), wire.reads
        soon(lambda: wire.reads >= read + 20)
        assert (CLOCK.now() - began) / 20 < POLL_ANYWAY / 2
        taken.close()
    assert "The interrupt line 6 is not usable" in caplog.text


def test_a_line_used_twice_or_none_is_refused(expander: ExpanderFactory) -> None:
    first = gpiozero.LED("B0", pin_factory=expander)
    with pytest.raises(gpiozero.GPIOPinInUse):
        gpiozero.LED("B0", pin_factory=expander)
    with pytest.raises(PinInvalidPin, match="A0, A1"):
        gpiozero.LED("C0", pin_factory=expander)
    first.close()
