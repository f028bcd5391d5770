"""The current round and who takes part in it: the one place where both change.

    phones ─► enter, withdraw, here, choose ─┐
    presenter ─► open, close, cancel, …      ├─► round (a value) + ballot box ─► kept, told
    time ─► tick, the table ─► tick ─────────┘

Nothing here cuts: that is the room's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from chaosmonkey.audience import transitions
from chaosmonkey.audience.ballots import Ballot, BallotBox
from chaosmonkey.audience.eligibility import Eligibility
from chaosmonkey.audience.modes import rules_of
from chaosmonkey.audience.modes.bet import Result, result
from chaosmonkey.audience.rounds import RUNNING, Mode, Round, RoundRefused, RoundState, TurnState
from chaosmonkey.clock import Clock
from chaosmonkey.store import KeptEntry

log = logging.getLogger(__name__)

_ROUND = TypeAdapter(Round)


class Keeper(Protocol):
    """Keeps what happens, in the background."""

    def keep_round(self, round_id: str, opened: float, document: Callable[[], str]) -> None:
        """Keep the latest state of a round."""
        ...

    def keep_entry(self, entry: KeptEntry) -> None:
        """Keep who takes part."""
        ...

    def keep_name(self, who: str, name: str) -> None:
        """Keep a nickname."""
        ...

    def keep_show(self, at: float, document: str) -> None:
        """Keep what the presenter has set."""
        ...


class CurrentRound:
    """The current round, or the last one; `round` is None before the first."""

    def __init__(
        self,
        clock: Clock,
        keeper: Keeper,
        *,
        assess: Callable[[Round, str | None], Eligibility],
        changed: Callable[[], None],
    ) -> None:
        self.round: Round | None = None
        self.box = BallotBox()
        self._clock = clock
        self._keeper = keeper
        self._assess = assess
        self._changed = changed
        self._result: tuple[tuple[object, ...], Result | None] | None = None

    # --- the presenter --------------------------------------------------------------------------

    def open(self, opened: Round) -> Round:
        """Begin a round; one before it is given up."""
        if self.round is not None and self.round.state in RUNNING:
            self._keep(replace(self.round, state=RoundState.CANCELLED))
        self.round = None
        self.box = BallotBox()
        return self.put(opened)

    def close(self) -> Round:
        """Take no more ballots."""
        return self.put(transitions.close(self.current()))

    def cancel(self) -> Round:
        """Give the round up."""
        return self.put(transitions.cancel(self.current(), self._clock.now()))

    # --- the phones -----------------------------------------------------------------------------

    def enter(self, round_id: str, who: str, value: str, *modes: Mode) -> Ballot:
        """Take part, once; the same again changes nothing.

        Args:
            round_id: the round that is meant.
            who: the seat, as `Seats.who` knows it.
            value: the machine voted for, the seconds guessed, or "".
            modes: the kinds of rounds in which this can be done.

        Raises:
            BadInput, RoundRefused: that cannot be, or not now, or it was something else before.
        """
        current = self.the(round_id, *modes)
        entry = self.box.of(who)
        if entry is not None and entry.ticket not in current.withdrawn:
            if entry.value != value:
                said = "voted for" if current.mode is Mode.VOTE else "guessed"
                raise RoundRefused(
                    f"You {said} {entry.value} in this round.",
                    remedy="Wait for the next round.",
                    chose=entry.value,
                )
            return entry
        transitions.refuse_unless_open(current, self._clock.now())
        if entry is not None:
            raise RoundRefused("You gave up your place.", remedy="Wait for the next round.")
        only = value if current.mode is Mode.VOTE else None
        choice = rules_of(current.mode).admit(current, value, self._assess(current, only))
        entry = self.box.add(who, value, self._clock.now())
        self._keeper.keep_entry(KeptEntry(current.id, entry.ticket, who, value, entry.at))
        self.put(transitions.entered(current, choice))
        return entry

    def withdraw(self, round_id: str, who: str) -> Round:
        """Give up a place in a raffle or a queue, or the button."""
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
        """The phone whose turn it is says that it is there."""
        current = self.the(round_id, Mode.RAFFLE, Mode.QUEUE)
        entry = self.box.of(who)
        if entry is None or current.turn is None or current.turn.ticket != entry.ticket:
            return current
        return self.put(transitions.answer(current))

    # --- time, the table and what came of it ----------------------------------------------------

    def tick(self) -> None:
        """Time passes: a round may close, a turn may end, the next may begin."""
        current = self.round
        if current is None or current.state not in RUNNING:
            return
        now = self._clock.now()
        current = transitions.closed_in_time(current, now)
        late = transitions.timed_out(current, now)
        if late is not current and self._nobodys_fault(current):
            late = transitions.renew_turn(current, now)
        self.put(late)
        self._changed()  # what can be cut now changes with time too

    def paused(self, seconds: float) -> None:
        """This server stood still for so long: the round and its turn last as much longer."""
        current = self.round
        if current is not None and current.state in RUNNING:
            self.put(transitions.held_up(current, seconds))

    def clock_stepped(self, by: float) -> None:
        """Our clock was set right: the round and its turn last as long as before."""
        if self.round is not None:
            self.put(transitions.clock_stepped(self.round, by))

    def outage_has_outcome(self, outage: str, seconds: float | None) -> None:
        """An outage was decided: if this round made it, the turn is over."""
        if self.round is not None:
            self.put(transitions.decided(self.round, outage, seconds, self._clock.now()))

    def resume(self, document: str, entries: list[KeptEntry], *, by: float = 0.0) -> Round | None:
        """Go on with what was kept, by a clock that was set by `by` seconds; count again.

        What another version kept and this one cannot read is left alone, and None returned.
        """
        try:
            kept = _ROUND.validate_json(document)
        except ValidationError as error:
            log.warning("The last round cannot be read, and is over: %s", error)
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
        """What the present turn did ended with the server before this one."""
        self.put(transitions.aborted(self.current(), self._clock.now()))

    # --- what is known --------------------------------------------------------------------------

    def current(self) -> Round:
        """The round; raises RoundRefused before the first."""
        if self.round is None:
            raise RoundRefused("No round is open yet.", remedy="Wait for the presenter.")
        return self.round

    def the(self, round_id: str, *modes: Mode) -> Round:
        """The round, if it is the one that is meant, and of such a kind; raises RoundRefused."""
        current = self.current()
        if current.id != round_id:
            raise RoundRefused("That round is over.", remedy="Join the current one.")
        if modes and current.mode not in modes:
            raise RoundRefused(
                f"This round is a {current.mode}.", remedy="Check the current round."
            )
        return current

    def table(self) -> Eligibility:
        """What can be chosen now; nothing is known before the first round."""
        return Eligibility() if self.round is None else self._assess(self.round, None)

    def bet(self) -> Result | None:
        """What the guesses of a bet come to; None as long as they are secret."""
        current = self.round
        if current is None or current.mode is not Mode.BET or current.state is RoundState.OPEN:
            return None
        key = (current.id, len(self.box), current.seconds)
        if self._result is None or self._result[0] != key:
            self._result = key, result(self.box, current.seconds)
        return self._result[1]

    def put(self, changed: Round) -> Round:
        """This is the round now, and what follows from it by itself."""
        if changed.state in RUNNING:
            while (going := self._go_on(changed)) != changed:
                changed = going
        if changed != self.round:
            self.round = changed
            self._keep(changed)
            self._changed()
        return changed

    def keep_elsewhere(self, done: Round) -> Round:
        """Keep the state of a round that is not the current one any more."""
        self._keep(done)
        return done

    def _nobodys_fault(self, current: Round) -> bool:
        """Whether the person with the button could not press, because nothing can be cut."""
        turn = current.turn
        chooses = turn is not None and turn.stage is TurnState.CHOOSING and turn.here
        return chooses and self._assess(current, None).blocked is not None

    def _go_on(self, current: Round) -> Round:
        if current.mode in (Mode.VOTE, Mode.BET):
            return current
        rules = rules_of(current.mode)
        return rules.go_on(current, self._assess(current, None), self._clock.now())

    def _keep(self, current: Round) -> None:
        document = partial(_encode, current)
        self._keeper.keep_round(current.id, current.opened, document)


def _encode(current: Round) -> str:
    return _ROUND.dump_json(current).decode()
