"""The timeline: everything in its order, the same for the same seed."""

from __future__ import annotations

from chaosmonkey.simcluster.timeline import Timeline


def test_things_happen_in_the_order_of_their_moments_and_then_of_their_booking() -> None:
    timeline, said = Timeline(100.0), []
    timeline.after(2, lambda: said.append("late"))
    timeline.after(1, lambda: said.append("first of two"))
    timeline.after(1, lambda: said.append("second of two"))
    timeline.run_until(103)
    assert said == ["first of two", "second of two", "late"]


def test_each_thing_happens_at_its_own_moment_not_at_the_end_of_the_run() -> None:
    timeline, seen = Timeline(0.0), []

    def look_later() -> None:
        timeline.after(1, lambda: seen.append(timeline.now))

    timeline.after(1, look_later)
    timeline.run_until(10)
    assert seen == [2.0]
    assert timeline.now == 10


def test_a_cancelled_booking_never_happens() -> None:
    timeline, said = Timeline(0.0), []
    booking = timeline.after(1, lambda: said.append("no"))
    booking.cancel()
    timeline.run_until(2)
    assert not said
    assert timeline.next_due() is None


def test_time_never_goes_back() -> None:
    timeline = Timeline(10.0)
    timeline.run_until(5)
    booked = timeline.at(3, lambda: None)
    assert timeline.now == 10
    assert booked.when == 10


def test_whoever_waits_is_told_of_something_earlier_only() -> None:
    timeline, told = Timeline(0.0), []
    timeline.on_earlier = lambda: told.append(timeline.next_due())
    timeline.after(5, lambda: None)
    timeline.after(9, lambda: None)
    timeline.after(1, lambda: None)
    assert told == [5.0, 1.0]


def test_the_same_seed_draws_the_same_numbers() -> None:
    one, two, other = (Timeline(0.0, seed=seed) for seed in (1, 1, 2))
    drawn = [[t.draw((0.0, 1.0)) for _ in range(5)] for t in (one, two, other)]
    assert drawn[0] == drawn[1] != drawn[2]
