"""Who may cut what, and what is cut now: the commands cut, restore, HALT, arm.

    request ─► guard ─► Cut (its own task) ─► answered when the plug was read back as off
    a plug found off, an entry that an earlier process left ─► Cut, to be ended at once

When `run` ends, for whatever reason, every plug is on, or its entry is in the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Set
from functools import partial
from types import MappingProxyType

from chaosmonkey.clock import Clock, finishes_within
from chaosmonkey.config import Lab, Machine
from chaosmonkey.control import guard
from chaosmonkey.control.arming import Arming
from chaosmonkey.control.cooldown import Cooldowns
from chaosmonkey.control.cut import Cut, CutContext
from chaosmonkey.control.cut_stages import Step
from chaosmonkey.control.feed_monitor import FeedMonitor
from chaosmonkey.control.inrush import Inrush
from chaosmonkey.control.plan import Plan, plan
from chaosmonkey.control.plug_polling import POLL_INTERVAL, poll_plugs
from chaosmonkey.control.restore import HALT_PATIENCE, PATIENCE, Restore, RestoreResult
from chaosmonkey.control.rules import Facts
from chaosmonkey.control.safety import Safety
from chaosmonkey.errors import PlugFailed, Unavailable
from chaosmonkey.model import Event, FeedKind, FeedState, PlugRestored
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.plugs import PlugBoard, VerifiedPlug
from chaosmonkey.sensors import SensorBoard
from chaosmonkey.store import Journal, JournalEntry, PendingWrites

log = logging.getLogger(__name__)

NOTE_PATIENCE = 0.2
"""Seconds of real time that the answer to HALT waits for the disk, when all is on already."""


class Monkey:
    """Cuts and restores machines while `run` runs.

    Args:
        pace: real time, which sensors follow; `clock` may be faster.
        restored: when plugs of entries in the journal were read back as on before this was made.
        unrestored: plugs that should be on and could not be turned on before this was made.

    Attributes:
        cuts: the cuts under way, by machine and feed.
        rails: what the sensors say of the feeds.
        owed: what the journal should hold and the disk has not taken yet.
        found_off: the plugs that were off at the start without an entry in the journal.
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
        own: Callable[[], frozenset[str]] = frozenset,
        reached: Callable[[Step], None] = lambda _: None,
        restored: Mapping[tuple[str, FeedKind], float] = MappingProxyType({}),
        unrestored: Set[tuple[str, FeedKind]] = frozenset(),
    ) -> None:
        self.cuts: dict[tuple[str, FeedKind], Cut] = {}
        self.pending_writes = PendingWrites(clock)
        self.found_off: list[tuple[str, FeedKind]] = []
        self._lab = lab
        self._plugs = plugs
        self._journal = journal
        self._tracker = tracker
        self._publish = publish
        self._changed = changed
        self._clock = clock
        self._own_machine = own
        self._reached = reached
        self._restored = restored
        self._unrestored = unrestored
        self._not_read_yet = set(plugs)
        # In faster time, as long for the people at it.
        lasts = lab.limits.disarm_after * lab.speed
        self._arming = Arming(journal, self.pending_writes, clock, lasts=lasts, changed=changed)
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
        self._cooldowns = Cooldowns(journal, clock, lab.limits.machine_cooldown)
        self._last_cut: float | None = None
        self._stopping = asyncio.Event()
        self._around: CutContext

    @property
    def safety(self) -> Safety:
        """Whether anything may be cut at all."""
        return self._arming.safety

    async def run(self, started: Callable[[], None]) -> None:
        """Undo what the journal still holds, then carry out cuts until cancelled.

        Raises:
            StoreFailed: the journal cannot be read.
        """
        async with asyncio.TaskGroup() as tasks:
            self._around = CutContext(
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
                # Pretend machines hurt nobody.
                await self._arming.recall(armed=self._lab.demo is not None)
                await self._cooldowns.recall()
                tasks.create_task(self.feed_monitor.run(), name="sensors")
                tasks.create_task(self.pending_writes.run(), name="what the journal is owed")
                for entry in await self._journal.open_cuts():
                    self._undo(entry)
                for key in self._unrestored - self.cuts.keys():
                    self._adopt(self._plugs[key], "it could not be turned on at the start")
                for (machine, _), plug in self._plugs.items():
                    if (since := self._cooldowns.since.get(machine)) is not None:
                        plug.expect_late_off(since)
                looking = poll_plugs(
                    self._plugs,
                    cut=self.cuts.keys(),
                    read=self._was_read,
                    changed=self._changed,
                    clock=self._clock,
                )
                tasks.create_task(looking, name="look at plugs")
                started()
                await asyncio.Event().wait()
            finally:
                self._stopping.set()

    # --- commands -------------------------------------------------------------------------------

    async def cut(self, request: guard.CutRequest) -> Cut:
        """Cut a machine's feed; return when its plug was read back as off and its sensor agrees.

        Raises:
            BadInput, CutRefused, ClusterUnavailable: the guard said no; nothing was done.
            StoreFailed: the journal could not be written; nothing was done.
            PlugFailed: the plug did not turn off; it is being turned on again.
        """
        commanded = self._clock.now()
        self._refuse_while_stopping("Try again when it is back.")
        await self._look_before(self._find(request.machine).name, request.feed)
        machine = guard.check(request, self._lab, self.facts(request.feed))
        entry = JournalEntry(
            outage=self._tracker.name(commanded, machine.name),
            machine=machine.name,
            feed=request.feed,
            asked_by=request.by,
            commanded=commanded,
            restore_by=commanded + request.seconds,
        )
        cut = self._begin(entry, machine.node_name)
        self._last_cut = commanded
        self._arming.arm()
        self._own(cut, cut.carry_out())
        await asyncio.shield(cut.begun)
        return cut

    async def plan(self, request: guard.CutRequest) -> Plan:
        """What `cut` would do now, and everything that forbids it; nothing is switched or noted.

        Raises:
            BadInput: it could never be carried out.
        """
        machine = guard.wanted(request, self._lab, self._tracker.world.nodes)
        await self._look_before(machine.name, request.feed)
        return plan(request, self._lab, self.facts(request.feed))

    async def restore(self, name: str, by: str) -> RestoreResult:
        """Turn every feed of a machine on.

        Raises:
            UnknownMachine: no machine has that name.
            PlugFailed: a plug does not turn on; it is tried again in the background.
            Unavailable: the server is stopping, for which it turns every feed on.
        """
        machine = self._find(name)
        return await self._turn_on([machine.name], f"{by} restored it", PATIENCE)

    async def halt(self, by: str) -> RestoreResult:
        """Refuse every cut from now on, and turn every feed of every machine on; as `restore`.

        It needs neither the cluster nor the database, gives up what waits for either, or for its
        device, and is answered within a second.
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
        """End HALT. The table is safe after that, not armed; raises HaltKept."""
        self._arming.release(by)
        return self.safety

    def keep_halted(self, why: str) -> None:
        """Let HALT not be released, because of `why`; "" lets it be released again."""
        self._arming.kept = why

    def arm(self, by: str) -> Safety:
        """Allow cuts for a while; raises Halted while HALT holds."""
        guard.check_not_halted(self.facts())
        self._arming.arm()
        log.info("Armed by %s.", by)
        return self.safety

    def disarm(self, by: str) -> Safety:
        """Allow no cuts; what is cut comes back at its time."""
        self._arming.disarm()
        log.info("Disarmed by %s.", by)
        return self.safety

    def clock_stepped(self, by: float) -> None:
        """Our clock was set right: move every moment that is kept."""
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
        if self._last_cut is not None:
            self._last_cut += by

    def tick(self) -> None:
        """Time passes."""
        self._arming.tick()

    def cooldown_until(self, machine: str) -> float | None:
        """Until when a machine is left alone after its last cut; None if it had none lately."""
        return self._cooldowns.until(machine)

    def facts(self, feed: FeedKind | None = None) -> Facts:
        """What the guard decides from, now, if `feed` is to be cut."""
        off: dict[str, float | None] = {
            name: None for (name, _), plug in self._plugs.items() if plug.last is FeedState.OFF
        }
        watched: dict[str, float] = {}
        for cut in self.cuts.values():
            if cut.is_on:
                plug = self._plugs[cut.key]
                watched[cut.entry.machine] = plug.late_until
            elif not cut.unread:
                off[cut.entry.machine] = cut.entry.restore_by
        return Facts(
            world=self._tracker.world,
            off=off,
            outages=self._tracker.outages,
            now=self._clock.now(),
            safety=self.safety,
            dark=self.feed_monitor.dark(),
            rested=self._cooldowns.since,
            last_cut=self._last_cut,
            own=self._own_machine(),
            watched=watched,
            unreadable={
                name: plug.remark
                for (name, kind), plug in self._plugs.items()
                if plug.last is FeedState.UNKNOWN and (kind is feed or (name, kind) in self.cuts)
            },
        )

    def _refuse_while_stopping(self, remedy: str) -> None:
        if self._stopping.is_set():
            raise Unavailable("The server is stopping.", remedy=remedy)

    def _find(self, name: str) -> Machine:
        return guard.find_machine(self._lab, name, self._tracker.world.nodes)

    async def _look_before(self, machine: str, feed: FeedKind) -> None:
        """Read the plug in question, and those that somebody else turned off, as they are now."""
        for key, plug in self._plugs.items():
            if key not in self.cuts and (key == (machine, feed) or plug.last is FeedState.OFF):
                await plug.read()

    async def _turn_on(
        self, machines: list[str], why: str, patience: float, *, hurry: bool = False
    ) -> RestoreResult:
        self._refuse_while_stopping("Every feed is turned on before it ends.")
        turning = Restore(
            self._plugs, self.cuts, self._adopt, self._returned, self._pace, self._around.tasks
        )
        return await turning.all_of(machines, why, patience, hurry=hurry)

    # --- keeping the cuts -----------------------------------------------------------------------

    def _begin(self, entry: JournalEntry, node: str) -> Cut:
        key = entry.machine, entry.feed
        cut = self.cuts[key] = Cut(entry, self._plugs[key], self._around, node=node)
        return cut

    def _own(self, cut: Cut, work: Coroutine[None, None, None]) -> None:
        """Carry a cut in a task of its own and forget it when that ends."""
        task = self._around.tasks.create_task(work, name=f"cut {cut.entry.outage}")
        task.add_done_callback(lambda _: self._forget(cut))

    def _forget(self, cut: Cut) -> None:
        if self.cuts.get(cut.key) is cut:  # a journal may hold two of one plug
            del self.cuts[cut.key]
        if cut.touched:
            self._cooldowns.begin(cut.entry.machine)
        self._changed()

    def _undo(self, entry: JournalEntry) -> None:
        """Bring back what a process before this one cut."""
        key = entry.machine, entry.feed
        if key not in self._plugs:
            log.error(
                "The journal says that %s's %s was cut (%s), but the configuration has no such "
                "plug any more. Look whether the machine is on.",
                entry.machine,
                entry.feed,
                entry.outage,
            )
            return
        log.warning("%s: %s was left cut (%s)", entry.machine, entry.feed, entry.outage)
        cut = self._begin(entry, self._find(entry.machine).node_name)
        why = "the process that cut it ended"
        self._plugs[key].expect_late_off()
        self._own(cut, cut.take_over(why, self._restored.get(key)))

    def _adopt(self, plug: VerifiedPlug, why: str) -> Cut:
        """Turn on a plug that is not off because of us, and try until it is."""
        now = self._clock.now()
        entry = JournalEntry(
            outage=f"{self._tracker.name(now, plug.machine)}-{plug.feed}-found-off",
            machine=plug.machine,
            feed=plug.feed,
            asked_by="",
            commanded=now,
            restore_by=now,
        )
        cut = self._begin(entry, self._find(plug.machine).node_name)
        self._own(cut, cut.take_over(why))
        return cut

    def _returned(self, plug: VerifiedPlug) -> None:
        node = self._find(plug.machine).node_name
        self._publish(PlugRestored(plug.machine, node, plug.feed, self._clock.now()))

    def _was_read(self, plug: VerifiedPlug) -> None:
        """A plug that we do not switch was read: what was found off may have to be turned on."""
        key = plug.machine, plug.feed
        first = key in self._not_read_yet and plug.last is not FeedState.UNKNOWN
        if first:
            self._not_read_yet.discard(key)
        if plug.last is not FeedState.OFF:
            return
        if self.safety.halted is not None:
            self._adopt(plug, "HALT is active")
        elif self._clock.now() <= plug.late_until + POLL_INTERVAL:
            self._adopt(plug, "an earlier command to turn it off arrived late")
        elif first and not self._find(plug.machine).may_be_off:
            log.warning(
                "%s: %s was off at the start, and no cut in the journal says why: it is turned on. "
                "If it should stay off, set may_be_off in its [[machine]].",
                plug.machine,
                plug.feed,
            )
            self.found_off.append(key)
            self._adopt(plug, "it was off when the server started, and the journal has no cut")
