"""The audit log: a row for every command, accepted or refused, with its caller.

Rows are written in the background, so that a slow or full disk delays no command, above all not
HALT. Rows wait in memory up to a limit; beyond it, the number of lost rows is written instead.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import astuple, dataclass

from chaosmonkey.clock import Clock
from chaosmonkey.errors import StoreFailed
from chaosmonkey.store.database import Database
from chaosmonkey.store.writer import Writer

log = logging.getLogger(__name__)

WAITING = 10_000
"""Most rows that wait for the disk."""

KEPT = 100_000
"""Rows that are kept; a start deletes the oldest."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One command.

    Attributes:
        at: when it was answered.
        who: name of the token or the seat, or else the address.
        role: viewer, audience, script, presenter or panel.
        command: method and path, without the query: "POST /kill/node3"; or "BUTTON /kill/node3".
        rule: the rule that refused it, "" if it was accepted.
        why: the message of the refusal, if refused.
    """

    at: float
    who: str
    role: str
    address: str
    command: str
    accepted: bool
    rule: str = ""
    why: str = ""


class Audit(Writer):
    """Collects entries; `run` writes them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(clock, gather=0.0)
        self._database = database
        self._waiting: deque[AuditEntry] = deque()
        self._lost = 0

    def note(self, entry: AuditEntry) -> None:
        """Queue an entry for writing. Never waits."""
        if len(self._waiting) >= WAITING:
            self._lost += 1
            return
        self._waiting.append(entry)
        self._something.set()

    async def run(self) -> None:
        """Delete the oldest rows, then write until cancelled."""
        await self._forget_the_oldest()
        await super().run()

    async def latest(self, limit: int) -> list[AuditEntry]:
        """The newest entries first, including those not on the disk yet."""
        await self.write()
        waiting = list(self._waiting)[::-1][:limit]
        rows = await self._database.read(
            "SELECT at, who, role, address, command, accepted, rule, why FROM audit "
            "ORDER BY id DESC LIMIT ?",
            (limit - len(waiting),),
        )
        return waiting + [
            AuditEntry(at, who, role, address, command, bool(accepted), rule, why)
            for at, who, role, address, command, accepted, rule, why in rows
        ]

    async def _write_all(self) -> None:
        while self._waiting:
            await self._insert(self._waiting[0])
            self._waiting.popleft()
        if self._lost:
            lost, self._lost = self._lost, 0
            why = f"{lost} commands are missing here: the disk took too long"
            await self._insert(
                AuditEntry(self._clock.now(), "this server", "", "", "audit", False, "lost", why)
            )

    def _what(self) -> str:
        return f"The audit log ({len(self._waiting)} commands)"

    async def _insert(self, entry: AuditEntry) -> None:
        await self._database.write(
            "INSERT INTO audit (at, who, role, address, command, accepted, rule, why) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            astuple(entry),
        )

    async def _forget_the_oldest(self) -> None:
        try:
            await self._database.write(
                "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?", (KEPT,)
            )
        except StoreFailed as error:
            log.error("%s", error)
