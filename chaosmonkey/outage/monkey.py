"""Who may cut what, and what is cut now: the commands cut, restore and HALT.

    request ─► guard ─► Cut (its own task) ─► answered when the plug was read back as off

When `run` ends, for whatever reason, every plug is on, or its entry is in the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine

from chaosmonkey.clock import Clock
from chaosmonkey.config import Lab
from chaosmonkey.errors import PlugFailed, Unavailable
from chaosmonkey.model import Event, Feed, FeedKind, PlugRestored
from chaosmonkey.outage import guard
from chaosmonkey.outage.cut import Cut, Surroundings
from chaosmonkey.outage.tracker import Tracker, outage_id
from chaosmonkey.plugs import PlugBoard, VerifiedPlug
from chaosmonkey.store import Entry, Journal

log = logging.getLogger(__name__)

PATIENCE = 25.0
"""Seconds that a caller of restore or HALT waits for an answer; the plug is tried on after that."""

LOOK_EVERY = 15.0
"""Seconds between two looks at plugs that nobody is switching."""


class Monkey:
    """Cuts and restores machines while `run` runs.

    Attributes:
        cuts: the cuts under way, by machine and feed.
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
    ) -> None:
        self.cuts: dict[tuple[str, FeedKind], Cut] = {}
        self._lab = lab
        self._plugs = plugs
        self._journal = journal
        self._tracker = tracker
        self._publish = publish
        self._changed = changed
        self._clock = clock
        self._stopping = asyncio.Event()
        self._around: Surroundings

    async def run(self, started: Callable[[], None]) -> None:
        """Undo what the journal still holds, then carry out cuts until cancelled.

        Raises:
            StoreFailed: the journal cannot be read.
        """
        async with asyncio.TaskGroup() as tasks:
            self._around = Surroundings(
                journal=self._journal,
                clock=self._clock,
                publish=self._publish,
                changed=self._changed,
                stopping=self._stopping,
                tasks=tasks,
            )
            try:
                for entry in await self._journal.open_cuts():
                    self._undo(entry)
                tasks.create_task(self._look_at_plugs(), name="look at plugs")
                started()
                await asyncio.Event().wait()
            finally:
                self._stopping.set()

    # --- commands -------------------------------------------------------------------------------

    async def cut(self, request: guard.CutRequest) -> Cut:
        """Cut a machine's feed; return when the plug was read back as off.

        Raises:
            BadInput, CutRefused, ClusterUnavailable: the guard said no; nothing was done.
            StoreFailed: the journal could not be written; nothing was done.
            PlugFailed: the plug did not turn off; it is being turned on again.
        """
        commanded = self._clock.now()
        if self._stopping.is_set():
            raise Unavailable("The server is stopping.", remedy="Try again when it is back.")
        await self._look_before(guard.find_machine(self._lab, request.machine).name, request.feed)
        machine = guard.check(request, self._lab, self.facts())
        entry = Entry(
            outage=outage_id(commanded, machine.name),
            machine=machine.name,
            feed=request.feed,
            asked_by=request.by,
            commanded=commanded,
            restore_by=commanded + request.seconds,
        )
        cut = self._begin(entry, machine.node_name)
        self._own(cut, cut.carry_out())
        await asyncio.shield(cut.begun)
        return cut

    async def restore(self, name: str) -> list[str]:
        """Turn every feed of a machine on; return those that were off, such as "node3 power".

        Raises:
            UnknownMachine: nobody has that name.
            PlugFailed: a plug does not turn on; it is tried again in the background.
        """
        return await self._turn_on([guard.find_machine(self._lab, name).name])

    async def halt(self) -> list[str]:
        """Turn every feed of every machine on; as `restore`."""
        return await self._turn_on([machine.name for machine in self._lab.machine])

    def facts(self) -> guard.Facts:
        """What the guard decides from, now."""
        off: dict[str, float | None] = {
            name: None for (name, _), plug in self._plugs.items() if plug.last is Feed.OFF
        }
        off |= {cut.entry.machine: cut.entry.restore_by for cut in self.cuts.values()}
        return guard.Facts(self._tracker.world, off, self._tracker.outages, self._clock.now())

    async def _look_before(self, machine: str, feed: FeedKind) -> None:
        """Read the plug in question, and those that somebody else turned off, as they are now."""
        for key, plug in self._plugs.items():
            if key not in self.cuts and (key == (machine, feed) or plug.last is Feed.OFF):
                await plug.read()

    # --- keeping the cuts -----------------------------------------------------------------------

    def _begin(self, entry: Entry, node: str) -> Cut:
        key = entry.machine, entry.feed
        cut = self.cuts[key] = Cut(entry, self._plugs[key], self._around, node=node)
        return cut

    def _own(self, cut: Cut, work: Coroutine[None, None, None]) -> None:
        """Carry a cut in a task of its own and forget it when that ends."""
        task = self._around.tasks.create_task(work, name=f"cut {cut.entry.outage}")
        task.add_done_callback(lambda _: self._forget(cut))

    def _forget(self, cut: Cut) -> None:
        del self.cuts[cut.key]
        self._changed()

    def _undo(self, entry: Entry) -> None:
        """Bring back what a process before this one cut."""
        if (entry.machine, entry.feed) not in self._plugs:
            log.error(
                "The journal says that %s's %s was cut (%s), but the configuration has no such "
                "plug any more. Look whether the machine is on.",
                entry.machine,
                entry.feed,
                entry.outage,
            )
            return
        log.warning("%s: %s was left cut (%s)", entry.machine, entry.feed, entry.outage)
        cut = self._begin(entry, guard.find_machine(self._lab, entry.machine).node_name)
        self._own(cut, cut.bring_back())

    # --- turning on -----------------------------------------------------------------------------

    async def _turn_on(self, machines: Collection[str]) -> list[str]:
        ours = [cut for cut in self.cuts.values() if cut.entry.machine in machines]
        for cut in ours:
            cut.end()
        others = [
            plug
            for key, plug in self._plugs.items()
            if plug.machine in machines and key not in self.cuts
        ]
        was_off = [cut.key for cut in ours]
        was_off += [(plug.machine, plug.feed) for plug in others if plug.last is Feed.OFF]
        answers = await asyncio.gather(
            *(self._ended(cut) for cut in ours),
            *(self._turn_on_foreign(plug) for plug in others),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [f"{machine} {feed}" for machine, feed in was_off]

    async def _ended(self, cut: Cut) -> None:
        await asyncio.wait({cut.ended}, timeout=PATIENCE)
        if not cut.ended.done():
            raise PlugFailed(
                f"{cut.entry.machine}'s {cut.entry.feed} is {cut.stage}: {cut.trouble}",
                remedy="It is tried again and again. Look at the device, or bypass it by hand.",
            )

    async def _turn_on_foreign(self, plug: VerifiedPlug) -> None:
        """Turn on a plug that is not off because of us, if it is off at all."""
        was = plug.last
        at = await plug.switch(on=True)
        if was is Feed.OFF:
            node = guard.find_machine(self._lab, plug.machine).node_name
            self._publish(PlugRestored(plug.machine, node, plug.feed, at))

    async def _look_at_plugs(self) -> None:
        """Read plugs that nobody is switching: somebody else may have."""
        while True:
            for key, plug in self._plugs.items():
                if key in self.cuts:
                    continue
                before = plug.last
                try:
                    await plug.read()
                except PlugFailed as error:
                    log.warning("%s: %s cannot be read: %s", plug.machine, plug.feed, error)
                if plug.last is not before:
                    self._changed()
            await self._clock.sleep(LOOK_EVERY)
