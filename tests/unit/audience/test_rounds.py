"""What all rounds have in common: one entry a seat, turns, time, and going on after a restart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.audience import transitions
from chaosmonkey.audience.rounds import (
    ANSWER_WITHIN,
    APPROVE_WITHIN,
    Mode,
    RoundRefused,
    RoundState,
    TurnState,
)
from tests.sure import sure
from tests.unit.audience.conftest import NODES, Hall


def test_nobody_takes_part_after_the_close_by_hand_or_by_time(hall: Hall) -> None:
    hall.open(Mode.VOTE, seconds=10)
    assert transitions.is_open(hall.round, 1009.9)
    assert not transitions.is_open(hall.round, 1010.0)
    hall.current_round.close()
    with pytest.raises(RoundRefused, match="closed"):
        hall.enter("ana", value="node1")


async def test_time_closes_a_round_even_before_anybody_has_noticed(hall: Hall) -> None:
    hall.open(Mode.VOTE, seconds=10)
    hall.enter("ben", value="node1")
    await hall.clock.advance(10)
    with pytest.raises(RoundRefused, match="closed"):
        hall.enter("ana", value="node1")
    hall.current_round.tick()
    assert hall.round.state is RoundState.CLOSED


async def test_what_the_server_slept_through_is_no_time_to_vote_or_to_press(hall: Hall) -> None:
    """Votes wait unread meanwhile, and are taken before the round closes."""
    hall.open(Mode.VOTE, seconds=10)
    await hall.clock.advance(20)
    hall.current_round.paused(15)
    hall.current_round.tick()
    hall.enter("ana", value="node1")
    await hall.clock.advance(5)
    hall.current_round.tick()
    assert hall.round.state is RoundState.CLOSED
    hall.open(Mode.QUEUE)
    hall.enter("ana")
    due = sure(hall.turn.due)
    hall.current_round.paused(15)
    assert hall.turn.due == due + 15


def test_an_entry_for_another_round_or_another_kind_of_round_is_refused(hall: Hall) -> None:
    old = hall.open(Mode.VOTE)
    hall.open(Mode.VOTE)
    with pytest.raises(RoundRefused, match="That round is over"):
        hall.current_round.enter(old.id, "ana", "node1", Mode.VOTE)
    with pytest.raises(RoundRefused, match="This round is a vote"):
        hall.current_round.enter(hall.round.id, "ana", "", Mode.RAFFLE)


def test_before_the_first_round_nothing_can_be_done(hall: Hall) -> None:
    for step in (hall.current_round.close, hall.current_round.cancel):
        with pytest.raises(RoundRefused, match="No round"):
            step()


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(NODES)), max_size=60))
def test_one_ballot_a_seat_whatever_the_order_and_none_is_lost(
    ballots: list[tuple[int, str]],
) -> None:
    hall = Hall()
    hall.open(Mode.VOTE)
    first: dict[str, str] = {}
    for seat, choice in ballots:
        first.setdefault(f"s{seat}", choice)
        try:
            hall.enter(f"s{seat}", value=choice)
        except RoundRefused:
            assert first[f"s{seat}"] != choice
    assert {entry.who: entry.value for entry in hall.current_round.box} == first
    assert sum(hall.round.tally.values()) == hall.round.entered == len(first)
    assert [entry.ticket for entry in hall.current_round.box] == list(range(1, len(first) + 1))


def test_a_ballot_costs_the_same_however_many_there_are(hall: Hall) -> None:
    """Nothing grows with the ballots but the box: the round's value does not."""
    hall.open(Mode.VOTE)
    size = len(hall.kept.documents[hall.round.id]())
    for number in range(2000):
        hall.enter(f"s{number}", value=NODES[number % 3])
    assert len(hall.kept.documents[hall.round.id]()) < size + 60
    assert hall.round.entered == 2000


async def test_a_turn_ends_when_the_phone_does_not_answer_or_nobody_presses(hall: Hall) -> None:
    hall.open(Mode.QUEUE, patience=30)
    hall.enter("ana", "ben", "cem")
    assert hall.turn.ticket == 1
    await hall.pass_time(ANSWER_WITHIN)
    assert hall.round.past[-1].stage is TurnState.ABSENT
    hall.current_round.here(hall.round.id, "ben")
    await hall.pass_time(29.9)
    assert hall.turn.ticket == 2
    await hall.pass_time(0.1)
    assert [turn.stage for turn in hall.round.past] == [TurnState.ABSENT, TurnState.LATE]
    assert hall.turn.ticket == 3


async def test_a_press_that_the_presenter_does_not_answer_is_void(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana")
    current = hall.round
    hall.current_round.put(
        transitions.request_approval(current, hall.turn, "node1", hall.clock.now())
    )
    await hall.pass_time(APPROVE_WITHIN - 0.1)
    assert hall.turn.stage is TurnState.ASKING
    await hall.pass_time(0.1)
    assert hall.round.past[-1].stage is TurnState.UNANSWERED


async def test_nobody_loses_the_turn_while_nothing_can_be_cut(hall: Hall) -> None:
    hall.open(Mode.QUEUE, patience=30)
    hall.enter("ana")
    hall.current_round.here(hall.round.id, "ana")
    hall.block()
    await hall.pass_time(30)
    assert hall.turn.until == hall.clock.now() + 30
    hall.blocked = None
    await hall.pass_time(30)
    assert hall.round.past[-1].stage is TurnState.LATE


def test_somebody_else_is_not_heard_when_it_is_not_their_turn(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana", "ben")
    before = hall.round
    assert hall.current_round.here(hall.round.id, "ben") == before
    assert hall.current_round.here(hall.round.id, "nobody") == before


def test_cancelling_ends_the_turn_and_a_round_that_is_over_is_over(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana")
    hall.current_round.cancel()
    assert hall.round.state is RoundState.CANCELLED
    assert hall.round.turn is None
    for step in (hall.current_round.close, hall.current_round.cancel):
        with pytest.raises(RoundRefused, match="already cancelled"):
            step()


# --- after a restart ----------------------------------------------------------------------------


def resumed(hall: Hall) -> Hall:
    """The same hall after a restart: only what was kept is known."""
    after = Hall(clock=hall.clock, kept=hall.kept, barred=hall.barred, blocked=hall.blocked)
    entries = [one for one in hall.kept.entries if one.round == hall.round.id]
    after.current_round.resume(hall.kept.documents[hall.round.id](), entries)
    return after


def test_an_open_vote_goes_on_with_every_seat_and_its_vote(hall: Hall) -> None:
    hall.open(Mode.VOTE, seconds=60)
    hall.enter("ana", "ben", value="node2")
    hall.enter("cem", value="node1")
    after = resumed(hall)
    assert after.round == hall.round
    assert sure(after.current_round.box.of("ben")).value == "node2"
    with pytest.raises(RoundRefused, match="You voted for node2"):
        after.enter("ben", value="node3")


def test_ballots_that_were_not_on_the_disk_yet_are_not_counted_and_may_be_cast_again(
    hall: Hall,
) -> None:
    hall.open(Mode.VOTE)
    hall.enter("ana", "ben", value="node2")
    del hall.kept.entries[1:]
    after = resumed(hall)
    assert after.round.tally == {"node2": 1}
    assert after.enter("ben", value="node3") == [2]


async def test_whoever_had_the_button_has_it_again_with_all_the_time(hall: Hall) -> None:
    hall.open(Mode.QUEUE, patience=30)
    hall.enter("ana")
    await hall.clock.advance(300)
    after = resumed(hall)
    assert after.turn.ticket == 1
    assert after.turn.until == hall.clock.now() + 30


def test_a_cut_that_was_under_way_ends_defined(hall: Hall) -> None:
    hall.open(Mode.VOTE)
    hall.enter("ana", value="node2")
    turn = sure(transitions.give_turn(hall.round, 0, 1000.0).turn)
    hall.current_round.put(transitions.cutting(transitions.close(hall.round), turn, "node2"))
    after = resumed(hall)
    assert after.round.state is RoundState.REVEALED
    last = sure(after.round.last)
    assert last.stage is TurnState.ABORTED
    assert last.why == "the server stopped in the meantime"


def test_what_another_version_kept_does_not_stop_this_one(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    assert hall.current_round.resume('{"id": "round-1", "mode": "auction"}', []) is None
    assert hall.current_round.round is None
    assert "Cannot read the last round" in caplog.text
    hall.open(Mode.VOTE)
