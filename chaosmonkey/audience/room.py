"""The room: the show, the current round, and the actions of presenter and phones.

    phones, presenter ─► room ─► current round (entries, turns)
                           └───► execution ─► monkey.cut ─► the same turn, cut or ended

`changed` is called after every change, so that all pages show the same state; `counted` instead if
only a count changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from chaosmonkey.audience import transitions, turns
from chaosmonkey.audience.assessments import Assessments
from chaosmonkey.audience.ballots import Ballot
from chaosmonkey.audience.current_round import CurrentRound, Keeper
from chaosmonkey.audience.execution import Execution
from chaosmonkey.audience.join_codes import JoinCodes
from chaosmonkey.audience.modes import bet, queue, raffle, rules_of, vote
from chaosmonkey.audience.modes.base import refuse_unless_choosable
from chaosmonkey.audience.nicknames import Nicknames
from chaosmonkey.audience.open_round import OpenRound, open_round
from chaosmonkey.audience.rounds import (
    CROWD,
    Mode,
    Round,
    RoundRefused,
    RoundState,
    Turn,
    TurnState,
)
from chaosmonkey.audience.show import Show
from chaosmonkey.clock import Clock
from chaosmonkey.config import Lab
from chaosmonkey.control.monkey import Monkey
from chaosmonkey.model import Outage, Outcome
from chaosmonkey.outage.recovery import outcome, recovery_at_least, recovery_time
from chaosmonkey.store import Rounds


class Room:
    """The audience's side of the server.

    Attributes:
        show: the presenter's settings.
        current_round: the current round and its entries.
        codes: the join codes for phones.
        names: the nicknames.
    """

    def __init__(
        self,
        lab: Lab,
        *,
        monkey: Monkey,
        clock: Clock,
        changed: Callable[[], None],
        counted: Callable[[], None],
        assessments: Assessments,
        keeper: Keeper,
        codes: JoinCodes,
        seed: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self.show = Show()
        self.codes = codes
        self.names = Nicknames(wanted=lab.audience.nicknames, keep=keeper.keep_name)
        self.current_round = CurrentRound(
            clock, keeper, assessments, changed=changed, counted=counted
        )
        self._execution = Execution(self.current_round, lab, monkey=monkey, clock=clock)
        self._assessments = assessments
        self._keeper = keeper
        self._lab = lab
        self._clock = clock
        self._changed = changed
        self._seed = seed
        self._count = 0
        self._code = codes.current

    # --- the show -------------------------------------------------------------------------------

    def set(self, **changes: Any) -> Show:
        """Change settings of the show."""
        return self._set(replace(self.show, **changes))

    def turn(self, steps: int) -> Show:
        """Show the scene `steps` further on; negative goes back."""
        return self._set(self.show.turn(steps))

    def _set(self, show: Show) -> Show:
        self.show = show
        self._keeper.keep_show(self._clock.now(), show.document)
        self._changed()
        return show

    # --- the presenter --------------------------------------------------------------------------

    def open(self, opening: OpenRound) -> Round:
        """Open a round about the machines that have a plug for the show's feed.

        Raises:
            BadInput: the seconds are out of range, or a bet has no valid machine.
        """
        self._count += 1
        now = self._clock.now()
        round_id = f"round-{int(now)}-{self._count}"
        seed = self._seed()
        wanted = open_round(
            opening, self._lab, self.show.feed, round_id=round_id, seed=seed, now=now
        )
        return self.current_round.open(wanted)

    async def execute(self, wanted: str | None = None) -> Round:
        """Cut the machine that the crowd chose; the round is closed even if the cut fails.

        Raises:
            RoundRefused, BadInput: there is no decision.
            ChaosMonkeyError: the cut was refused or failed; it may be tried again.
        """
        current = self.current_round.current()
        machine = rules_of(current.mode).target(current, wanted, self.current_round.eligibility())
        if current.state is RoundState.OPEN:
            current = self.current_round.close()
        return await self._execution.carry_out(current, Turn(CROWD, self._clock.now()), machine)

    async def approve(self, ticket: int | None = None, machine: str | None = None) -> Round:
        """Approve the waiting press and cut its machine; after a refusal it may be approved again.

        Raises:
            RoundRefused: no press waits, or a different one.
            ChaosMonkeyError: the cut was refused or failed.
        """
        current = self.current_round.current()
        turn = turns.asking(current, ticket, machine)
        assert turn.machine is not None
        return await self._execution.carry_out(current, turn, turn.machine)

    def veto(self, ticket: int | None = None, machine: str | None = None) -> Round:
        """Refuse the waiting press; raises RoundRefused like `approve`."""
        current = self.current_round.current()
        turns.asking(current, ticket, machine)
        return self.current_round.put(
            transitions.end_turn(current, TurnState.VETOED, self._clock.now())
        )

    def draw(self) -> Round:
        """Draw a ticket of a raffle, which closes it, or one of the leaders in a tie."""
        current = self.current_round.current()
        match current.mode:
            case Mode.VOTE:
                return self.current_round.put(
                    vote.break_tie(current, self.current_round.eligibility())
                )
            case Mode.RAFFLE if current.state is RoundState.OPEN:
                return self.current_round.close()
            case Mode.RAFFLE:
                raise RoundRefused("A ticket was already drawn.", remedy="Draw again if needed.")
            case _:
                raise RoundRefused("This round has no draw.", remedy="Open a raffle.")

    def draw_again(self) -> Round:
        """End the turn and draw the next ticket of a raffle."""
        current = self.current_round.current()
        if current.mode is not Mode.RAFFLE:
            raise RoundRefused("This round has no draw.", remedy="Open a raffle.")
        return self.current_round.put(raffle.draw_again(current, self._clock.now()))

    def next(self) -> Round:
        """End the turn and call the next ticket of a queue."""
        current = self.current_round.current()
        if current.mode is not Mode.QUEUE:
            raise RoundRefused("This round has no queue.", remedy="Open a queue.")
        return self.current_round.put(queue.call_next(current, self._clock.now()))

    # --- the phones -----------------------------------------------------------------------------

    def vote(self, round_id: str, who: str, machine: str) -> Ballot:
        """Cast a vote; see `CurrentRound.enter`."""
        return self.current_round.enter(round_id, who, machine, Mode.VOTE)

    def join_in(self, round_id: str, who: str) -> Ballot:
        """Enter a raffle, or line up in a queue; see `CurrentRound.enter`."""
        return self.current_round.enter(round_id, who, "", Mode.RAFFLE, Mode.QUEUE)

    def guess(self, round_id: str, who: str, seconds: float) -> Ballot:
        """Enter a guess; see `CurrentRound.enter`."""
        value = f"{bet.guess(str(seconds)):g}"
        return self.current_round.enter(round_id, who, value, Mode.BET)

    async def press(self, round_id: str, who: str, machine: str, *, trusted: bool = True) -> Round:
        """Press the button: cut the machine, or request approval, always if it is not `trusted`.

        Raises:
            BadInput, RoundRefused: it is not this seat's turn, or the machine cannot be chosen.
            ChaosMonkeyError: the cut was refused, with its rule and, if known, `allowed_at`.
        """
        current = self.current_round.the(round_id, Mode.RAFFLE, Mode.QUEUE, Mode.FREE)
        free = current.mode is Mode.FREE
        ballot = self.current_round.box.of(who)
        if free:
            turn = turns.free(current, ballot, self._clock.now())
        else:
            turn = turns.called(current, ballot)
        if turn.stage is not TurnState.CHOOSING:
            if turn.machine != machine:
                raise RoundRefused("You have already pressed.", remedy="One press each.")
            return current
        refuse_unless_choosable(current, machine, self._assessments.bar)
        if free:
            if block := self._assessments.block(current, machine):
                raise block
            turn = replace(
                turn, ticket=self.current_round.enter(round_id, who, "", Mode.FREE).ticket
            )
            current = self.current_round.current()
        if current.approve or not trusted:
            return self.current_round.put(
                transitions.request_approval(current, turn, machine, self._clock.now())
            )
        return await self._execution.carry_out(current, turn, machine)

    def rename(self, who: str, typed: str) -> str:
        """Give a seat a nickname; "" removes it; see `Nicknames.give`."""
        nickname = self.names.give(who, typed)
        self._changed()
        return nickname

    def clear_name(self, public: str) -> list[str]:
        """Remove the nickname of the seat with this tag; return the removed names."""
        cleared = self.names.clear(public)
        self._changed()
        return cleared

    # --- events ---------------------------------------------------------------------------------

    def tick(self) -> None:
        """Apply the time that passed to the round, its turn and the join code."""
        self.current_round.tick()
        if self.codes.current != self._code:
            self._code = self.codes.current
            self._changed()

    def outage_has_outcome(self, outage: Outage) -> None:
        """Reveal the result of an outage that the current round caused.

        Guesses are not compared with a recovery time that is only a lower bound.
        """
        exact = recovery_at_least(outage) is None
        self.current_round.outage_has_outcome(outage.id, recovery_time(outage) if exact else None)

    def clock_stepped(self, by: float) -> None:
        """Shift the round's times after a clock step of `by` seconds; its duration is kept."""
        self.current_round.clock_stepped(by)

    def paused(self, seconds: float) -> None:
        """Extend the round by the seconds in which this server did not run."""
        self.current_round.paused(seconds)

    @property
    def closes(self) -> float | None:
        """When the open round closes automatically; None if none does."""
        current = self.current_round.round
        return current.closes if current is not None and current.state is RoundState.OPEN else None

    async def resume(
        self,
        kept: Rounds,
        find: Callable[[str], Awaitable[Outage | None]],
        *,
        stepped: float | None = 0.0,
    ) -> None:
        """Restore the state that the last server stored; a cut that was under way is aborted.

        Args:
            kept: the stored audience state.
            find: finds a stored outage by its id.
            stepped: seconds by which the clock was set since; None if unknown.
        """
        by = stepped or 0.0
        self.show = Show.recall(await kept.show(), self._clock.now() - by)
        self.names.recall(await kept.names())
        latest = await kept.latest()
        if latest is None:
            return
        round_id, document = latest
        current = self.current_round.resume(document, await kept.entries(round_id), by=by)
        self._count = int(round_id.rpartition("-")[2])
        turn = current.turn if current is not None else None
        if turn is None or turn.outage is None:
            return
        outage = await find(turn.outage)
        if outage is not None and outcome(outage) not in (None, Outcome.ABORTED):
            self.outage_has_outcome(outage)
        else:
            self.current_round.abort()
