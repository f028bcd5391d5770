"""How a round goes on: pure steps, the same for every kind of round.

What is particular to one kind stands in `modes/`.
"""

from __future__ import annotations

from dataclasses import replace

from chaosmonkey.audience.rounds import (
    ANSWER_WITHIN,
    APPROVE_WITHIN,
    RUNNING,
    Mode,
    Round,
    RoundRefused,
    RoundState,
    Turn,
    TurnState,
)

# --- opening and closing ------------------------------------------------------------------------


def is_open(current: Round, now: float) -> bool:
    """Whether it still takes ballots."""
    in_time = current.closes is None or now < current.closes
    return current.state is RoundState.OPEN and in_time


def refuse_unless_open(current: Round, now: float) -> None:
    """Raises RoundRefused once it is closed, also before the tick that notices that time is up."""
    if not is_open(current, now):
        raise RoundRefused("This round is closed.", remedy="Wait for the next round.")


def entered(current: Round, choice: str | None = None) -> Round:
    """One more takes part, and may have voted for a choice."""
    tally = dict(current.tally)
    if choice is not None:
        tally[choice] = tally.get(choice, 0) + 1
    return replace(current, entered=current.entered + 1, tally=tally)


def close(current: Round) -> Round:
    """It takes no more ballots; raises RoundRefused if it took none before."""
    if current.state is not RoundState.OPEN:
        raise RoundRefused(f"The round is already {current.state}.", remedy="Open another one.")
    return replace(current, state=RoundState.CLOSED)


def closed_in_time(current: Round, now: float) -> Round:
    """The round as time left it."""
    if current.state is RoundState.OPEN and not is_open(current, now):
        return replace(current, state=RoundState.CLOSED)
    return current


def cancel(current: Round, now: float) -> Round:
    """The presenter gives it up: nothing more is cut."""
    in_hand = current.turn is not None and current.turn.stage in (TurnState.CUTTING, TurnState.CUT)
    if current.state not in RUNNING or (in_hand and current.mode not in (Mode.QUEUE, Mode.FREE)):
        raise RoundRefused(
            f"The round is already {current.state}.", remedy="HALT restores everything."
        )
    if in_hand:
        # Its cut cannot be taken back, and belongs to this round; but no ticket is called after it.
        return replace(current, state=RoundState.CANCELLED)
    return replace(end_turn(current, TurnState.SKIPPED, now), state=RoundState.CANCELLED)


# --- turns --------------------------------------------------------------------------------------


def give_turn(current: Round, ticket: int, now: float) -> Round:
    """It is this ticket's turn to press."""
    turn = Turn(
        ticket,
        since=now,
        until=now + current.patience * current.pace,
        answer_by=now + ANSWER_WITHIN * current.pace,
    )
    return replace(current, turn=turn)


def renew_turn(current: Round, now: float) -> Round:
    """The person with the button, if there, has the full time again."""
    turn = current.turn
    if turn is None:
        return current
    return replace(current, turn=replace(turn, until=now + current.patience * current.pace))


def answer(current: Round) -> Round:
    """The phone whose turn it is has said that it is there."""
    if current.turn is None or current.turn.stage is not TurnState.CHOOSING:
        return current
    return replace(current, turn=replace(current.turn, here=True))


def ask(current: Round, turn: Turn, machine: str, now: float, why: str = "") -> Round:
    """The presenter is asked whether a machine may be cut."""
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
    """The cut is commanded."""
    commanded = replace(
        turn, stage=TurnState.CUTTING, machine=machine, here=True, until=None, why=""
    )
    return replace(current, turn=commanded)


def cut(current: Round, outage: str) -> Round:
    """The plug was read back as off."""
    turn = current.turn
    if turn is None or turn.stage is not TurnState.CUTTING:
        return current
    done = replace(turn, stage=TurnState.CUT, outage=outage)
    match current.mode:
        case Mode.VOTE | Mode.RAFFLE | Mode.BET:
            return replace(current, turn=done, state=RoundState.EXECUTED)
        case Mode.QUEUE:
            return replace(current, turn=done)
        case Mode.FREE:  # the next one need not wait for the outcome
            return replace(current, turn=None, past=(*current.past, done))


def end_turn(current: Round, stage: TurnState, now: float, why: str = "") -> Round:
    """The turn under way ends like this; without one nothing changes."""
    if current.turn is None:
        return current
    ended = replace(current.turn, stage=stage, until=now, why=why)
    return replace(current, turn=None, past=(*current.past, ended))


def decided(current: Round, outage: str, seconds: float | None, now: float) -> Round:
    """An outage has an outcome: the turn that made it is over, and the result may be seen."""
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
    """The turn under way as time left it."""
    turn = current.turn
    if turn is None or turn.due is None or now < turn.due:
        return current
    if turn.stage is TurnState.ASKING:
        return end_turn(current, TurnState.UNANSWERED, now)
    return end_turn(current, TurnState.LATE if turn.here else TurnState.ABSENT, now)


def held_up(current: Round, seconds: float) -> Round:
    """The round after time in which nothing could be received: it ends as much later."""
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
    """The round by a clock that was set by so many seconds: it lasts as long as before."""
    return replace(held_up(current, by), opened=current.opened + by)


def resumed(current: Round, now: float) -> Round:
    """The round after a restart: lost time is given again, a cut under way is aborted.

    What became of a cut that was made before the restart is decided by its outage. A clock that was
    set back makes no round longer than it was meant to be.
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
    """The server ended while the turn's cut, or its outage, was under way."""
    current = end_turn(current, TurnState.ABORTED, now, "the server stopped in the meantime")
    if current.mode in (Mode.VOTE, Mode.RAFFLE, Mode.BET):
        return replace(current, state=RoundState.REVEALED)
    return current
