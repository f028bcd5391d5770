"""A bet: the closest guess wins, the earlier one among equals, nobody without a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.audience import transitions
from chaosmonkey.audience.ballots import Ballot
from chaosmonkey.audience.modes import rules_of
from chaosmonkey.audience.modes.bet import SHOWN, result, sample
from chaosmonkey.audience.rounds import CROWD, Mode, RoundRefused, RoundState, Turn
from chaosmonkey.errors import BadInput
from chaosmonkey.model import FeedKind, PlugCut
from tests.sure import sure
from tests.unit.audience.conftest import Hall

BET = rules_of(Mode.BET)


def entries(*guesses: float) -> list[Ballot]:
    return [Ballot(at + 1, f"seat-{at}", f"{one:g}", 0.0) for at, one in enumerate(guesses)]


def cut(hall: Hall) -> None:
    closed = hall.current_round.close()
    commanded = transitions.cutting(closed, Turn(CROWD, 1000.0), "node2")
    hall.current_round.put(transitions.cut(commanded, "outage-1"))


@pytest.mark.parametrize("closes_first", [True, False])
def test_a_cut_of_its_machine_by_the_console_or_a_script_is_the_bets(
    hall: Hall, closes_first: bool
) -> None:
    hall.open(Mode.BET, machine="node2")
    if closes_first:
        hall.current_round.close()
    for machine, feed in (("node3", FeedKind.POWER), ("node2", FeedKind.NETWORK)):
        hall.current_round.cut_by_others(plug_cut(machine, feed))
        assert sure(hall.current_round.round).turn is None
    hall.current_round.cut_by_others(plug_cut("node2", FeedKind.POWER))
    current = sure(hall.current_round.round)
    assert current.state is RoundState.EXECUTED
    assert sure(current.turn).outage == "outage-1"


def plug_cut(machine: str, feed: FeedKind) -> PlugCut:
    return PlugCut(
        outage="outage-1", machine=machine, node=machine, feed=feed, commanded=1000.0, at=1000.0,
        by="test", restore_by=1060.0,
    )  # fmt: skip


def test_the_closest_guess_wins_and_the_earlier_one_among_equals() -> None:
    found = sure(result(entries(20, 10, 14, 12.5), 12.0))
    assert [one.ticket for one in found.best] == [4, 2, 3]
    assert [one.off for one in found.best] == [0.5, 2.0, 2.0]
    assert (found.low, found.middle, found.high) == (10, 13.2, 20)


def test_the_middle_of_two_guesses_lies_between_them() -> None:
    found = sure(result(entries(12, 20), None))
    assert (found.low, found.middle, found.high) == (12, 16, 20)


def test_what_counts_is_what_the_room_sees_tenths_of_a_second() -> None:
    assert sure(result(entries(12.3, 12.4), 12.3499)).best[0].off == 0.0


def test_without_a_recovery_time_nobody_wins_and_without_guesses_neither(hall: Hall) -> None:
    assert sure(result(entries(10, 20), None)).best == ()
    assert result([], 12.0) is None


@pytest.mark.parametrize("rubbish", ["", "x", "0", "-1", "nan", "inf", "1e9"])
def test_what_is_no_guess_is_refused(hall: Hall, rubbish: str) -> None:
    hall.open(Mode.BET, machine="node2")
    with pytest.raises(BadInput, match="not a valid guess"):
        hall.enter("ana", value=rubbish)


def test_one_guess_each_and_it_stays(hall: Hall) -> None:
    hall.open(Mode.BET, machine="node2")
    assert hall.enter("ana", "ana", value="12") == [1, 1]
    with pytest.raises(RoundRefused, match="You guessed 12 in this round"):
        hall.enter("ana", value="13")


def test_guesses_are_secret_until_the_round_is_closed(hall: Hall) -> None:
    hall.open(Mode.BET, machine="node2")
    hall.enter("ana", value="12")
    assert hall.current_round.bet() is None
    hall.current_round.close()
    assert sure(hall.current_round.bet()).low == 12


def test_the_result_is_seen_when_the_outage_has_one(hall: Hall) -> None:
    hall.open(Mode.BET, machine="node2")
    hall.enter("ana", value="12")
    hall.enter("ben", value="20")
    assert BET.target(hall.round, None, hall.current_round.eligibility()) == "node2"
    cut(hall)
    state = hall.round.state
    assert state is RoundState.EXECUTED
    hall.current_round.outage_has_outcome("outage-1", 18.26)
    assert hall.round.state is RoundState.REVEALED
    assert sure(hall.current_round.bet()).best[0].ticket == 2
    said = BET.status_text(hall.round, hall.current_round.eligibility(), str)
    assert said == "node2 lost its power. It took Kubernetes 18.3 s to recover."


def test_an_outage_without_a_time_has_no_winner_and_it_is_said(hall: Hall) -> None:
    hall.open(Mode.BET, machine="node2")
    hall.enter("ana", value="12")
    cut(hall)
    hall.current_round.outage_has_outcome("outage-1", None)
    assert sure(hall.current_round.bet()).best == ()
    said = BET.status_text(hall.round, hall.current_round.eligibility(), str)
    assert said == ("node2 lost its power. No recovery time was measured. There is no winner.")


def test_a_bet_is_about_one_machine(hall: Hall) -> None:
    with pytest.raises(BadInput, match="needs a machine"):
        hall.open(Mode.BET)
    hall.open(Mode.BET, machine="node2")
    with pytest.raises(BadInput, match="about node2"):
        BET.target(hall.round, "node1", hall.current_round.eligibility())


@given(st.lists(st.floats(0, 100), min_size=1, max_size=500))
def test_phones_can_tell_their_rank_or_the_share_that_they_beat(offs: list[float]) -> None:
    offs = sorted(offs)
    told = sample(offs)
    assert len(told) == min(len(offs), SHOWN)
    assert list(told) == sorted(told)
    assert told[-1] == offs[-1]
    if len(offs) <= SHOWN:
        assert list(told) == offs
