"""Turns machines on, whatever turned them off: ends our own cuts and adopts other plugs.

cut by us    end the cut ───────────────────────────┐
off          adopt it as a cut, restored at once ───┼─► wait briefly ─► restored, or on its way
all others   verify that they are on ───────────────┘   late ones keep being retried
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
"""Real seconds that a caller of restore waits for an answer; retries continue after that."""

HALT_PATIENCE = 0.8
"""The same for HALT, which must be answered within a second."""


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The outcome of a restore.

    Attributes:
        restored: feeds that were off and are on again, such as "node3 power".
        on_its_way: feeds not yet read back as on; retries continue until they are.
    """

    restored: tuple[str, ...] = ()
    on_its_way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restore:
    """One restore of some machines.

    Attributes:
        cuts: the cuts under way.
        adopt: makes a cut, restored at once, of a plug that we did not turn off.
        publish_restored: called with a plug that was off, unnoticed, and is on again.
        pace: real time, for waiting.
        tasks: owns what continues after the answer.
    """

    plugs: PlugBoard
    cuts: Mapping[tuple[str, FeedKind], Cut]
    adopt: Callable[[VerifiedPlug, str], Cut]
    publish_restored: Callable[[VerifiedPlug], None]
    pace: Clock
    tasks: asyncio.TaskGroup

    async def run(
        self, machines: list[str], why: str, patience: float, *, hurry: bool = False
    ) -> RestoreResult:
        """Turn on every feed of these machines, and wait up to `patience` real seconds.

        In a `hurry`, devices that are already failing are commanded like all others but not waited
        for, because a dead one would always use up the whole patience.

        Raises:
            PlugFailed: some devices do not turn on; all others did, and these are retried.
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
                self._ensure_on(plug, why), name=f"ensure {plug.machine}'s {plug.feed} is on"
            )
            for plug in others
            if plug.last is not FeedState.OFF
        }
        hopeless = self._in_trouble() if hurry else frozenset()
        waiting: set[asyncio.Future[float] | asyncio.Task[_Ensured]] = {
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
                *(name for name, how in sure.items() if how is _Ensured.RESTORED),
            ),
            on_its_way=(
                *(_name(cut) for cut in ending if not cut.ended.done()),
                *(name for name in reading if sure.get(name) in (None, _Ensured.FAILED)),
            ),
        )

    def _in_trouble(self) -> frozenset[str]:
        """The feeds whose device failed at its last command or reading."""
        stuck = (_name(cut) for cut in self.cuts.values() if cut.stage is CutStage.STUCK)
        silent = (
            f"{plug.machine} {plug.feed}"
            for plug in self.plugs.values()
            if plug.last is FeedState.UNKNOWN and plug.remark
        )
        return frozenset((*stuck, *silent))

    async def _ensure_on(self, plug: VerifiedPlug, why: str) -> _Ensured:
        """Turn on a plug that should be on already; usually a reading suffices."""
        before = plug.off_at
        try:
            await plug.switch(on=True)
        except PlugFailed:
            if (plug.machine, plug.feed) not in self.cuts:
                self.adopt(plug, why)
            return _Ensured.FAILED
        if plug.off_at == before:
            return _Ensured.ON
        self.publish_restored(plug)
        return _Ensured.RESTORED


class _Ensured(Enum):
    """The outcome for a plug that should have been on."""

    ON = auto()
    RESTORED = auto()
    FAILED = auto()


def _refuse_if_stuck(cuts: Mapping[tuple[str, FeedKind], Cut], machines: list[str]) -> None:
    """Raises PlugFailed if plugs of these machines do not turn on, ignoring merely unread ones."""
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
