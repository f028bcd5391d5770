"""One clock: set right when the system clock is, and counted on by the monotonic one in between."""

from __future__ import annotations

import pytest

from chaosmonkey import clock as clocks
from chaosmonkey.clock import SystemClock


class Machine:
    """A machine's two clocks."""

    def __init__(self) -> None:
        self.wall, self.up = 10.0, 5.0

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.up += seconds

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.up


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(clocks, "time", machine)
    return machine


def test_a_system_clock_that_is_set_moves_nothing_until_it_is_taken_over(machine: Machine) -> None:
    clock = SystemClock()
    machine.passes(30)
    machine.wall = 1_700_000_000.0
    machine.passes(2)
    assert clock.now() == 42.0
    assert clock.correct() == pytest.approx(1_700_000_002.0 - 42.0)
    assert clock.now() == pytest.approx(1_700_000_002.0)
    assert clock.correct() == 0.0


def test_what_a_time_server_slews_is_no_step(machine: Machine) -> None:
    clock = SystemClock()
    machine.wall += 0.9
    assert clock.correct() == 0.0
    assert clock.now() == 10.0


def test_it_follows_backwards_too(machine: Machine) -> None:
    clock = SystemClock()
    machine.wall -= 7200
    assert clock.correct() == -7200
