"""Turning machines on, whatever turned them off: our own cuts end, other plugs are adopted.

ours      end the cut ───────────────┐
off       adopt it as a cut to end ──┼─► wait, but not for long ─► restored, or on its way
the rest  read that they are on ─────┘   what is late goes on being tried
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from chaosmonkey.clock import Clock, finishes_within
from chaosmonkey.control.cut import Cut
from chaosmonkey.control.cut_stages import CutStage
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedKind, FeedState
from chaosmonkey.plugs import PlugBoard, VerifiedPlug

PATIENCE = 25.0
"""Real seconds that a caller of restore waits for an answer; the plug is tried on after that."""

HALT_PATIENCE = 0.8
"""The same for HALT, which is answered within a second: what is on, and what is on its way."""


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What became of the feeds of some machines.

    Attributes:
        restored: feeds that were off and are on again, such as "node3 power".
        on_its_way: feeds that were not read back as on yet; each is tried until it is.
    """

    restored: tuple[str, ...] = ()
    on_its_way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restore:
    """One turning on.

    Attributes:
        cuts: the cuts under way.
        adopt: makes a cut to be ended of a plug that is not off because of us.
        returned: is told of a plug that was off, unnoticed, and is on again.
        pace: real time, by which an answer is waited for.
        tasks: owns what goes on after the answer.
    """

    plugs: PlugBoard
    cuts: Mapping[tuple[str, FeedKind], Cut]
    adopt: Callable[[VerifiedPlug, str], Cut]
    returned: Callable[[VerifiedPlug], None]
    pace: Clock
    tasks: asyncio.TaskGroup

    async def all_of(
        self, machines: list[str], why: str, patience: float, *, hurry: bool = False
    ) -> RestoreResult:
        """Every feed of these machines, waited for so many real seconds.

        In a `hurry` devices that are in trouble already are told like all others, but not waited
        for: a dead one would always take all of the patience.

        Raises:
            PlugFailed: some devices do not turn on; all others were, and these are tried again.
        """
        ending = [
            cut for cut in self.cuts.values() if cut.entry.machine in machines and not cut.is_on
        ]
        others = [
            plug
            for key, plug in self.plugs.items()
            if plug.machine in machines and key not in self.cuts
        ]
        for cut in ending:
            cut.end(why)
        ending += [self.adopt(plug, why) for plug in others if plug.last is FeedState.OFF]
        reading = {
            f"{plug.machine} {plug.feed}": self.tasks.create_task(
                self._make_sure(plug, why), name=f"make sure of {plug.machine}'s {plug.feed}"
            )
            for plug in others
            if plug.last is not FeedState.OFF
        }
        hopeless = self._in_trouble() if hurry else frozenset()
        waiting: set[asyncio.Future[float] | asyncio.Task[_Sure]] = {
            *(cut.ended for cut in ending if _name(cut) not in hopeless),
            *(task for name, task in reading.items() if name not in hopeless),
        }
        if waiting:
            await finishes_within(asyncio.wait(waiting), self.pace, within=patience)
        _refuse_if_stuck(self.cuts, machines)
        sure = {name: task.result() for name, task in reading.items() if task.done()}
        return RestoreResult(
            restored=(
                *(_name(cut) for cut in ending if cut.ended.done() and cut.touched),
                *(name for name, how in sure.items() if how is _Sure.RESTORED),
            ),
            on_its_way=(
                *(_name(cut) for cut in ending if not cut.ended.done()),
                *(name for name in reading if sure.get(name) in (None, _Sure.FAILED)),
            ),
        )

    def _in_trouble(self) -> frozenset[str]:
        """The feeds whose device failed when it was last asked."""
        stuck = (_name(cut) for cut in self.cuts.values() if cut.stage is CutStage.STUCK)
        silent = (
            f"{plug.machine} {plug.feed}"
            for plug in self.plugs.values()
            if plug.last is FeedState.UNKNOWN and plug.remark
        )
        return frozenset((*stuck, *silent))

    async def _make_sure(self, plug: VerifiedPlug, why: str) -> _Sure:
        """Turn on a plug that should be on: usually it only has to be read."""
        before = plug.off_at
        try:
            await plug.switch(on=True)
        except PlugFailed:
            if (plug.machine, plug.feed) not in self.cuts:
                self.adopt(plug, why)
            return _Sure.FAILED
        if plug.off_at == before:
            return _Sure.ON
        self.returned(plug)
        return _Sure.RESTORED


class _Sure(Enum):
    """What became of a plug that should have been on."""

    ON = auto()
    RESTORED = auto()
    FAILED = auto()


def _refuse_if_stuck(cuts: Mapping[tuple[str, FeedKind], Cut], machines: list[str]) -> None:
    """Raises PlugFailed if plugs of these machines do not turn on; not for those merely unread."""
    stuck = [
        f"{cut.entry.machine}'s {cut.entry.feed} is {cut.stage}: {cut.trouble}"
        for cut in cuts.values()
        if cut.entry.machine in machines and cut.stage is CutStage.STUCK and not cut.unread
    ]
    if stuck:
        raise PlugFailed(
            " ".join(stuck),
            remedy="All others are on. The server keeps retrying: check the device, or "
            "bypass it by hand.",
        )


def _name(cut: Cut) -> str:
    return f"{cut.entry.machine} {cut.entry.feed}"
