"""The pretend MCP23017, register by register after its data sheet."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.simcluster.bench.chips.bus import NoAcknowledgement, SimBus
from chaosmonkey.simcluster.bench.chips.mcp23017 import Mcp23017, Register, line_number
from chaosmonkey.simcluster.bench.gpio import Level

IODIRA, IODIRB = 0x00, 0x01
IPOLA, GPINTENA, GPINTENB, DEFVALA, INTCONA = 0x02, 0x04, 0x05, 0x06, 0x08
IOCONA, IOCONB, GPPUA, GPPUB = 0x0A, 0x0B, 0x0C, 0x0D
INTFA, INTCAPA, GPIOA, GPIOB, OLATA, OLATB = 0x0E, 0x10, 0x12, 0x13, 0x14, 0x15


class Buttons:
    """Things at the lines of a chip, and what its INTA did."""

    def __init__(self, *lines: str) -> None:
        self.levels: dict[str, Level] = dict.fromkeys(lines)
        self.inta: list[Level] = []
        self.chip = Mcp23017(lambda: self.inta.append(self.chip.inta))
        for line in lines:
            self.chip.tie(line, partial(self.levels.__getitem__, line))

    def turn(self, line: str, level: Level) -> None:
        self.levels[line] = level
        self.chip.update()

    def write(self, register: int, *values: int) -> None:
        self.chip.write(register, bytes(values))

    def read(self, register: int) -> int:
        return self.chip.read(register, 1)[0]


def test_after_a_reset_every_line_is_an_input_and_everything_else_is_0() -> None:
    assert Mcp23017().read(0, 22) == b"\xff\xff" + bytes(20)


@pytest.mark.parametrize("register", [0x00, 0x02, 0x04, 0x06, 0x08, 0x0C, 0x14])
def test_a_register_that_may_be_written_reads_back(register: int) -> None:
    chip = Mcp23017()
    chip.write(register, b"\xa5\x5a")
    assert chip.read(register, 2) == b"\xa5\x5a"


@pytest.mark.parametrize("register", [0x0E, 0x0F, 0x10, 0x11, 0x16, 0xFF])
def test_flags_captures_and_what_is_not_there_take_no_writes(register: int) -> None:
    chip = Mcp23017()
    chip.write(register, b"\xff")
    assert chip.read(register, 1) == b"\x00"
    assert chip.read(0, 22) == b"\xff\xff" + bytes(20)


def test_iocon_is_one_register_at_two_addresses_and_keeps_bank_0() -> None:
    chip = Mcp23017()
    chip.write(IOCONB, b"\xff")
    assert chip.read(IOCONA, 1) == chip.read(IOCONB, 1) == b"\x7e"


def test_an_open_button_without_pull_up_floats_and_reads_as_pressed() -> None:
    bench = Buttons("A0", "A1")
    assert bench.read(GPIOA) == 0x00
    assert bench.chip.level("A0") is None
    bench.write(GPPUA, 0xFF)
    assert bench.read(GPIOA) == 0xFF
    bench.turn("A1", 0)
    assert bench.read(GPIOA) == 0xFD


def test_a_written_port_is_its_latch_and_drives_outputs_only() -> None:
    bench = Buttons("A0")
    bench.write(IODIRB, 0xF0)
    bench.write(GPIOB, 0xFF)
    assert bench.read(OLATB) == 0xFF
    assert bench.read(GPIOB) == 0x0F
    assert [bench.chip.level(f"B{n}") for n in (3, 4)] == [1, None]


def test_polarity_inverts_what_is_read_and_not_what_is_there() -> None:
    bench = Buttons("A0")
    bench.write(GPPUA, 0xFF)
    bench.write(IPOLA, 0x01)
    assert bench.read(GPIOA) == 0xFE
    assert bench.chip.level("A0") == 1


@given(st.binary(min_size=1, max_size=32), st.integers(0, 21), st.integers(1, 32))
def test_many_bytes_are_as_many_single_ones_with_the_pointer_moving_on(
    data: bytes, register: int, count: int
) -> None:
    many, single = Mcp23017(), Mcp23017()
    data = bytes(value & ~0x20 for value in data)  # SEQOP off
    many.write(register, data)
    for step, value in enumerate(data):
        single.write((register + step) % 22, bytes([value]))
    singly = b"".join(single.read((register + step) % 22, 1) for step in range(count))
    assert many.read(register, count) == singly


def test_without_sequential_operation_the_pointer_stays_with_its_pair() -> None:
    bench = Buttons("A0")
    bench.write(IOCONA, 0x20)
    bench.write(OLATA, 1, 2, 3)
    assert bench.chip.read(OLATA, 4) == b"\x03\x02\x03\x02"


def armed(*, iocon: int = 0) -> Buttons:
    bench = Buttons("A0", "A1", "B0")
    bench.write(IOCONA, iocon)
    bench.write(GPPUA, 0xFF, 0xFF)
    bench.write(GPINTENA, 0xFF, 0xFF)
    bench.inta.clear()
    return bench


@pytest.mark.parametrize("cleared_by", [GPIOA, INTCAPA])
def test_a_change_interrupts_until_the_port_or_the_capture_is_read(cleared_by: int) -> None:
    bench = armed()
    bench.turn("A1", 0)
    assert (bench.inta, bench.read(INTFA)) == ([0], 0x02)
    assert bench.read(cleared_by) == 0xFD
    assert (bench.inta, bench.read(INTFA)) == ([0, 1], 0x00)
    bench.turn("A1", None)
    assert bench.inta == [0, 1, 0]


def test_the_capture_is_of_the_first_change_until_it_was_seen() -> None:
    bench = armed()
    bench.turn("A0", 0)
    bench.turn("A1", 0)
    bench.turn("A0", None)
    assert (bench.read(INTFA), bench.inta) == (0x01, [0])
    assert bench.read(INTCAPA) == 0xFE
    assert bench.read(GPIOA) == 0xFD


def test_a_change_that_went_back_before_the_read_leaves_no_interrupt() -> None:
    bench = armed()
    bench.turn("A0", 0)
    bench.turn("A0", None)
    assert bench.read(GPIOA) == 0xFF
    assert bench.inta == [0, 1]


def test_compared_with_a_default_the_interrupt_lasts_as_long_as_the_difference() -> None:
    bench = armed()
    bench.write(DEFVALA, 0xFF)
    bench.write(INTCONA, 0x01)
    bench.turn("A0", 0)
    assert bench.read(GPIOA) == 0xFE
    assert bench.chip.inta == 0
    bench.turn("A0", None)
    assert bench.read(GPIOA) == 0xFF
    assert bench.chip.inta == 1


@pytest.mark.parametrize(("iocon", "levels"), [(0x00, []), (0x40, [0])])
def test_only_mirrored_does_inta_tell_of_port_b(iocon: int, levels: list[Level]) -> None:
    bench = armed(iocon=iocon)
    bench.turn("B0", 0)
    assert bench.inta == levels


@pytest.mark.parametrize(
    ("iocon", "rest", "active"), [(0x00, 1, 0), (0x02, 0, 1), (0x04, None, 0), (0x06, None, 0)]
)
def test_inta_is_active_low_active_high_or_open_drain(
    iocon: int, rest: Level, active: Level
) -> None:
    bench = armed(iocon=iocon)
    assert bench.chip.inta == rest
    bench.turn("A0", 0)
    assert bench.chip.inta == active


def test_lines_that_nobody_asked_for_and_outputs_do_not_interrupt() -> None:
    bench = armed()
    bench.write(GPINTENA, 0x01)
    bench.turn("A1", 0)
    bench.write(IODIRA, 0x00)
    bench.write(OLATA, 0xFF)
    assert bench.inta == []


def test_describing_the_chip_clears_no_interrupt() -> None:
    bench = armed()
    bench.turn("A0", 0)
    told = bench.chip.describe()
    assert told["chip"] == "mcp23017"
    assert (told["registers"]["INTFA"], told["registers"]["GPIOA"]) == ("0x01", "0xfe")
    assert told["inta"] == bench.chip.inta == 0


def test_a_line_is_named_by_port_and_bit() -> None:
    assert [line_number(line) for line in ("A0", "A7", "B0", "B7")] == [0, 7, 8, 15]
    for wrong in ("C0", "A8", "A", "a0", "A10", ""):
        with pytest.raises(ValueError, match="A0 to A7"):
            line_number(wrong)


def test_two_things_at_one_line_are_refused() -> None:
    bench = Buttons("A0")
    with pytest.raises(ValueError, match="A0"):
        bench.chip.tie("A0", lambda: 0)


def test_the_registers_are_those_of_bank_0() -> None:
    assert [register.value for register in Register] == list(range(0, 22, 2))


def test_an_address_without_a_chip_acknowledges_nothing() -> None:
    with pytest.raises(NoAcknowledgement, match="no acknowledgement from 0x21"):
        SimBus().read(0x21, 0, 1)
