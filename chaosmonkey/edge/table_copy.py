"""The table as an edge knows it: phones' message, stage, and how seats are verified.

lease ─► which instance counts       pulse ─► time, and whether the link works
play ─► the phones' stream           snapshot, deltas ─► this edge's hub ─► its stages
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from chaosmonkey.audience import Seats
from chaosmonkey.edge.table_time import TableTime
from chaosmonkey.hub import Hub, PhoneStream
from chaosmonkey.scale import Pulse, SeatRules, Stored, TableLease

log = logging.getLogger(__name__)

AHEAD = 256
"""Deltas that are kept while the snapshot before them is on its way."""


class TableCopy:
    """What an edge knows of the table.

    Args:
        time: the table's time.
        refresh: requests a new snapshot of the stage; called often.

    Attributes:
        rules: how seats are verified; None until it is known.
        seats: issues and verifies seats by these rules.
        lost_at: when the link to the table was lost, in the table's time; None while it works.
    """

    def __init__(
        self, time: TableTime, phones: PhoneStream, hub: Hub, refresh: Callable[[], None]
    ) -> None:
        self.rules: SeatRules | None = None
        self.seats: Seats | None = None
        self.lost_at: float | None = None
        self.time = time
        self._phones = phones
        self._hub = hub
        self._refresh = refresh
        self._instance: str | None = None
        self._play: dict[str, Any] | None = None
        self._stage_of: str | None = None
        self._stage_seq = 0
        self._ahead: dict[int, dict[str, Any]] = {}

    @property
    def has_play(self) -> bool:
        """Whether phones have something to show."""
        return self._play is not None

    def follow(self, lease: TableLease) -> None:
        """Follow the instance that holds the lease."""
        if lease.instance != self._instance:
            log.info("The table's server is %s.", lease.host)
            self._instance = lease.instance
            self._ahead.clear()
            self._refresh()

    def pulse(self, pulse: Pulse) -> None:
        """Set the clock; the link works."""
        if pulse.instance == self._instance:
            self.time.follow(pulse)
            if self.lost_at is not None:
                log.info("The link to the table is up again.")
                self._set_lost(None)

    def tick(self) -> None:
        """Notice that the link is down; call it every second or so."""
        if self.lost_at is None and self.time.is_lost:
            log.warning("The link to the table is down.")
            self._set_lost(self.time.now())

    def learn_seats(self, rules: SeatRules) -> None:
        """Verify seats by these rules from now on."""
        if self.rules is None or (rules.key, rules.salt) != (self.rules.key, self.rules.salt):
            self.seats = Seats(bytes.fromhex(rules.key), bytes.fromhex(rules.salt))
        self.rules = rules

    def show_play(self, play: Stored) -> None:
        """Show phones a new message."""
        if play.instance == self._instance:
            self._play = play.value
            self._send_play()

    def show_stage(self, snapshot: Stored) -> None:
        """Replace the stage by a snapshot, unless the deltas have led further."""
        seq = snapshot.value["seq"]
        same = snapshot.instance == self._stage_of
        if snapshot.instance != self._instance or (same and seq <= self._stage_seq):
            return
        for section, views in snapshot.value["state"].items():
            for key in self._hub.shown(section).keys() - views.keys():
                self._hub.put(section, key, None)
            for key, view in views.items():
                self._put(section, key, view)
        self._stage_of, self._stage_seq = snapshot.instance, seq
        self._ahead = {at: delta for at, delta in self._ahead.items() if at > seq}
        self._apply_ahead()

    def apply(self, delta: Stored) -> None:
        """Apply a delta, or keep it until the snapshot before it is here."""
        if delta.instance != self._instance:
            return
        if self._stage_of != self._instance:
            self._stage_seq = -1
        if len(self._ahead) < AHEAD:
            self._ahead[delta.value["seq"]] = delta.value
        self._apply_ahead()

    def _apply_ahead(self) -> None:
        if self._stage_of != self._instance:
            self._refresh()
            return
        while (delta := self._ahead.pop(self._stage_seq + 1, None)) is not None:
            self._stage_seq = delta["seq"]
            for section, views in delta["set"].items():
                for key, view in views.items():
                    self._put(section, key, view)
            for section, keys in delta["gone"].items():
                for key in keys:
                    self._hub.put(section, key, None)
        self._ahead = {seq: delta for seq, delta in self._ahead.items() if seq > self._stage_seq}
        if self._ahead:
            self._refresh()

    def _put(self, section: str, key: str, view: Any) -> None:
        match section:
            case "show":  # the hall's Wi-Fi is of no use to those who are not there
                view = {**view, "table_lost_at": self.lost_at, "wifi": ""}
            case "cluster":  # no plug of a demo can be pulled from here
                view = {**view, "demo": False}
            case _:
                pass
        self._hub.put(section, key, view)

    def _set_lost(self, at: float | None) -> None:
        self.lost_at = at
        self._send_play()
        for key, view in self._hub.shown("show").items():
            self._put("show", key, view)

    def _send_play(self) -> None:
        if self._play is not None:
            self._phones.show({**self._play, "table_lost_at": self.lost_at})
