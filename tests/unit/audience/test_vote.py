"""A vote: majority, ties, nobody, and machines that went away meanwhile."""

from dataclasses import replace

import pytest

from chaosmonkey.audience import transitions
from chaosmonkey.audience.draw import draw
from chaosmonkey.audience.eligibility import Eligibility
from chaosmonkey.audience.modes import rules_of
from chaosmonkey.audience.modes.vote import break_tie, electable
from chaosmonkey.audience.rounds import CROWD, Mode, RoundRefused, RoundState, Turn, TurnState
from chaosmonkey.errors import BadInput
from chaosmonkey.model import FeedKind, PlugCut
from tests.unit.audience.conftest import SEED, Hall

VOTE = rules_of(Mode.VOTE)


def voted(hall: Hall, *choices: str) -> None:
    hall.open(Mode.VOTE)
    for seat, choice in enumerate(choices):
        hall.enter(f"seat-{seat}", value=choice)


def target(hall: Hall, wanted: str | None = None) -> str:
    return VOTE.target(hall.round, wanted, hall.current_round.eligibility())


def says(hall: Hall) -> str:
    return VOTE.status_text(hall.round, hall.current_round.eligibility(), str)


def test_the_same_vote_again_counts_once_and_another_is_refused(hall: Hall) -> None:
    voted(hall, "node1", "node2", "node2")
    hall.enter("seat-0", value="node1")
    assert hall.round.tally == {"node1": 1, "node2": 2}
    with pytest.raises(RoundRefused, match="You voted for node1"):
        hall.enter("seat-0", value="node3")


def test_what_is_no_choice_is_answered_with_the_choices(hall: Hall) -> None:
    hall.open(Mode.VOTE)
    with pytest.raises(BadInput, match="Choices: node1, node2, node3"):
        hall.enter("ana", value="master")


def test_the_majority_decides_and_says_so(hall: Hall) -> None:
    voted(hall, "node1", "node2", "node2")
    assert target(hall) == "node2"
    assert says(hall) == "3 votes so far. node2 leads."
    with pytest.raises(BadInput, match="The crowd did not choose node3"):
        target(hall, "node3")


def test_a_tie_is_broken_by_the_presenter_among_the_leaders_only(hall: Hall) -> None:
    voted(hall, "node1", "node2")
    with pytest.raises(RoundRefused, match="tie between node1 and node2"):
        target(hall)
    assert target(hall, "node2") == "node2"


def test_or_a_tie_is_drawn_by_the_seed_once(hall: Hall) -> None:
    voted(hall, "node1", "node2", "node3")
    hall.current_round.put(break_tie(hall.round, hall.current_round.eligibility()))
    assert hall.round.state is RoundState.CLOSED
    assert hall.round.drawn
    assert hall.round.picked == draw(SEED, ("node1", "node2", "node3")) == target(hall)
    assert f"The draw chose {hall.round.picked}." in says(hall)
    with pytest.raises(RoundRefused, match="The draw already chose"):
        break_tie(hall.round, hall.current_round.eligibility())


def decided(hall: Hall, machine: str) -> str:
    turn = Turn(ticket=CROWD, since=0.0, stage=TurnState.CUTTING, machine=machine)
    hall.current_round.put(replace(hall.round, turn=turn))
    return says(hall)


def test_it_says_how_many_of_all_votes_the_machine_got_that_is_cut(hall: Hall) -> None:
    voted(hall, "node1", "node2", "node2")
    assert decided(hall, "node2") == "2 of 3 votes for node2. It is being cut."


def test_it_says_that_a_draw_decided_and_not_all_votes(hall: Hall) -> None:
    voted(hall, "node1", "node2")
    hall.current_round.put(break_tie(hall.round, hall.current_round.eligibility()))
    chosen = target(hall)
    words = f"A draw broke the tie: {chosen}, with 1 of 2 votes. It is being cut."
    assert decided(hall, chosen) == words


def test_without_a_tie_nothing_is_drawn(hall: Hall) -> None:
    voted(hall, "node1")
    with pytest.raises(RoundRefused, match="no tie"):
        break_tie(hall.round, hall.current_round.eligibility())


def test_without_votes_nothing_is_decided_and_it_is_said(hall: Hall) -> None:
    voted(hall)
    with pytest.raises(RoundRefused, match="There are no votes"):
        target(hall)
    with pytest.raises(RoundRefused, match="There are no votes"):
        break_tie(hall.round, hall.current_round.eligibility())
    hall.current_round.close()
    assert says(hall) == "Closed without votes. The vote cut nothing."


def test_a_vote_without_votes_is_over_when_it_closes(hall: Hall) -> None:
    voted(hall)
    hall.current_round.close()
    assert hall.round.state is RoundState.OVER


def test_a_vote_that_cut_nothing_gives_way_to_a_later_cut(hall: Hall) -> None:
    voted(hall)
    hall.current_round.close()
    before = hall.changes
    hall.current_round.cut_by_others(cut_of("node2"))
    assert hall.current_round.superseded
    assert hall.changes > before
    hall.open(Mode.VOTE)
    assert not hall.current_round.superseded


def test_a_cut_while_a_vote_runs_leaves_its_sentence(hall: Hall) -> None:
    voted(hall, "node1")
    hall.current_round.cut_by_others(cut_of("node2"))
    assert not hall.current_round.superseded


def cut_of(machine: str) -> PlugCut:
    return PlugCut("outage-9", machine, machine, FeedKind.POWER, 1000.0, 1000.0, "test", 1060.0)


def test_what_a_vote_cut_is_told_in_the_past(hall: Hall) -> None:
    voted(hall, "node1")
    cutting = transitions.cutting(hall.round, Turn(CROWD, 1000.0), "node1")
    hall.current_round.put(transitions.cut(cutting, "outage-1"))
    hall.current_round.outage_has_outcome("outage-1", 12.5)
    assert says(hall) == (
        "1 of 1 vote for node1. node1 lost its power. It took Kubernetes 12.5 s to recover."
    )


def test_a_machine_that_is_away_cannot_be_voted_for_and_the_rule_is_named(hall: Hall) -> None:
    hall.open(Mode.VOTE)
    hall.bar("node2")
    with pytest.raises(
        RoundRefused, match=r"node2 cannot be chosen\. node2 is not Ready\."
    ) as refused:
        hall.enter("ana", value="node2")
    assert refused.value.rule == "not-ready"


def test_a_leader_that_went_away_makes_room_for_those_with_most_votes_of_the_others(
    hall: Hall,
) -> None:
    voted(hall, "node3", "node3", "node3", "node1", "node1", "node2")
    hall.bar("node3")
    assert electable(hall.round, hall.current_round.eligibility()) == ("node1",)
    assert target(hall) == "node1"
    hall.current_round.close()
    assert says(hall) == (
        "Closed with 6 votes. node3 has the most. Cannot be cut now: node3 (not Ready). "
        "Next: node1."
    )


def test_if_nothing_that_got_a_vote_can_be_cut_nothing_is(hall: Hall) -> None:
    voted(hall, "node3")
    hall.bar("node3")
    with pytest.raises(RoundRefused, match="node3 cannot be cut now, and nothing else got a vote"):
        target(hall)


def test_every_state_has_a_sentence(hall: Hall) -> None:
    voted(hall, "node1")
    for state in RoundState:
        from dataclasses import replace

        assert VOTE.status_text(replace(hall.round, state=state), Eligibility(), str)
