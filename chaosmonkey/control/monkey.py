"""The commands: cut, restore, HALT, release, arm and disarm.

    request ─► guard ─► Cut (its own task) ─► answered once the plug was read back as off

When `run` ends, for whatever reason, every plug is on or its entry is in the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Set
from functools import partial
from types import MappingProxyType

from chaosmonkey.clock import Clock, finishes_within
from chaosmonkey.config import Lab
from chaosmonkey.control import guard
from chaosmonkey.control.arming import Arming
from chaosmonkey.control.cooldown import Cooldowns
from chaosmonkey.control.cut import Cut
from chaosmonkey.control.cut_context import CutContext
from chaosmonkey.control.cut_stages import Step
from chaosmonkey.control.cuts import Cuts
from chaosmonkey.control.facts import FactsSource
from chaosmonkey.control.feed_monitor import FeedMonitor
from chaosmonkey.control.inrush import Inrush
from chaosmonkey.control.plan import Plan, plan
from chaosmonkey.control.restore import HALT_PATIENCE, PATIENCE, Restore, RestoreResult
from chaosmonkey.control.rules import Facts
from chaosmonkey.control.safety import Safety
from chaosmonkey.errors import PlugFailed, Unavailable
from chaosmonkey.model import Event, FeedKind
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.plugs import PlugBoard
from chaosmonkey.sensors import SensorBoard
from chaosmonkey.store import Journal, JournalEntry, PendingWrites

log = logging.getLogger(__name__)

NOTE_PATIENCE = 0.2
"""Real seconds that the answer to HALT waits for the disk once every plug is on."""


class Monkey:
    """Cuts and restores machines while `run` runs.

    Args:
        pace: real time, which sensors follow; `clock` may run faster.
        own_names: the names and addresses of the machine that runs this server.
        restored: when plugs with an open journal entry were read back as on, before this.
        unrestored: plugs that should be on but could not be turned on, before this.

    Attributes:
        feed_monitor: compares sensors with plugs.
        pending_writes: journal writes that the disk has not taken yet.
    """

    def __init__(
        self,
        lab: Lab,
        *,
        plugs: PlugBoard,
        journal: Journal,
        tracker: Tracker,
        publish: Callable[[Event], None],
        changed: Callable[[], None],
        clock: Clock,
        pace: Clock,
        sensors: SensorBoard,
        own_names: Callable[[], frozenset[str]] = frozenset,
        reached: Callable[[Step], None] = lambda _: None,
        restored: Mapping[tuple[str, FeedKind], float] = MappingProxyType({}),
        unrestored: Set[tuple[str, FeedKind]] = frozenset(),
    ) -> None:
        self.pending_writes = PendingWrites(clock)
        self._lab = lab
        self._plugs = plugs
        self._journal = journal
        self._tracker = tracker
        self._publish = publish
        self._changed = changed
        self._clock = clock
        self._reached = reached
        self._unrestored = unrestored
        # In faster time, as long for the people at it.
        lasts = lab.limits.disarm_after * lab.speed
        self._arming = Arming(journal, self.pending_writes, clock, lasts=lasts, changed=changed)
        self._cooldowns = Cooldowns(journal, clock, lab.limits.machine_cooldown)
        self._cuts = Cuts(
            lab,
            plugs=plugs,
            tracker=tracker,
            cooldowns=self._cooldowns,
            restored=restored,
            safety=lambda: self.safety,
            publish=publish,
            changed=changed,
            clock=clock,
        )
        self._inrush = Inrush(clock, lab.limits.restore_stagger)
        self.feed_monitor = FeedMonitor(
            lab,
            sensors,
            plugs,
            cut=self.cuts.keys(),
            publish=publish,
            changed=changed,
            pace=pace,
        )
        self._pace = pace
        self._facts = FactsSource(
            tracker=tracker,
            plugs=plugs,
            cuts=self.cuts,
            feed_monitor=self.feed_monitor,
            cooldowns=self._cooldowns,
            safety=lambda: self.safety,
            own_names=own_names,
            clock=clock,
        )
        self._stopping = asyncio.Event()

    @property
    def cuts(self) -> Mapping[tuple[str, FeedKind], Cut]:
        """The cuts under way, by machine and feed."""
        return self._cuts.under_way

    @property
    def found_off(self) -> Collection[tuple[str, FeedKind]]:
        """The plugs that were off at startup without a journal entry."""
        return self._cuts.found_off

    @property
    def safety(self) -> Safety:
        """Whether anything may be cut at all."""
        return self._arming.safety

    async def run(self, started: Callable[[], None]) -> None:
        """Undo the open journal entries, then accept commands until cancelled.

        Raises:
            StoreFailed: the journal cannot be read.
        """
        async with asyncio.TaskGroup() as tasks:
            self._cuts.context = CutContext(
                journal=self._journal,
                clock=self._clock,
                publish=self._publish,
                changed=self._changed,
                pending_writes=self.pending_writes,
                inrush=self._inrush,
                feed_monitor=self.feed_monitor,
                stopping=self._stopping,
                tasks=tasks,
                reached=self._reached,
            )
            try:
                # Pretend machines come to no harm.
                await self._arming.recall(armed=self._lab.demo is not None)
                await self._cooldowns.recall()
                tasks.create_task(self.feed_monitor.run(), name="sensors")
                tasks.create_task(self.pending_writes.run(), name="pending writes")
                self._cuts.end_leftovers(await self._journal.open_cuts(), self._unrestored)
                tasks.create_task(self._cuts.poll_plugs(), name="poll plugs")
                started()
                await asyncio.Event().wait()
            finally:
                self._stopping.set()

    async def cut(self, request: guard.CutRequest) -> Cut:
        """Cut a machine's feed; return when its plug was read back as off and its sensor agrees.

        Raises:
            BadInput, CutRefused, ClusterUnavailable: the guard refused; nothing was switched.
            StoreFailed: the journal could not be written; nothing was switched.
            PlugFailed: the plug did not turn off; it is being turned back on.
        """
        commanded = self._clock.now()
        self._refuse_while_stopping("Try again when it is back.")
        await self._cuts.read_before(self._cuts.find(request.machine).name, request.feed)
        machine = guard.check(request, self._lab, self.facts(request.feed))
        entry = JournalEntry(
            outage=self._tracker.name(commanded, machine.name),
            machine=machine.name,
            feed=request.feed,
            requested_by=request.by,
            commanded=commanded,
            restore_by=commanded + request.seconds,
        )
        cut = self._cuts.begin(entry, machine.node_name)
        self._facts.last_cut = commanded
        self._arming.arm()
        self._cuts.start(cut, cut.run())
        await asyncio.shield(cut.begun)
        return cut

    async def plan(self, request: guard.CutRequest) -> Plan:
        """What `cut` would do now, and everything that forbids it; switches and writes nothing.

        Raises:
            BadInput: the request could never be carried out.
        """
        machine = guard.wanted(request, self._lab, self._tracker.world.nodes)
        await self._cuts.read_before(machine.name, request.feed)
        return plan(request, self._lab, self.facts(request.feed))

    async def restore(self, name: str, by: str) -> RestoreResult:
        """Turn every feed of a machine on.

        Raises:
            UnknownMachine: no machine has that name.
            PlugFailed: a plug does not turn on; the server keeps retrying in the background.
            Unavailable: the server is stopping, which turns every feed on anyway.
        """
        machine = self._cuts.find(name)
        return await self._turn_on([machine.name], f"{by} restored it", PATIENCE)

    async def halt(self, by: str) -> RestoreResult:
        """Refuse every cut from now on, and turn on every feed of every machine, as `restore` does.

        It depends on neither the cluster nor the database, interrupts cuts that wait for either or
        for a device, and is answered within a second.
        """
        self._arming.halt(by)
        machines = [machine.name for machine in self._lab.machine]
        try:
            turned_on = await self._turn_on(machines, f"HALT by {by}", HALT_PATIENCE, hurry=True)
        except PlugFailed:
            await finishes_within(self.pending_writes.settled(), self._pace, within=NOTE_PATIENCE)
            raise
        await finishes_within(self.pending_writes.settled(), self._pace, within=NOTE_PATIENCE)
        return turned_on

    def release(self, by: str) -> Safety:
        """End HALT, which leaves the table safe, not armed; raises HaltKept."""
        self._arming.release(by)
        return self.safety

    def keep_halted(self, why: str) -> None:
        """Forbid the release of HALT, for the reason `why`; "" allows it again."""
        self._arming.kept = why

    def arm(self, by: str) -> Safety:
        """Allow cuts for a while; raises Halted while HALT is active."""
        guard.check_not_halted(self.facts())
        self._arming.arm()
        log.info("Armed by %s.", by)
        return self.safety

    def disarm(self, by: str) -> Safety:
        """Forbid cuts; machines that are off return as scheduled."""
        self._arming.disarm()
        log.info("Disarmed by %s.", by)
        return self.safety

    def clock_stepped(self, by: float) -> None:
        """Shift every kept moment by the clock's correction."""
        was = self._clock.now() - by
        self.pending_writes.owe(
            f"that the clock was set by {by:+.3f} s, from {was:.3f} on",
            partial(self._journal.clock_stepped, by, was),
        )
        self._arming.clock_stepped(by)
        self._cooldowns.clock_stepped(by)
        self._inrush.clock_stepped(by)
        self.feed_monitor.clock_stepped(by)
        for plug in self._plugs.values():
            plug.clock_stepped(by)
        self._facts.clock_stepped(by)

    def tick(self) -> None:
        """Disarm once arming has run out."""
        self._arming.tick()

    def cooldown_until(self, machine: str) -> float | None:
        """When a machine's cooldown ends; None if it was not cut lately."""
        return self._cooldowns.until(machine)

    def facts(self, feed: FeedKind | None = None) -> Facts:
        """The facts that the guard decides from now, for a cut of `feed`."""
        return self._facts.now(feed)

    def _refuse_while_stopping(self, remedy: str) -> None:
        if self._stopping.is_set():
            raise Unavailable("The server is stopping.", remedy=remedy)

    async def _turn_on(
        self, machines: list[str], why: str, patience: float, *, hurry: bool = False
    ) -> RestoreResult:
        self._refuse_while_stopping("Every feed is turned on before it ends.")
        turning = Restore(
            self._plugs,
            self.cuts,
            self._cuts.adopt,
            self._cuts.publish_restored,
            self._pace,
            self._cuts.context.tasks,
        )
        return await turning.run(machines, why, patience, hurry=hurry)
