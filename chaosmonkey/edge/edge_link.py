"""An edge's side of the link: it follows the table, and sends what phones request.

A new connection reads the last values again and sends what was not answered; meanwhile the edge
serves what it knows.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from chaosmonkey.clock import Clock
from chaosmonkey.config import EdgeSettings
from chaosmonkey.edge.outbox import Outbox
from chaosmonkey.edge.table_copy import TableCopy
from chaosmonkey.hub import Presence
from chaosmonkey.scale import (
    LEASE,
    PLAY,
    PRESENCE_EVERY,
    RETRY,
    SEATS,
    STAGE,
    Answers,
    BadMessage,
    ConnectionTasks,
    EdgeReport,
    LinkDown,
    LinkMessage,
    Pulse,
    SeatRules,
    Stored,
    Subjects,
    TableLease,
    unpacked,
    with_connection,
)

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

log = logging.getLogger(__name__)

ANSWER_TIME = 5.0
"""Real seconds within which NATS answers a request for a value."""

REFRESH_EVERY = 1.0
"""Real seconds between two requests for a snapshot of the stage."""

_Message = TypeVar("_Message", bound=LinkMessage)


class EdgeLink:
    """Keeps the link, as long as its task runs.

    Attributes:
        why: why there is no connection to NATS; "" if there is one.
    """

    def __init__(
        self,
        settings: EdgeSettings,
        table: TableCopy,
        outbox: Outbox,
        *,
        counts: Presence,
        pace: Clock,
        refresh: asyncio.Event,
    ) -> None:
        self.why = "it has not connected yet"
        self._settings = settings
        self._subjects = Subjects(settings.nats.table)
        self._table = table
        self._outbox = outbox
        self._counts = counts
        self._pace = pace
        self._refresh = refresh

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost, for ever."""
        name = f"chaosmonkey edge {self._settings.name}"
        while True:
            try:
                await with_connection(self._settings.nats, name, self._work)
            except LinkDown as down:
                if str(down) != self.why:
                    log.warning("No connection to NATS: %s. Retrying.", down)
                self.why = str(down)
            except Exception:
                log.exception("The link to the table failed. Retrying.")
                self.why = "it failed; the log says why"
            self._outbox.connection_lost()
            await self._pace.sleep(RETRY * random.uniform(0.2, 1.2))  # noqa: S311 - no secret

    async def _work(self, client: Client, tasks: ConnectionTasks) -> None:
        subjects, edge = self._subjects, self._settings.name
        table = self._table
        values: dict[str, Callable[[bytes], None]] = {
            LEASE: _decoding(TableLease, table.follow),
            SEATS: _decoding(SeatRules, table.learn_seats),
            PLAY: _decoding(Stored, table.show_play),
            STAGE: _decoding(Stored, table.show_stage, unpacked),
        }
        latest = {key: LatestValue(take) for key, take in values.items()}
        for key, value in latest.items():
            await client.subscribe(subjects.value(key), cb=_callback(value.update))
        for subject, take in (
            (subjects.pulse, _decoding(Pulse, table.pulse)),
            (subjects.deltas, _decoding(Stored, table.apply)),
            (subjects.answers(edge), _decoding(Answers, self._outbox.take)),
        ):
            await client.subscribe(subject, cb=_callback(take))
        for key, value in latest.items():
            last = await client.request(subjects.last_value(key), timeout=ANSWER_TIME)
            exists = not last.headers or "Status" not in last.headers  # a status: 404
            value.begin(last.data if exists else None)
        self.why = ""
        log.info("Connected to NATS.")
        tasks.start(self._outbox.run(client.jetstream()), name="requests")
        tasks.start(self._report(client), name="presence")
        tasks.start(self._ask_for_snapshots(client), name="snapshots")

    async def _report(self, client: Client) -> None:
        """Report whom this edge serves."""
        subject = self._subjects.presence(self._settings.name)
        while True:
            report = EdgeReport(
                phones=self._counts.count("phone"), stages=self._counts.count("stage")
            )
            await client.publish(subject, report.encode())
            await self._pace.sleep(PRESENCE_EVERY)

    async def _ask_for_snapshots(self, client: Client) -> None:
        """Request a snapshot of the stage when one is needed; the server coalesces requests."""
        while True:
            await self._refresh.wait()
            self._refresh.clear()
            await client.publish(self._subjects.refresh)
            await self._pace.sleep(REFRESH_EVERY)


class LatestValue:
    """Passes on a stored value and its updates, never an older one after a newer one.

    The answer to the request for the stored value may be read after an update that overtook it.
    """

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._update: bytes | None = None
        self._begun = False

    def update(self, value: bytes) -> None:
        """Take an update; it is kept until the stored value is known."""
        if self._begun:
            self._take(value)
        else:
            self._update = value

    def begin(self, stored: bytes | None) -> None:
        """Take the stored value, or an update that came meanwhile, and every later one."""
        self._begun = True
        first = stored if self._update is None else self._update
        if first is not None:
            self._take(first)


def _decoding(
    kind: type[_Message],
    take: Callable[[_Message], None],
    before: Callable[[bytes], bytes] = lambda data: data,
) -> Callable[[bytes], None]:
    """Return a function that decodes a message and passes it on, or logs and drops it."""

    def decode(data: bytes) -> None:
        try:
            take(kind.decode(before(data)))
        except (BadMessage, KeyError, TypeError, AttributeError) as error:
            log.warning("A message on NATS cannot be used: %s: %s", kind.__name__, error)

    return decode


def _callback(take: Callable[[bytes], None]) -> Callable[[Msg], Awaitable[None]]:
    async def receive(message: Msg) -> None:
        take(message.data)

    return receive
