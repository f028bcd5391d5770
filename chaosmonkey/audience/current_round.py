"""The current round and its entries: the only place where they change.

    phones ─► enter, withdraw, here, choose ─┐
    presenter ─► open, close, cancel, …      ├─► round + ballot box ─► stored, published
    time ─► tick, the table ─► tick ─────────┘

Cuts are made by `execution`, not here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from chaosmonkey.audience import transitions
from chaosmonkey.audience.assessments import Assessments
from chaosmonkey.audience.ballots import Ballot, BallotBox
from chaosmonkey.audience.eligibility import Eligibility
from chaosmonkey.audience.modes import rules_of
from chaosmonkey.audience.modes.bet import Result, result
from chaosmonkey.audience.rounds import RUNNING, Mode, Round, RoundRefused, RoundState, TurnState
from chaosmonkey.clock import Clock
from chaosmonkey.model import PlugCut
from chaosmonkey.store import KeptEntry

COUNTED = (Mode.VOTE, Mode.BET, Mode.RAFFLE)
"""Kinds of rounds in which an entry changes the counts and nothing else."""

log = logging.getLogger(__name__)

_ROUND = TypeAdapter(Round)


class Keeper(Protocol):
    """Stores the audience's state in the background."""

    def keep_round(self, round_id: str, opened: float, document: Callable[[], str]) -> None:
        """Store the latest state of a round."""
        ...

    def keep_entry(self, entry: KeptEntry) -> None:
        """Store an entry."""
        ...

    def keep_name(self, who: str, name: str) -> None:
        """Store a nickname."""
        ...

    def keep_show(self, at: float, document: str) -> None:
        """Store the presenter's settings."""
        ...


class CurrentRound:
    """The current round, or the last one; `round` is None before the first.

    Args:
        changed: called after every change that is not just another entry.
        counted: called after an entry that changed only the counts.
    """

    def __init__(
        self,
        clock: Clock,
        keeper: Keeper,
        assessments: Assessments,
        *,
        changed: Callable[[], None],
        counted: Callable[[], None],
    ) -> None:
        self.round: Round | None = None
        self.box = BallotBox()
        self.superseded = False
        """Whether the round ended without a cut, and a machine was cut since."""
        self._clock = clock
        self._keeper = keeper
        self._assessments = assessments
        self._changed = changed
        self._counted = counted
        self._result: tuple[tuple[object, ...], Result | None] | None = None

    # --- the presenter --------------------------------------------------------------------------

    def open(self, opened: Round) -> Round:
        """Begin a round; one that still runs is cancelled."""
        if self.round is not None and self.round.state in RUNNING:
            self._keep(replace(self.round, state=RoundState.CANCELLED))
        self.round = None
        self.superseded = False
        self.box = BallotBox()
        return self.put(opened)

    def close(self) -> Round:
        """Stop accepting ballots."""
        return self.put(transitions.close(self.current()))

    def cancel(self) -> Round:
        """Cancel the round."""
        return self.put(transitions.cancel(self.current(), self._clock.now()))

    # --- the phones -----------------------------------------------------------------------------

    def enter(self, round_id: str, who: str, value: str, *modes: Mode) -> Ballot:
        """Enter a seat into the round; repeating the same entry changes nothing.

        Args:
            round_id: the round that the phone shows.
            who: the seat, as returned by `Seats.who`.
            value: the machine voted for, the seconds guessed, or "".
            modes: the kinds of rounds that accept this entry.

        Raises:
            BadInput: the value is invalid.
            RoundRefused: it is not allowed now, or the seat has entered another value.
        """
        current = self.the(round_id, *modes)
        entry = self.box.of(who)
        if entry is not None and entry.ticket not in current.withdrawn:
            if entry.value != value:
                did = "voted for" if current.mode is Mode.VOTE else "guessed"
                raise RoundRefused(
                    f"You {did} {entry.value} in this round.",
                    remedy="Wait for the next round.",
                    chose=entry.value,
                )
            return entry
        transitions.refuse_unless_open(current, self._clock.now())
        if entry is not None:
            raise RoundRefused("You gave up your place.", remedy="Wait for the next round.")
        choice = rules_of(current.mode).admit(current, value, self._assessments.bar)
        entry = self.box.add(who, value, self._clock.now())
        self._keeper.keep_entry(KeptEntry(current.id, entry.ticket, who, value, entry.at))
        notify = self._counted if current.mode in COUNTED else self._changed
        self.put(transitions.entered(current, choice), notify)
        return entry

    def withdraw(self, round_id: str, who: str) -> Round:
        """Give up a place in a raffle or a queue, or the turn if it is this seat's."""
        current = self.the(round_id, Mode.RAFFLE, Mode.QUEUE)
        entry = self.box.of(who)
        turn = current.turn
        if entry is None:
            raise RoundRefused("You have no place to give up.", remedy="Enter first.")
        if turn is not None and turn.ticket == entry.ticket:
            if turn.stage not in (TurnState.CHOOSING, TurnState.ASKING):
                raise RoundRefused(
                    "You have already pressed.", remedy="The presenter can restore it."
                )
            current = transitions.end_turn(current, TurnState.LEFT, self._clock.now())
        return self.put(replace(current, withdrawn=current.withdrawn | {entry.ticket}))

    def here(self, round_id: str, who: str) -> Round:
        """Record that the phone whose turn it is has answered; other phones change nothing."""
        current = self.the(round_id, Mode.RAFFLE, Mode.QUEUE)
        entry = self.box.of(who)
        if entry is None or current.turn is None or current.turn.ticket != entry.ticket:
            return current
        return self.put(transitions.answer(current))

    # --- time, the table and outcomes -----------------------------------------------------------

    def tick(self) -> None:
        """Apply the time that passed: close the round, end a turn or begin the next."""
        current = self.round
        if current is None or current.state not in RUNNING:
            return
        now = self._clock.now()
        current = transitions.closed_in_time(current, now)
        late = transitions.timed_out(current, now)
        if late is not current and self._press_is_blocked(current):
            late = transitions.renew_turn(current, now)
        self.put(late)
        self._changed()  # which machines can be cut also changes with time

    def paused(self, seconds: float) -> None:
        """Extend the round and its turn by the seconds in which this server did not run."""
        current = self.round
        if current is not None and current.state in RUNNING:
            self.put(transitions.extended(current, seconds))

    def clock_stepped(self, by: float) -> None:
        """Shift the round's times after a clock step of `by` seconds; its duration is kept."""
        if self.round is not None:
            self.put(transitions.clock_stepped(self.round, by))

    def cut_by_others(self, cut: PlugCut) -> None:
        """Take a cut of a bet's machine as the bet's: one by the console or a script."""
        if (current := self.round) is None:
            return
        if current.cut_nothing:
            self.superseded = True
            self._changed()
        self.put(transitions.cut_by_others(current, cut, self._clock.now()))

    def outage_has_outcome(self, outage: str, seconds: float | None) -> None:
        """End the turn that caused this outage, if it is this round's."""
        if self.round is not None:
            self.put(transitions.decided(self.round, outage, seconds, self._clock.now()))

    def resume(self, document: str, entries: list[KeptEntry], *, by: float = 0.0) -> Round | None:
        """Continue a stored round after a clock step of `by` seconds, and recount its votes.

        Returns None for a document that this version cannot read.
        """
        try:
            kept = _ROUND.validate_json(document)
        except ValidationError as error:
            log.warning("Cannot read the last round; it has ended: %s", error)
            return None
        self.box = BallotBox(Ballot(one.ticket, one.who, one.value, one.at) for one in entries)
        tally: dict[str, int] = {}
        if kept.mode is Mode.VOTE:
            for entry in self.box:
                tally[entry.value] = tally.get(entry.value, 0) + 1
        kept = transitions.clock_stepped(replace(kept, tally=tally, entered=len(self.box)), by)
        self.round = kept
        return self.put(transitions.resumed(kept, self._clock.now()))

    def abort(self) -> None:
        """Abort the turn under way: the last server stopped before its outage had an outcome."""
        self.put(transitions.aborted(self.current(), self._clock.now()))

    # --- queries --------------------------------------------------------------------------------

    def current(self) -> Round:
        """Return the round; raises RoundRefused before the first."""
        if self.round is None:
            raise RoundRefused("No round is open yet.", remedy="Wait for the presenter.")
        return self.round

    def the(self, round_id: str, *modes: Mode) -> Round:
        """Return the round if id and mode match; raises RoundRefused otherwise."""
        current = self.current()
        if current.id != round_id:
            raise RoundRefused("That round is over.", remedy="Join the current one.")
        if modes and current.mode not in modes:
            raise RoundRefused(
                f"This round is a {current.mode}.", remedy="Check the current round."
            )
        return current

    def eligibility(self) -> Eligibility:
        """Return what can be chosen now; empty before the first round."""
        return Eligibility() if self.round is None else self._assessments.of(self.round)

    def bet(self) -> Result | None:
        """Return the result of a bet's guesses; None while they are secret."""
        current = self.round
        if current is None or current.mode is not Mode.BET or current.state is RoundState.OPEN:
            return None
        key = (current.id, len(self.box), current.seconds)
        if self._result is None or self._result[0] != key:
            self._result = key, result(self.box, current.seconds)
        return self._result[1]

    def put(self, changed: Round, notify: Callable[[], None] | None = None) -> Round:
        """Set the current round and apply the steps that follow automatically.

        Args:
            changed: the round as it is now.
            notify: called if it differs from before; `changed` of this object if omitted.
        """
        if changed.state in RUNNING:
            while (going := self._go_on(changed)) is not changed and going != changed:
                changed = going
        if changed != self.round:
            self.round = changed
            self._keep(changed)
            (notify or self._changed)()
        return changed

    def keep_elsewhere(self, done: Round) -> Round:
        """Store the state of a round that is no longer the current one."""
        self._keep(done)
        return done

    def _press_is_blocked(self, current: Round) -> bool:
        """Whether the person with the button cannot press because nothing can be cut now."""
        turn = current.turn
        chooses = turn is not None and turn.stage is TurnState.CHOOSING and turn.here
        return chooses and self._assessments.of(current).blocked is not None

    def _go_on(self, current: Round) -> Round:
        if current.mode in (Mode.VOTE, Mode.BET) and current.state is RoundState.OPEN:
            return current
        rules = rules_of(current.mode)
        return rules.go_on(current, partial(self._assessments.of, current), self._clock.now())

    def _keep(self, current: Round) -> None:
        document = partial(_encode, current)
        self._keeper.keep_round(current.id, current.opened, document)


def _encode(current: Round) -> str:
    return _ROUND.dump_json(current).decode()
