"""The cuts under way: each runs in a task of its own and is forgotten when it ends.

a command ──────────────────────────► begin, start
an entry left by an earlier process ─► undo ──────────────┐
a plug that was found off ──────────► plug_read ─► adopt ─┴► a cut that is restored at once
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Set
from typing import NoReturn

from chaosmonkey.clock import Clock
from chaosmonkey.config import Lab, Machine
from chaosmonkey.control import guard
from chaosmonkey.control.cooldown import Cooldowns
from chaosmonkey.control.cut import Cut
from chaosmonkey.control.cut_context import CutContext
from chaosmonkey.control.plug_polling import POLL_INTERVAL, poll_plugs
from chaosmonkey.control.safety import Safety
from chaosmonkey.model import Event, FeedKind, FeedState, PlugRestored
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.plugs import PlugBoard, VerifiedPlug
from chaosmonkey.store import JournalEntry

log = logging.getLogger(__name__)


class Cuts:
    """Every cut under way, by machine and feed.

    Args:
        restored: when plugs with an open journal entry were read back as on, before this.
        safety: says whether HALT is active.

    Attributes:
        context: what all cuts share; set by the monkey when it runs.
        found_off: the plugs that were off at startup without a journal entry.
    """

    context: CutContext

    def __init__(
        self,
        lab: Lab,
        *,
        plugs: PlugBoard,
        tracker: Tracker,
        cooldowns: Cooldowns,
        restored: Mapping[tuple[str, FeedKind], float],
        safety: Callable[[], Safety],
        publish: Callable[[Event], None],
        changed: Callable[[], None],
        clock: Clock,
    ) -> None:
        self.under_way: dict[tuple[str, FeedKind], Cut] = {}
        self.found_off: list[tuple[str, FeedKind]] = []
        self._lab = lab
        self._plugs = plugs
        self._tracker = tracker
        self._cooldowns = cooldowns
        self._restored = restored
        self._safety = safety
        self._publish = publish
        self._changed = changed
        self._clock = clock
        self._not_read_yet = set(plugs)

    def find(self, name: str) -> Machine:
        """The machine of that name; raises UnknownMachine."""
        return guard.find_machine(self._lab, name, self._tracker.world.nodes)

    def end_leftovers(
        self, entries: Iterable[JournalEntry], unrestored: Set[tuple[str, FeedKind]]
    ) -> None:
        """Restore what an earlier process left cut: open entries, and plugs that stay off."""
        for entry in entries:
            self.undo(entry)
        for key in unrestored - self.under_way.keys():
            self.adopt(self._plugs[key], "it could not be turned on at startup")
        for (machine, _), plug in self._plugs.items():
            if (since := self._cooldowns.since.get(machine)) is not None:
                plug.expect_late_off(since)

    async def poll_plugs(self) -> NoReturn:
        """Poll every plug that is not being cut or restored, until cancelled."""
        await poll_plugs(
            self._plugs,
            cut=self.under_way.keys(),
            read=self.plug_read,
            changed=self._changed,
            clock=self._clock,
        )

    async def read_before(self, machine: str, feed: FeedKind) -> None:
        """Read the plug that is to be cut, and those that someone else turned off."""
        for key, plug in self._plugs.items():
            if key not in self.under_way and (key == (machine, feed) or plug.last is FeedState.OFF):
                await plug.read()

    def begin(self, entry: JournalEntry, node: str) -> Cut:
        """Make the cut of an entry, without starting it."""
        key = entry.machine, entry.feed
        cut = self.under_way[key] = Cut(entry, self._plugs[key], self.context, node=node)
        return cut

    def start(self, cut: Cut, work: Coroutine[None, None, None]) -> None:
        """Run the work of a cut in a task of its own and forget the cut when it ends."""
        task = self.context.tasks.create_task(work, name=f"cut {cut.entry.outage}")
        task.add_done_callback(lambda _: self._forget(cut))

    def _forget(self, cut: Cut) -> None:
        if self.under_way.get(cut.key) is cut:  # a journal may hold two of one plug
            del self.under_way[cut.key]
        if cut.touched:
            self._cooldowns.begin(cut.entry.machine)
        self._changed()

    def undo(self, entry: JournalEntry) -> None:
        """Restore what an earlier process cut."""
        key = entry.machine, entry.feed
        if key not in self._plugs:
            log.error(
                "The journal says that %s's %s was cut (%s), but the configuration no longer has "
                "that plug. Check that the machine is on.",
                entry.machine,
                entry.feed,
                entry.outage,
            )
            return
        log.warning("%s: %s was left cut (%s)", entry.machine, entry.feed, entry.outage)
        cut = self.begin(entry, self.find(entry.machine).node_name)
        why = "the process that cut it ended"
        self._plugs[key].expect_late_off()
        recorded = self._tracker.is_known(entry.outage)
        self.start(cut, cut.restore_now(why, self._restored.get(key), recorded=recorded))

    def adopt(self, plug: VerifiedPlug, why: str) -> Cut:
        """Turn on a plug that we did not turn off, retrying until it is on."""
        now = self._clock.now()
        entry = JournalEntry(
            outage=f"{self._tracker.name(now, plug.machine)}-{plug.feed}-found-off",
            machine=plug.machine,
            feed=plug.feed,
            requested_by="",
            commanded=now,
            restore_by=now,
        )
        cut = self.begin(entry, self.find(plug.machine).node_name)
        self.start(cut, cut.restore_now(why))
        return cut

    def publish_restored(self, plug: VerifiedPlug) -> None:
        """Publish that a plug which no cut of ours held off was turned on."""
        node = self.find(plug.machine).node_name
        self._publish(PlugRestored(plug.machine, node, plug.feed, self._clock.now()))

    def plug_read(self, plug: VerifiedPlug) -> None:
        """Turn on a plug that a poll found off, if it should be on."""
        key = plug.machine, plug.feed
        first = key in self._not_read_yet and plug.last is not FeedState.UNKNOWN
        if first:
            self._not_read_yet.discard(key)
        if plug.last is not FeedState.OFF:
            return
        if self._safety().halted is not None:
            self.adopt(plug, "HALT is active")
        elif self._clock.now() <= plug.late_until + POLL_INTERVAL:
            self.adopt(plug, "an earlier command to turn it off arrived late")
        elif first and not self.find(plug.machine).may_be_off:
            log.warning(
                "%s: %s was off at startup, and the journal has no cut of it. Turning it on. "
                "If it should stay off, set may_be_off in its [[machine]].",
                plug.machine,
                plug.feed,
            )
            self.found_off.append(key)
            self.adopt(plug, "it was off when the server started, and the journal has no cut")
