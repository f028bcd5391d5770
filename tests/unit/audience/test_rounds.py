"""One round, from its opening to its result."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.audience import rounds
from chaosmonkey.audience.rounds import Round, RoundRefused, RoundState
from chaosmonkey.errors import BadInput

NODES = ("node1", "node2", "node3")


def opened(**values: object) -> Round:
    return Round(id="round-1", choices=NODES, opened=100.0, **values)


def voted(*choices: str) -> Round:
    current = opened()
    for seat, choice in enumerate(choices):
        current = rounds.vote(current, f"seat-{seat}", choice, now=101.0)
    return current


def test_each_seat_has_one_vote_and_the_same_again_counts_once() -> None:
    current = voted("node1", "node2", "node2")
    assert rounds.vote(current, "seat-0", "node1", now=102.0) == current
    assert current.tally == {"node1": 1, "node2": 2, "node3": 0}
    with pytest.raises(RoundRefused, match="You voted for node1"):
        rounds.vote(current, "seat-0", "node3", now=102.0)


def test_what_is_no_choice_is_answered_with_the_choices() -> None:
    with pytest.raises(BadInput, match="Choices: node1, node2, node3"):
        rounds.vote(opened(), "seat", "master", now=101.0)


def test_nobody_votes_after_the_close_by_hand_or_by_time() -> None:
    with pytest.raises(RoundRefused, match="closed"):
        rounds.vote(rounds.close(opened()), "seat", "node1", now=101.0)
    with pytest.raises(RoundRefused, match="closed"):
        rounds.vote(opened(closes=110.0), "seat", "node1", now=110.0)
    assert rounds.closed(opened(closes=110.0), now=109.9).state is RoundState.OPEN
    assert rounds.closed(opened(closes=110.0), now=110.0).state is RoundState.CLOSED


def test_the_majority_decides() -> None:
    assert rounds.decide(voted("node1", "node2", "node2"), None) == "node2"


def test_a_tie_is_broken_by_the_presenter_among_the_leaders_only() -> None:
    tie = voted("node1", "node2")
    with pytest.raises(RoundRefused, match="tie between node1, node2"):
        rounds.decide(tie, None)
    assert rounds.decide(tie, "node2") == "node2"
    with pytest.raises(BadInput, match="The crowd did not choose node3"):
        rounds.decide(tie, "node3")


def test_without_votes_nothing_is_decided() -> None:
    with pytest.raises(RoundRefused, match="Nobody has voted"):
        rounds.decide(opened(), None)


def test_a_round_that_is_over_is_over() -> None:
    done = rounds.executed(voted("node1"), "node1", "outage-1")
    for step in (rounds.close, rounds.cancel):
        with pytest.raises(RoundRefused, match="executed already"):
            step(done)
    with pytest.raises(RoundRefused):
        rounds.decide(done, None)
    assert rounds.revealed(done).state is RoundState.REVEALED


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(NODES)), max_size=60))
def test_no_vote_is_lost_and_none_counts_twice(ballots: list[tuple[int, str]]) -> None:
    current = opened()
    first: dict[str, str] = {}
    for seat, choice in ballots:
        first.setdefault(f"s{seat}", choice)
        try:
            current = rounds.vote(current, f"s{seat}", choice, now=101.0)
        except RoundRefused:
            assert first[f"s{seat}"] != choice
    assert dict(current.ballots) == first
    assert sum(current.tally.values()) == len(first)
