"""Turn on what an earlier process left off, before anything else starts.

    lock the data folder ─► end programs that the earlier process left running
      ─► open the plugs, which turns GPIO feeds on
      ─► read the journal ─► turn on all plugs that it lists as cut, at once
                      ├────► lost, whole or in part: turn on every plug
                      └────► unreadable: turn on every plug, and refuse cuts from then on
    ─► then the rest of the server is imported, which takes seconds on a small Pi

It imports no web server, no cluster and no tracker. A device that does not answer delays no other;
the monkey retries it, and keeps its journal entry.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

from chaosmonkey.clock import ScaledClock, SystemClock
from chaosmonkey.config import Lab
from chaosmonkey.errors import PlugFailed, StoreFailed
from chaosmonkey.model import FeedKind
from chaosmonkey.plugs import PlugBoard, PlugPrograms, open_plugs
from chaosmonkey.store import (
    Database,
    FolderInUse,
    Journal,
    Witness,
    WrittenByNewer,
    check_filesystem,
    hold_folder,
    open_database,
    open_nowhere,
)
from chaosmonkey.wires import Wires, open_wires

log = logging.getLogger(__name__)

LAST_RESORT = 20.0
"""Real seconds to turn plugs on when the journal cannot be read, before giving up."""


@dataclass(frozen=True, slots=True)
class Rescued:
    """A table whose plugs are on, or are being turned on.

    Attributes:
        wall: real time; `clock` is the same, or faster in a demo.
        restored: plugs that the journal listed as cut, and when they were read back as on.
        unrestored: plugs that could not be turned on; they are retried.
    """

    lab: Lab
    wall: SystemClock
    clock: SystemClock | ScaledClock
    wires: Wires
    plugs: PlugBoard
    database: Database
    journal: Journal
    restored: dict[tuple[str, FeedKind], float] = field(default_factory=dict)
    unrestored: set[tuple[str, FeedKind]] = field(default_factory=set)


@asynccontextmanager
async def rescued(lab: Lab) -> AsyncIterator[Rescued]:
    """Open the table of a lab for this process alone; on the way out every plug is left on.

    Raises:
        FolderInUse: another process uses the data folder.
        WrittenByNewer: a newer version wrote its database; every plug was turned on, as far as
            possible.
    """
    wall = SystemClock()
    clock: SystemClock | ScaledClock = (
        wall if lab.speed == 1 else ScaledClock(lab.speed, start=lab.epoch)
    )
    async with AsyncExitStack() as stack:
        unheld: StoreFailed | None = None
        try:
            stack.enter_context(hold_folder(lab.server.data))
        except FolderInUse:
            raise
        except StoreFailed as error:
            unheld = error
        if doubt := check_filesystem(lab.server.data):
            log.warning("%s %s", doubt.says, doubt.remedy)
        programs = PlugPrograms(lab.server.data)
        if left := programs.end_leftovers():
            log.warning("Ended %d programs that an earlier server left running.", left)
        wires = stack.enter_context(open_wires(lab))
        plugs = await stack.enter_async_context(open_plugs(lab, wires, clock, programs))
        try:
            if unheld is not None:
                raise unheld
            database = await stack.enter_async_context(open_database(lab.server.data, clock))
            journal = Journal(database, Witness(lab.server.data))
            cut = {(entry.machine, entry.feed) for entry in await journal.open_cuts()}
            database.lost = database.lost or await journal.contradiction()
        except WrittenByNewer:
            log.error("The journal cannot be read: turning every plug on.")
            await turn_on(plugs, plugs, LAST_RESORT)
            raise
        except StoreFailed as error:
            log.error("%s Turning every plug on; nothing is cut until the next start.", error)
            database = await stack.enter_async_context(open_nowhere(lab.server.data, error))
            journal = Journal(database)
            cut = set(plugs)
        table = Rescued(lab, wall, clock, wires, plugs, database, journal)
        if database.lost:
            log.warning("The journal was lost (%s): turning every plug on.", database.lost)
            cut = set(plugs)
        turning = asyncio.ensure_future(  # noqa: TID251 - waited for in any case
            _restore_all(table, journal, [key for key in cut if key in plugs])
        )
        try:
            yield table
        finally:
            turning.cancel()
            with suppress(asyncio.CancelledError):
                await turning


async def turn_on(
    plugs: PlugBoard, keys: Iterable[tuple[str, FeedKind]], within: float
) -> list[str]:
    """Turn plugs on, all at once; return those that failed within so many real seconds, and why."""

    async def one(key: tuple[str, FeedKind]) -> str:
        try:
            async with asyncio.timeout(within):
                await plugs[key].switch(on=True)
        except TimeoutError:
            return f"{key[0]}'s {key[1]}: its device does not answer"
        except PlugFailed as error:
            return f"{key[0]}'s {key[1]}: {error.message}"
        return ""

    return [why for why in await asyncio.gather(*map(one, keys)) if why]


async def _restore_all(
    table: Rescued, journal: Journal, keys: Iterable[tuple[str, FeedKind]]
) -> None:
    await asyncio.gather(*(_restore(table, key) for key in keys))
    if table.database.lost and not table.unrestored:  # else the next start tries them all again
        await journal.note_open()


async def _restore(table: Rescued, key: tuple[str, FeedKind]) -> None:
    try:
        table.restored[key] = await table.plugs[key].switch(on=True)
    except PlugFailed as error:
        table.unrestored.add(key)
        log.error("%s: %s is not on yet: %s", *key, error)
