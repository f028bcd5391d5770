"""Transitions of a round: pure functions, the same for every kind of round.

`modes/` has what differs between the kinds.
"""

from __future__ import annotations

from dataclasses import replace

from chaosmonkey.audience.rounds import (
    ANSWER_WITHIN,
    APPROVE_WITHIN,
    CROWD,
    RUNNING,
    Mode,
    Round,
    RoundRefused,
    RoundState,
    Turn,
    TurnState,
)
from chaosmonkey.model import PlugCut

# --- opening and closing ------------------------------------------------------------------------


def is_open(current: Round, now: float) -> bool:
    """Whether the round still accepts ballots."""
    in_time = current.closes is None or now < current.closes
    return current.state is RoundState.OPEN and in_time


def refuse_unless_open(current: Round, now: float) -> None:
    """Raises RoundRefused once the round is closed or its time is up, even before the next tick."""
    if not is_open(current, now):
        raise RoundRefused("This round is closed.", remedy="Wait for the next round.")


def entered(current: Round, choice: str | None = None) -> Round:
    """Count one more entry, and its vote if it has a choice."""
    tally = dict(current.tally)
    if choice is not None:
        tally[choice] = tally.get(choice, 0) + 1
    # `replace` would take a tenth of a whole vote's processor time.
    changed = object.__new__(Round)
    vars(changed).update(vars(current), entered=current.entered + 1, tally=tally)
    return changed


def close(current: Round) -> Round:
    """Close an open round; raises RoundRefused if it is not open."""
    if current.state is not RoundState.OPEN:
        raise RoundRefused(f"The round is already {current.state}.", remedy="Open another one.")
    return replace(current, state=RoundState.CLOSED)


def closed_in_time(current: Round, now: float) -> Round:
    """Close the round if its time is up."""
    if current.state is RoundState.OPEN and not is_open(current, now):
        return replace(current, state=RoundState.CLOSED)
    return current


def cancel(current: Round, now: float) -> Round:
    """Cancel the round for the presenter: nothing more is cut."""
    has_cut = current.turn is not None and current.turn.stage in (TurnState.CUTTING, TurnState.CUT)
    if current.state not in RUNNING or (has_cut and current.mode not in (Mode.QUEUE, Mode.FREE)):
        raise RoundRefused(
            f"The round is already {current.state}.", remedy="HALT restores everything."
        )
    if has_cut:
        # The cut cannot be undone and belongs to this round; no further ticket is called.
        return replace(current, state=RoundState.CANCELLED)
    return replace(end_turn(current, TurnState.SKIPPED, now), state=RoundState.CANCELLED)


# --- turns --------------------------------------------------------------------------------------


def give_turn(current: Round, ticket: int, now: float) -> Round:
    """Give a ticket the turn to press."""
    turn = Turn(
        ticket,
        since=now,
        until=now + current.patience * current.pace,
        answer_by=now + ANSWER_WITHIN * current.pace,
    )
    return replace(current, turn=turn)


def renew_turn(current: Round, now: float) -> Round:
    """Give the turn its full time again, if there is one."""
    turn = current.turn
    if turn is None:
        return current
    return replace(current, turn=replace(turn, until=now + current.patience * current.pace))


def answer(current: Round) -> Round:
    """Record that the phone whose turn it is has answered."""
    if current.turn is None or current.turn.stage is not TurnState.CHOOSING:
        return current
    return replace(current, turn=replace(current.turn, here=True))


def request_approval(current: Round, turn: Turn, machine: str, now: float, why: str = "") -> Round:
    """Wait for the presenter to approve the cut of a machine."""
    asking = replace(
        turn,
        stage=TurnState.ASKING,
        machine=machine,
        here=True,
        until=_decide_by(current, now),
        why=why,
    )
    return replace(current, turn=asking)


def _decide_by(current: Round, now: float) -> float:
    return now + APPROVE_WITHIN * current.pace


def cutting(current: Round, turn: Turn, machine: str) -> Round:
    """Record that the turn's cut has begun."""
    commanded = replace(
        turn, stage=TurnState.CUTTING, machine=machine, here=True, until=None, why=""
    )
    return replace(current, turn=commanded)


def cut(current: Round, outage: str) -> Round:
    """Record that the plug was read back as off."""
    turn = current.turn
    if turn is None or turn.stage is not TurnState.CUTTING:
        return current
    done = replace(turn, stage=TurnState.CUT, outage=outage)
    match current.mode:
        case Mode.VOTE | Mode.RAFFLE | Mode.BET:
            return replace(current, turn=done, state=RoundState.EXECUTED)
        case Mode.QUEUE:
            return replace(current, turn=done)
        case Mode.FREE:  # the next press need not wait for the outcome
            return replace(current, turn=None, past=(*current.past, done))


def cut_by_others(current: Round, by_others: PlugCut, now: float) -> Round:
    """Take a cut as the one that a bet is about, if it is of that machine and feed."""
    is_bet = current.mode is Mode.BET and current.state in RUNNING and current.turn is None
    if not is_bet or (current.machine, current.feed) != (by_others.machine, by_others.feed):
        return current
    closed = close(current) if current.state is RoundState.OPEN else current
    return cut(cutting(closed, Turn(CROWD, now), by_others.machine), by_others.outage)


def end_turn(current: Round, stage: TurnState, now: float, why: str = "") -> Round:
    """End the turn under way in this state; without one nothing changes."""
    if current.turn is None:
        return current
    ended = replace(current.turn, stage=stage, until=now, why=why)
    return replace(current, turn=None, past=(*current.past, ended))


def decided(current: Round, outage: str, seconds: float | None, now: float) -> Round:
    """End the turn whose outage now has an outcome, and reveal the result."""
    past = tuple(
        replace(turn, stage=TurnState.DONE)
        if turn.outage == outage and turn.stage is TurnState.CUT
        else turn
        for turn in current.past
    )
    current = current if past == current.past else replace(current, past=past)
    turn = current.turn
    if turn is None or turn.outage != outage or turn.stage is not TurnState.CUT:
        return current
    current = end_turn(current, TurnState.DONE, now)
    if current.state is RoundState.EXECUTED:
        return replace(current, state=RoundState.REVEALED, seconds=seconds)
    return current


def timed_out(current: Round, now: float) -> Round:
    """End the turn under way if its time is up."""
    turn = current.turn
    if turn is None or turn.due is None or now < turn.due:
        return current
    if turn.stage is TurnState.ASKING:
        return end_turn(current, TurnState.UNANSWERED, now)
    return end_turn(current, TurnState.LATE if turn.here else TurnState.ABSENT, now)


def extended(current: Round, seconds: float) -> Round:
    """Extend the round and its turn by seconds in which the server received nothing."""
    turn = current.turn
    if turn is not None:
        turn = replace(
            turn,
            until=None if turn.until is None else turn.until + seconds,
            answer_by=None if turn.answer_by is None else turn.answer_by + seconds,
        )
    closes = None if current.closes is None else current.closes + seconds
    return replace(current, turn=turn, closes=closes)


def clock_stepped(current: Round, by: float) -> Round:
    """Shift the round's times after a clock step of `by` seconds; its duration is kept."""
    return replace(extended(current, by), opened=current.opened + by)


def resumed(current: Round, now: float) -> Round:
    """Continue the round after a restart: a turn gets its full time, a cut under way is aborted.

    A completed cut is decided by its outage. A clock that was set back does not extend the round
    beyond its original duration.
    """
    if current.closes is not None:
        longest = max(0.0, current.closes - current.opened)
        current = replace(current, closes=min(current.closes, now + longest))
    turn = current.turn
    if turn is None:
        return current
    match turn.stage:
        case TurnState.CHOOSING:
            return give_turn(current, turn.ticket, now)
        case TurnState.ASKING:
            return replace(current, turn=replace(turn, until=_decide_by(current, now)))
        case TurnState.CUTTING:
            return aborted(current, now)
        case _:
            return current


def aborted(current: Round, now: float) -> Round:
    """Abort the turn: the server stopped during its cut or outage."""
    current = end_turn(current, TurnState.ABORTED, now, "the server stopped in the meantime")
    if current.mode in (Mode.VOTE, Mode.RAFFLE, Mode.BET):
        return replace(current, state=RoundState.REVEALED)
    return current
