"""Waits grow, are bounded, and differ."""

from random import Random

from chaosmonkey.cluster.backoff import Backoff


def test_waits_double_up_to_the_most_and_each_is_shortened_by_at_most_a_half() -> None:
    backoff = Backoff(Random(1), first=0.25, most=2.0)
    waits = [backoff.next() for _ in range(8)]
    for wait, whole in zip(waits, [0.25, 0.5, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0], strict=True):
        assert whole / 2 <= wait <= whole


def test_a_success_begins_again_with_the_shortest_wait() -> None:
    backoff = Backoff(Random(1))
    for _ in range(5000):
        backoff.next()
    backoff.reset()
    assert backoff.failures == 0
    assert backoff.next() <= 0.25


def test_two_that_failed_together_do_not_come_back_together() -> None:
    assert Backoff(Random(1)).next() != Backoff(Random(2)).next()
