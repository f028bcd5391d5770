"""Contacts bounce, and then lie still."""

from __future__ import annotations

import random

from chaosmonkey.simcluster.bench.contacts import RELAY_BOUNCE, Contact
from chaosmonkey.simcluster.timeline import Timeline


class Wired:
    """A contact, and when it touched or parted."""

    def __init__(self, seed: int) -> None:
        self.timeline = Timeline(0.0)
        self.seen: list[tuple[float, bool]] = []
        self.contact = Contact(
            self.timeline, random.Random(seed), RELAY_BOUNCE, closed=False, moved=self._moved
        )

    def _moved(self) -> None:
        self.seen.append((self.timeline.now, self.contact.touching))


def closed(seed: int) -> Wired:
    wired = Wired(seed)
    wired.contact.move(closed=True)
    wired.timeline.run_until(1)
    return wired


def test_it_moves_at_once_alternates_and_lies_as_wanted_within_3_ms() -> None:
    for seed in range(50):
        wired = closed(seed)
        states = [touching for _, touching in wired.seen]
        assert wired.seen[0] == (0.0, True)
        assert states == [True, False] * (len(states) // 2) + [True]
        assert wired.seen[-1][0] <= RELAY_BOUNCE[1] == 0.003
        assert len(states) == 1 or wired.seen[-1][0] >= RELAY_BOUNCE[0] == 0.001


def test_it_bounces_most_of_the_time_and_a_few_times() -> None:
    counts = [len(closed(seed).seen) for seed in range(100)]
    assert 5 < sum(count == 1 for count in counts) < 40
    assert set(counts) == {1, 3, 5, 7, 9}


def test_the_same_seed_bounces_the_same() -> None:
    assert closed(4).seen == closed(4).seen != closed(5).seen


def test_while_it_bounces_it_says_how_it_will_lie() -> None:
    wired = Wired(0)
    wired.contact.move(closed=True)
    wired.timeline.run_until(0.0005)
    assert wired.contact.closed


def test_a_move_in_the_middle_of_bouncing_ends_the_old_bounces() -> None:
    for seed in range(50):
        wired = Wired(seed)
        wired.contact.move(closed=True)
        wired.timeline.run_until(0.0007)
        wired.contact.move(closed=False)
        wired.timeline.run_until(1)
        assert not wired.contact.touching
        assert wired.seen[-1][1] is False


def test_a_move_to_where_it_is_moves_nothing() -> None:
    wired = Wired(0)
    wired.contact.move(closed=False)
    wired.timeline.run_until(1)
    assert not wired.seen
