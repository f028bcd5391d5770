"""Buttons on pretend pins: held, bouncing, refused, red. Behind them is the real guard."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field

import pytest
from gpiozero import DigitalInputDevice
from gpiozero.pins.mock import MockFactory

from chaosmonkey.config import Lab, build
from chaosmonkey.control.refusals import HaltKept
from chaosmonkey.model import FeedState
from chaosmonkey.panel import Devices, Panel, open_devices
from chaosmonkey.panel.devices import RETRY
from chaosmonkey.store import AuditEntry
from chaosmonkey.wires import Wires, open_wires
from tests.unit.control._table import Table

BUTTON, LED, HALT, HEARTBEAT = 4, 5, 6, 7
HOLD = 1.5


def lab(**panel: object) -> Lab:
    return build(
        {
            "gpio": {"pin_factory": "mock"},
            "panel": {"halt": HALT, "heartbeat": HEARTBEAT} | panel,
            "machine": [{"name": "node3", "button": BUTTON, "led": LED}],
        }
    )


@dataclass
class Bench:
    """A panel on pretend pins beside a table."""

    table: Table
    factory: MockFactory
    panel: Panel
    noted: list[AuditEntry] = field(default_factory=list)

    async def press(self, pin: int, *, seconds: float) -> None:
        self.factory.pin(f"GPIO{pin}").drive_low()
        await self.pass_(seconds)
        self.factory.pin(f"GPIO{pin}").drive_high()
        await self.pass_(0.1)

    async def pass_(self, seconds: float) -> None:
        await self.table.clock.advance(seconds)

    async def red(self, *, pressed: bool) -> None:
        """It is normally closed: pressed, the line is pulled up."""
        pin = self.factory.pin(f"GPIO{HALT}")
        (pin.drive_high if pressed else pin.drive_low)()
        await self.pass_(0.1)

    def lit(self, pin: int = LED) -> bool:
        return bool(self.factory.pin(f"GPIO{pin}").state)

    async def flashes(self, pin: int = LED, seconds: float = 1.0) -> str:
        seen = ""
        for _ in range(round(seconds * 10)):
            seen += "#" if self.lit(pin) else "."
            await self.pass_(0.1)
        return seen

    @property
    def node3(self) -> FeedState:
        return self.table.devices["node3"].state


def panel_of(
    table: Table,
    settings: Lab,
    devices: Devices,
    note: Callable[[AuditEntry], None] = lambda _: None,
) -> Panel:
    return Panel(
        settings,
        devices,
        monkey=table.monkey,
        tracker=table.tracker,
        note=note,
        clock=table.clock,
        pace=table.clock,
    )


@asynccontextmanager
async def running(table: Table, panel: Panel, *, armed: bool = True) -> AsyncIterator[None]:
    async with table.running(armed=armed), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(panel.run())
        yield
        run.cancel()


@asynccontextmanager
async def bench(
    *, armed: bool = True, red_out: bool = True, wires: Wires | None = None, **panel: object
) -> AsyncIterator[Bench]:
    table, settings = Table(), lab(**panel)
    noted: list[AuditEntry] = []
    with (
        nullcontext(wires) if wires else open_wires(settings) as used,
        open_devices(settings, used, table.clock, table.clock) as devices,
    ):
        factory = used.pins
        if red_out:
            factory.pin(f"GPIO{HALT}").drive_low()
        shown = panel_of(table, settings, devices, noted.append)
        async with running(table, shown, armed=armed):
            await table.clock.advance(0.5)
            yield Bench(table, factory, shown, noted)


async def test_a_button_that_is_held_cuts_and_the_led_goes_dark() -> None:
    async with bench() as it:
        assert it.lit()
        await it.press(BUTTON, seconds=HOLD + 0.1)
        assert it.node3 is FeedState.OFF
        await it.pass_(0.2)
        assert not it.lit()
        (entry,) = it.noted
        assert (entry.who, entry.command, entry.accepted) == (
            "the panel", "BUTTON /kill/node3?feed=power", True,
        )  # fmt: skip
        (outage,) = it.table.tracker.outages.values()
        assert outage.by == "the panel"


async def test_a_button_that_is_let_go_too_early_does_nothing() -> None:
    async with bench() as it:
        await it.press(BUTTON, seconds=HOLD - 0.2)
        await it.pass_(5)
        assert it.node3 is FeedState.ON
        assert it.noted == []


async def test_bounces_are_neither_a_press_nor_the_end_of_one() -> None:
    async with bench() as it:
        pin = it.factory.pin(f"GPIO{BUTTON}")
        for _ in range(5):
            pin.drive_low()
            await it.pass_(0.002)
            pin.drive_high()
            await it.pass_(0.002)
        await it.pass_(3)
        before = it.node3
        assert before is FeedState.ON
        pin.drive_low()
        await it.pass_(1)
        pin.drive_high()
        await it.pass_(0.002)
        pin.drive_low()
        await it.pass_(HOLD - 0.9)
        assert it.node3 is FeedState.OFF, "a bounce in the middle is no release"


async def test_a_button_that_chatters_while_it_is_pressed_cuts_nothing() -> None:
    """40 times a second: a worn contact, a wire that moves; no thumb does that."""
    async with bench() as it:
        pin = it.factory.pin(f"GPIO{BUTTON}")
        pin.drive_low()
        await it.pass_(0.08)
        for _ in range(160):
            pin.drive_high()
            await it.pass_(0.0125)
            pin.drive_low()
            await it.pass_(0.0125)
        assert it.noted == []
        await it.pass_(10)
        assert it.node3 is FeedState.ON, "it has to be let go first"


async def test_held_for_ever_it_cuts_once() -> None:
    async with bench() as it:
        await it.press(BUTTON, seconds=20)
        assert [entry.command for entry in it.noted] == ["BUTTON /kill/node3?feed=power"]


async def test_held_on_a_machine_that_is_cut_it_turns_it_on() -> None:
    async with bench() as it:
        await it.press(BUTTON, seconds=HOLD + 0.1)
        await it.press(BUTTON, seconds=HOLD + 0.1)
        assert it.node3 is FeedState.ON
        assert it.noted[-1].command == "BUTTON /restore/node3"


async def test_a_table_that_is_safe_refuses_it_and_the_led_says_so() -> None:
    async with bench(armed=False) as it:
        await it.press(BUTTON, seconds=HOLD + 0.1)
        assert it.node3 is FeedState.ON
        (entry,) = it.noted
        assert (entry.accepted, entry.rule) == (False, "not-armed")
        assert "Not armed" in entry.why
        assert "###...###" in await it.flashes(seconds=2.5)
        assert await it.flashes() == "##########", "then it says what is the case"


async def test_a_button_that_is_pressed_when_we_come_must_be_let_go_first() -> None:
    """It may be a short circuit; a machine must not be cut by starting the server."""
    table, settings = Table(), lab()
    with open_wires(settings) as wires:
        wires.pins.pin(f"GPIO{HALT}").drive_low()
        with open_devices(settings, wires, table.clock, table.clock) as devices:
            wires.pins.pin(f"GPIO{BUTTON}").drive_low()
            async with running(table, panel_of(table, settings, devices)):
                await table.clock.advance(10)
                assert table.devices["node3"].state is FeedState.ON


async def test_the_led_shows_that_a_button_is_being_held() -> None:
    async with bench() as it:
        it.factory.pin(f"GPIO{BUTTON}").drive_low()
        await it.pass_(0.2)
        assert "." in await it.flashes(seconds=1)


async def test_the_red_button_halts_and_holds_halt_until_it_comes_out() -> None:
    async with bench() as it:
        await it.press(BUTTON, seconds=HOLD + 0.1)
        await it.red(pressed=True)
        await it.pass_(1)
        assert it.node3 is FeedState.ON
        assert it.table.monkey.safety.halted_by == "the big red button"
        with pytest.raises(HaltKept, match="red button is pressed"):
            it.table.monkey.release("test")
        await it.red(pressed=False)
        assert it.table.monkey.safety.halted is not None, "it latches"
        assert it.table.monkey.release("test").halted is None
        assert it.noted[-1].command == "BUTTON /halt"


async def test_a_broken_wire_of_the_red_button_is_the_red_button() -> None:
    async with bench(red_out=False) as it:
        assert it.table.monkey.safety.halted is not None


async def test_a_red_button_that_is_normally_open_halts_when_it_closes() -> None:
    async with bench(red_out=False, halt_contact="NO") as it:
        assert it.table.monkey.safety.halted is None
        it.factory.pin(f"GPIO{HALT}").drive_low()
        await it.pass_(0.1)
        assert it.table.monkey.safety.halted is not None


async def test_a_red_button_that_does_not_come_to_rest_is_the_red_button() -> None:
    """45 times a second, for four seconds: a loose wire, or a hand that struck it."""
    async with bench() as it:
        await it.press(BUTTON, seconds=HOLD + 0.1)
        pin = it.factory.pin(f"GPIO{HALT}")
        for _ in range(180):
            pin.drive_high()
            await it.pass_(1 / 90)
            pin.drive_low()
            await it.pass_(1 / 90)
        assert it.node3 is FeedState.ON
        assert it.table.monkey.safety.halted is not None
        with pytest.raises(HaltKept, match="cannot be read"):
            it.table.monkey.release("test")
        await it.pass_(1)
        it.table.monkey.release("test")


async def test_a_red_button_that_cannot_be_read_is_the_red_button() -> None:
    async with bench() as it:
        it.factory.pin(f"GPIO{HALT}").age = float("inf")
        await it.pass_(1)
        assert it.table.monkey.safety.halted_by == "the big red button, which cannot be read"
        it.factory.pin(f"GPIO{HALT}").age = 0.0
        await it.pass_(1)
        assert it.table.monkey.safety.halted is not None, "it latches"
        it.table.monkey.release("test")


async def test_a_line_that_another_program_holds_is_opened_when_it_is_free() -> None:
    """The panel runs without it meanwhile, says so, and takes the red button for pressed."""
    settings = lab()
    with open_wires(settings) as wires:
        taken = [DigitalInputDevice(pin, pin_factory=wires.pins) for pin in (BUTTON, LED, HALT)]
        async with bench(wires=wires) as it:
            assert [told.partition(":")[0] for told in it.panel.troubles()] == [
                "node3's button", "node3's LED", "The big red button",
            ]  # fmt: skip
            assert it.table.monkey.safety.halted is not None
            with pytest.raises(HaltKept, match="cannot be read"):
                it.table.monkey.release("test")
            for line in taken:
                line.close()
            await it.pass_(RETRY + 0.5)
            await it.red(pressed=False)
            assert it.panel.troubles() == []
            it.table.monkey.release("test")
            it.table.monkey.arm("test")
            await it.press(BUTTON, seconds=HOLD + 0.1)
            assert it.node3 is FeedState.OFF
            assert not it.lit()


async def test_without_any_gpio_the_panel_runs_and_says_so() -> None:
    """Its pin factory cannot be opened; the red button then counts as pressed."""

    class NoWires(Wires):
        @property
        def pins(self) -> MockFactory:
            raise LookupError("unable to locate the Pi's revision")

    table, settings = Table(), lab()
    with (
        ExitStack() as closing,
        open_devices(settings, NoWires(settings, closing), table.clock, table.clock) as devices,
    ):
        panel = panel_of(table, settings, devices)
        async with running(table, panel):
            await table.clock.advance(RETRY + 1)
            assert len(panel.troubles()) == 4
            assert table.monkey.safety.halted is not None


async def test_halt_cannot_be_released_before_the_red_button_was_read() -> None:
    table, settings = Table(), lab()
    with (
        open_wires(settings) as wires,
        open_devices(settings, wires, table.clock, table.clock) as devices,
    ):
        panel_of(table, settings, devices)
        with pytest.raises(HaltKept, match="cannot be read"):
            table.monkey.release("test")


async def test_the_heartbeat_beats_once_safe_twice_armed_and_without_a_pause_in_halt() -> None:
    async with bench(armed=False) as it:
        assert (await it.flashes(HEARTBEAT)).count("#") == 1
        it.table.monkey.arm("test")
        await it.pass_(0.1)
        assert (await it.flashes(HEARTBEAT)).count("#") == 2
        await it.red(pressed=True)
        assert (await it.flashes(HEARTBEAT)).count("#") == 5
