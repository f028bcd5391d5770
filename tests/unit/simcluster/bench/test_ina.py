"""The pretend INA3221 and INA219: words worked out by hand from their data sheets."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.simcluster.bench.bench import Bench
from chaosmonkey.simcluster.bench.chips.ina import Ina219, Ina3221, Measurement
from chaosmonkey.simcluster.bench.wiring import Meter, PanelWiring, SimMachine, Wire
from chaosmonkey.simcluster.timeline import Timeline


def word(chip: Ina219 | Ina3221, register: int) -> int:
    return int.from_bytes(chip.read(register, 2), "big")


def _same(reading: Measurement) -> Measurement:
    return reading


def ina3221(*readings: Measurement) -> Ina3221:
    chip = Ina3221()
    for channel, reading in enumerate(readings, 1):
        chip.fit(channel, partial(_same, reading))
    return chip


def ina219(volts: float, amperes: float) -> Ina219:
    chip = Ina219()
    chip.fit(1, lambda: Measurement(volts, amperes))
    return chip


def test_an_ina3221_says_who_it_is_and_how_it_is_set_after_a_reset() -> None:
    chip = Ina3221()
    assert (word(chip, 0xFE), word(chip, 0xFF), word(chip, 0x00)) == (0x5449, 0x3220, 0x7127)


@pytest.mark.parametrize(
    ("amperes", "expected"),
    [
        (0.5, 0x2710),  # 50 mV = 1250 steps of 40 µV, three bits up
        (0.0, 0x0000),
        (0.0004, 0x0008),  # one step
        (-0.5, 0xD8F0),  # two's complement
        (5.0, 0x7FF8),  # 163.8 mV is the most
        (-5.0, 0x8008),
    ],
)
def test_an_ina3221_shunt_word(amperes: float, expected: int) -> None:
    assert word(ina3221(Measurement(5.1, amperes)), 0x01) == expected


@pytest.mark.parametrize(
    ("volts", "expected"),
    [(5.096, 0x13E8), (0.0, 0x0000), (0.008, 0x0008), (3.304, 0x0CE8)],  # steps of 8 mV
)
def test_an_ina3221_bus_word(volts: float, expected: int) -> None:
    assert word(ina3221(Measurement(volts, 0.0)), 0x02) == expected


def test_each_channel_of_an_ina3221_has_its_two_registers() -> None:
    chip = ina3221(Measurement(0.8, 0.04), Measurement(1.6, 0.08), Measurement(2.4, 0.12))
    assert [word(chip, register) >> 3 for register in range(1, 7)] == [100, 100, 200, 200, 300, 300]


def test_an_ina219_word_by_word() -> None:
    chip = ina219(5.096, 0.5)
    assert word(chip, 0x00) == 0x399F
    assert word(chip, 0x01) == 0x1388  # 50 mV = 5000 steps of 10 µV
    assert word(chip, 0x02) == 0x27D2  # 1274 steps of 4 mV, three bits up, conversion ready
    assert [word(chip, register) for register in (3, 4, 5)] == [0, 0, 0]
    assert word(ina219(0.0, -0.5), 0x01) == 0xEC78


@pytest.mark.parametrize("chip", [Ina219(), Ina3221()])
def test_a_configuration_is_kept_until_a_reset(chip: Ina219 | Ina3221) -> None:
    chip.write(0x00, b"\x12\x34")
    assert word(chip, 0x00) == 0x1234
    chip.write(0x00, b"\x80\x00")
    assert word(chip, 0x00) == chip.reset


@pytest.mark.parametrize("chip", [Ina219(), Ina3221()])
def test_other_registers_and_single_bytes_are_not_written(chip: Ina219 | Ina3221) -> None:
    before = [word(chip, register) for register in range(256)]
    chip.write(0x00, b"\x12")
    for register in range(1, 256):
        chip.write(register, b"\xff\xff")
    assert [word(chip, register) for register in range(256)] == before


def test_the_high_byte_comes_first_and_the_pointer_stays() -> None:
    assert Ina3221().read(0xFE, 1) == b"TI"[:1]
    assert Ina3221().read(0xFE, 5) == b"TITIT"


@given(st.floats(0, 26), st.floats(-1.6, 1.6))
def test_a_word_says_what_was_measured_to_half_a_step(volts: float, amperes: float) -> None:
    chip = ina3221(Measurement(volts, amperes))
    shunt = int.from_bytes(chip.read(0x01, 2), "big", signed=True) // 8
    assert abs(shunt * 40e-6 / 0.1 - amperes) <= 0.5 * 40e-6 / 0.1 + 1e-9
    assert abs((word(chip, 0x02) >> 3) * 8e-3 - volts) <= 4e-3 + 1e-9


class Table:
    """One machine with a meter in its feed."""

    def __init__(self, *, seed: int = 0) -> None:
        self.timeline = Timeline(0.0)
        machine = SimMachine("node1", Wire(17), Wire(12), meter=Meter(chip="ina3221", channel=2))
        self.bench = Bench(self.timeline, [machine], lambda *_: None, seed=seed)

    def measured(self) -> tuple[float, float]:
        """Volts and amperes, after everything came to rest."""
        self.timeline.run_until(self.timeline.now + 1)
        shunt, bus = (self.bench.bus.read(0x40, register, 2) for register in (3, 4))
        amperes = int.from_bytes(shunt, "big", signed=True) / 8 * 40e-6 / 0.1
        return int.from_bytes(bus, "big") / 8 * 8e-3, amperes


@pytest.mark.parametrize("seed", range(5))
def test_a_running_machine_draws_some_half_ampere_at_five_volts(seed: int) -> None:
    table = Table(seed=seed)
    for _ in range(5):
        volts, amperes = table.measured()
        assert 5.05 < volts < 5.15
        assert 0.4 <= amperes <= 0.9
    assert Table(seed=seed).measured() == Table(seed=seed).measured()


def test_after_a_cut_there_is_neither_voltage_nor_current() -> None:
    table = Table()
    table.bench.drive(17, 1)
    assert table.measured() == (0.0, 0.0)
    table.bench.drive(17, 0)
    assert table.measured()[1] > 0.4
    table.bench.change_feed("node1", "power", plugged=False)
    assert table.measured() == (0.0, 0.0)


def test_a_back_fed_rail_has_voltage_and_no_current_through_the_feed() -> None:
    table = Table()
    table.bench.change_feed("node1", "power", plugged=False, back_fed=True)
    volts, amperes = table.measured()
    assert volts > 5
    assert amperes == 0.0


def test_the_bench_shows_what_is_measured() -> None:
    chip, *_ = Table().bench.describe()["chips"]
    assert (chip["address"], chip["chip"]) == ("0x40", "ina3221")
    assert 5.05 < chip["channels"]["2"]["volts"] < 5.15


def with_meters(*meters: Meter, panel: PanelWiring | None = None) -> Bench:
    machines = [
        SimMachine(f"node{n}", Wire(17), Wire(12), meter=meter) for n, meter in enumerate(meters)
    ]
    return Bench(Timeline(0.0), machines, lambda *_: None, panel=panel)


def test_three_machines_share_one_ina3221() -> None:
    bench = with_meters(*(Meter(chip="ina3221", channel=n) for n in (1, 2, 3)))
    assert len(bench.bus.chips) == 1
    assert len({bench.bus.read(0x40, register, 2) for register in (1, 3, 5)}) == 3


@pytest.mark.parametrize(
    ("meters", "panel", "wrong"),
    [
        ([Meter(chip="ina219"), Meter(chip="ina3221")], None, "two chips"),
        ([Meter(chip="ina219"), Meter(chip="ina219")], None, "two feeds"),
        ([Meter(chip="ina219", channel=2)], None, "no channel 2"),
        ([Meter(chip="ina219", address=0x20)], PanelWiring(expander=0x20), "two chips"),
    ],
)
def test_meters_that_cannot_be_are_refused(
    meters: list[Meter], panel: PanelWiring | None, wrong: str
) -> None:
    with pytest.raises(ValueError, match=wrong):
        with_meters(*meters, panel=panel)
