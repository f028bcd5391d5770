"""The one room: the show, the current round, and what the presenter may do with them.

Everything that changes is told by `changed`, so that every page shows the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chaosmonkey.audience import rounds
from chaosmonkey.audience.rounds import Round, RoundRefused, RoundState
from chaosmonkey.audience.show import Show
from chaosmonkey.clock import Clock
from chaosmonkey.config import Lab
from chaosmonkey.errors import BadInput
from chaosmonkey.outage.guard import CutRequest
from chaosmonkey.outage.monkey import Monkey

LONGEST_ROUND = 3600.0
"""Seconds that a round may stay open."""


class Room:
    """The audience's side of the server.

    Attributes:
        show: what the presenter has set.
        round: the current round, or the last one; None before the first.
    """

    def __init__(
        self, lab: Lab, *, monkey: Monkey, clock: Clock, changed: Callable[[], None]
    ) -> None:
        self.show = Show()
        self.round: Round | None = None
        self._lab = lab
        self._monkey = monkey
        self._clock = clock
        self._changed = changed
        self._count = 0

    def set(self, **changes: Any) -> Show:
        """Change what is shown."""
        self.show = replace(self.show, **changes)
        self._changed()
        return self.show

    def turn(self, steps: int) -> Show:
        """Show the scene so many steps on, or back."""
        self.show = self.show.turn(steps)
        self._changed()
        return self.show

    def open(self, seconds: float | None) -> Round:
        """Open a vote for the machines that can be cut; a round before it is given up."""
        if seconds is not None and not 0 < seconds <= LONGEST_ROUND:
            raise BadInput(
                f"A round cannot last {seconds:g} s.",
                remedy=f"Up to {LONGEST_ROUND:g} s, or leave it out and close it yourself.",
            )
        now = self._clock.now()
        self._count += 1
        self.round = Round(
            id=f"round-{int(now)}-{self._count}",
            choices=tuple(
                machine.name
                for machine in self._lab.machine
                if machine.plug(self.show.feed) is not None
            ),
            opened=now,
            closes=None if seconds is None else now + seconds,
        )
        self._changed()
        return self.round

    def vote(self, round_id: str, seat: str, choice: str) -> Round:
        """Take a ballot; see `rounds.vote`."""
        current = self._current()
        if current.id != round_id:
            raise RoundRefused("That round is over.", remedy="Look at the present one.")
        self._put(rounds.vote(current, seat, choice, now=self._clock.now()))
        return self._current()

    def close(self) -> Round:
        """Take no more ballots."""
        return self._put(rounds.close(self._current()))

    def cancel(self) -> Round:
        """Give the round up."""
        return self._put(rounds.cancel(self._current()))

    async def execute(self, choice: str | None = None) -> Round:
        """Cut what the crowd decided; the round is closed whatever comes of it.

        Raises:
            RoundRefused, BadInput: there is no decision.
            ChaosMonkeyError: the cut was refused or failed; it may be tried again.
        """
        current = self._current()
        chosen = rounds.decide(current, choice)
        if current.state is RoundState.OPEN:
            self._put(rounds.close(current))
        cut = await self._monkey.cut(
            CutRequest(chosen, self.show.feed, self._lab.default_seconds, by=f"vote {current.id}")
        )
        done = rounds.executed(current, chosen, cut.entry.outage)
        if self._current().id != current.id:
            return done  # the presenter has opened another round meanwhile; it is not this one's
        return self._put(done)

    def tick(self) -> None:
        """Time passes: a round may close."""
        now = self._clock.now()
        if self.round is not None and (later := rounds.closed(self.round, now=now)) != self.round:
            self._put(later)

    def outage_has_outcome(self, outage: str) -> None:
        """An outage was decided: if the round made it, reveal it."""
        current = self.round
        if current is None or current.outage != outage:
            return
        if current.state is RoundState.EXECUTED:
            self._put(rounds.revealed(current))

    def _current(self) -> Round:
        if self.round is None:
            raise RoundRefused("No round was opened.", remedy="Wait for the presenter.")
        return self.round

    def _put(self, changed: Round) -> Round:
        if changed != self.round:
            self.round = changed
            self._changed()
        return changed
