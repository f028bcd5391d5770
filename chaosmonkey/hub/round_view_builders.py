"""Build the view of a round: tickets get nicknames, and seats stay secret."""

from __future__ import annotations

from collections.abc import Callable

from chaosmonkey.audience import Mode, Room, Round, RoundState
from chaosmonkey.audience.draw import commitment
from chaosmonkey.audience.eligibility import Eligibility
from chaosmonkey.audience.modes import queue, rules_of, vote
from chaosmonkey.audience.modes.base import refused_text
from chaosmonkey.audience.modes.bet import Guess, Result
from chaosmonkey.audience.rounds import CROWD, RUNNING, Turn, TurnState
from chaosmonkey.audience.seats import tag
from chaosmonkey.control.refusals import Halted
from chaosmonkey.hub.round_views import BetView, GuessView, RoundView, TurnView

Namer = Callable[[int], tuple[str, str]]
"""Ticket → the tag and the nickname of its seat, each "" if there is none."""

PAST = 5
"""How many ended turns are shown."""

NO_ROUND = "The last round cut nothing. No round is open."
"""The sentence once a round that cut nothing is no longer news."""

WITHDRAWN = 100
"""How many withdrawn tickets are sent to phones, which compute their place in line."""


def show_round(room: Room, *, present: bool = True) -> RoundView | None:
    """Return the view of the current or last round; None before the first.

    Args:
        room: the room of the round.
        present: whether a presenter is connected.
    """
    current = room.current_round.round
    if current is None:
        return None
    eligibility = room.current_round.eligibility() if current.state in RUNNING else Eligibility()
    named = _namer(room)
    decision = current.decision
    result = room.current_round.bet()
    behind = current.mode is Mode.QUEUE
    return RoundView(
        id=current.id,
        mode=current.mode,
        state=current.state,
        says=NO_ROUND
        if room.current_round.superseded
        else _status_text(current, eligibility, result, named),
        feed=current.feed,
        opened=current.opened,
        closes=current.closes,
        approve=current.approve,
        machine=current.machine,
        choices=current.choices,
        tally=_tally(current),
        entered=current.entered,
        leaders=current.leaders,
        electable=vote.electable(current, eligibility),
        barred={one: word for one in current.choices if (word := eligibility.word(one))},
        blocked=eligibility.why_blocked,
        commitment=commitment(current.seed),
        seed=current.seed if current.drawn else None,
        picked=current.picked,
        turn=None if current.turn is None else _turn(current.turn, named),
        past=tuple(_turn(turn, named) for turn in current.past[-PAST:]),
        called=current.called,
        waiting=queue.in_line(current) if behind else 0,
        gone=tuple(sorted(one for one in current.withdrawn if one > current.called)[:WITHDRAWN]),
        chosen=None if decision is None else decision.machine,
        outage=None if decision is None else decision.outage,
        seconds=current.seconds,
        bet=None if result is None else _bet(result, named),
        away=not present and waits_for_presenter(current),
    )


def waits_for_presenter(current: Round) -> bool:
    """Whether the round cannot go on without the presenter."""
    if current.state not in RUNNING:
        return False
    if current.turn is not None:
        return current.turn.stage is TurnState.ASKING
    if current.state is RoundState.CLOSED:
        return current.entered > 0
    return current.closes is None and current.mode not in (Mode.QUEUE, Mode.FREE)


def _status_text(
    current: Round, eligibility: Eligibility, result: Result | None, named: Namer
) -> str:
    def called(ticket: int) -> str:
        _, name = named(ticket)
        return f"{name} (ticket {ticket})" if name else f"Ticket {ticket}"

    sentence = rules_of(current.mode).status_text(current, eligibility, called)
    if current.state is RoundState.REVEALED and result is not None and result.best:
        first = result.best[0]
        sentence += f" {called(first.ticket)} guessed {first.seconds:g} s and wins."
    turn = current.turn
    if turn is not None and turn.stage is TurnState.CHOOSING and eligibility.blocked is not None:
        sentence += f" {refused_text(eligibility)}"
    elif waits_for_presenter(current) and isinstance(eligibility.blocked, Halted):
        sentence += f" {eligibility.why_blocked} Nothing is cut until the presenter releases it."
    return sentence


def _tally(current: Round) -> dict[str, int]:
    if current.mode is not Mode.VOTE:
        return {}
    return {choice: current.tally.get(choice, 0) for choice in current.choices}


def _namer(room: Room) -> Namer:
    def named(ticket: int) -> tuple[str, str]:
        entry = None if ticket == CROWD else room.current_round.box.ticket(ticket)
        return ("", "") if entry is None else (tag(entry.who), room.names.of(entry.who))

    return named


def _turn(turn: Turn, named: Namer) -> TurnView:
    public, name = named(turn.ticket)
    return TurnView(
        ticket=turn.ticket,
        tag=public,
        name=name,
        stage=turn.stage,
        since=turn.since,
        until=turn.due,
        machine=turn.machine,
        outage=turn.outage,
        why=turn.why,
    )


def _bet(result: Result, named: Namer) -> BetView:
    return BetView(
        low=result.low,
        middle=result.middle,
        high=result.high,
        best=tuple(_guess(one, named) for one in result.best),
        offs=result.offs,
    )


def _guess(guess: Guess, named: Namer) -> GuessView:
    public, name = named(guess.ticket)
    return GuessView(guess.ticket, public, name, guess.seconds, guess.off)
