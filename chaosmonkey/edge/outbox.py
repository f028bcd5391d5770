"""The requests of an edge's phones, until the table's server has answered them.

    phone ─► kept ─► published, with an id that NATS recognises ─► answered ─► gone
              ▲  └── not confirmed, or not answered in time: again ──┘
              └───── a new connection: everything that has no answer

A press is never sent twice: it may cut a machine. Everything else counts once at the server,
however often it is sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from chaosmonkey.clock import Clock
from chaosmonkey.errors import ChaosMonkeyError, Unavailable
from chaosmonkey.scale import Answers, EdgeRequest

if TYPE_CHECKING:
    from nats.js.client import JetStreamContext

log = logging.getLogger(__name__)

MOST = 20_000
"""Requests that are kept: one of each phone of a large edge."""

AGAIN = 10.0
"""Real seconds after which a published request without an answer is published again."""

KEPT = 300.0
"""Real seconds that a request is kept; NATS keeps it as long."""

PUBLISH_TIMEOUT = 5.0
"""Real seconds within which NATS confirms a request."""


Refusal = dict[str, Any] | ChaosMonkeyError | None
"""The server's refusal, or why it did not answer; None if it did what was requested."""


class NotDelivered(Unavailable):
    """The request did not reach the table's server, or its answer did not come."""

    title = "Not delivered"
    rule = "link"


@dataclass(slots=True, eq=False)
class Entry:
    """A request without an answer.

    Attributes:
        once: whether it must not be sent twice.
        key: what makes it the same request as another: round, seat, what and value.
        answer: gets the answer, or why there is none.
        state: published means that NATS has it.
    """

    request: EdgeRequest
    once: bool
    key: str
    answer: Callable[[dict[str, Any] | None, Refusal], None]
    since: float
    state: Literal["new", "sending", "published"] = "new"
    changed_at: float = 0.0
    attempt: int = 0


class Outbox:
    """Keeps and publishes requests.

    Args:
        edge: this edge's name.
        subject: where requests are published.
    """

    def __init__(self, edge: str, subject: str, pace: Clock) -> None:
        self._edge = edge
        self._subject = subject
        self._pace = pace
        self._entries: dict[int, Entry] = {}
        self._number = int(pace.now() * 1000)  # unlike the numbers before a restart
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._entries)

    def add(
        self,
        request: dict[str, Any],
        *,
        seat: str,
        at: float,
        key: str,
        once: bool,
        answer: Callable[[dict[str, Any] | None, Refusal], None],
    ) -> None:
        """Keep a request until it is answered; raises NotDelivered if too many are kept."""
        if len(self._entries) >= MOST:
            raise NotDelivered(
                "Too many requests wait for the table.", remedy="Try again in a minute."
            )
        self._number += 1
        self._entries[self._number] = Entry(
            EdgeRequest(number=self._number, seat=seat, at=at, request=request),
            once=once,
            key=key,
            answer=answer,
            since=self._pace.now(),
        )
        self._wake.set()

    def take(self, answers: Answers) -> None:
        """Pass answers on; those without an entry were answered before."""
        for answer in answers.answers:
            entry = self._entries.pop(answer.number, None)
            if entry is not None:
                entry.answer(answer.you, answer.refused)

    def connection_lost(self) -> None:
        """Publish everything again on the next connection, but no press."""
        for entry in list(self._entries.values()):
            if entry.once:
                self._drop(entry, "The link to the table broke just now.")
            else:
                entry.state = "new"

    def sweep(self, *, linked: bool) -> None:
        """Drop what is too old; if `linked`, publish again what should have been answered."""
        now = self._pace.now()
        for entry in list(self._entries.values()):
            if now - entry.since > KEPT or (entry.once and now - entry.since > AGAIN):
                self._drop(entry, "The table did not answer.")
            elif linked and entry.state == "published" and now - entry.changed_at > AGAIN:
                entry.state = "new"
        if any(entry.state == "new" for entry in self._entries.values()):
            self._wake.set()

    async def run(self, stream: JetStreamContext) -> None:
        """Publish requests as they come, while the connection lasts."""
        self._wake.set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._wake.wait()
                self._wake.clear()
                for entry in list(self._entries.values()):
                    if entry.state == "new":
                        entry.state = "sending"
                        tasks.create_task(self._publish(stream, entry), name="publish a request")

    async def _publish(self, stream: JetStreamContext, entry: Entry) -> None:
        import nats.errors  # noqa: PLC0415 - an edge has connected by then

        try:
            known = await self._confirmed(stream, entry)
            if known and not entry.once:
                # NATS has it from before, perhaps from another edge: this one needs an answer too.
                entry.attempt += 1
                await self._confirmed(stream, entry)
        except (nats.errors.Error, TimeoutError) as error:
            log.warning("NATS did not confirm a request: %s", str(error) or "no answer in time")
            if entry.once:
                self._drop(entry, "The link to the table broke just now.")
            else:
                entry.state = "new"  # the next sweep or connection sends it
            return
        entry.state, entry.changed_at = "published", self._pace.now()

    async def _confirmed(self, stream: JetStreamContext, entry: Entry) -> bool:
        """Publish an entry; return whether NATS had a request with its id already.

        A press has an id that no other request has: in a free round the next one is another press.
        """
        unique = f" {self._edge} {entry.request.number} {entry.attempt}"
        key = entry.key + (unique if entry.once or entry.attempt else "")
        same = sha256(key.encode()).hexdigest()[:32]
        confirmed = await stream.publish(
            self._subject,
            entry.request.encode(),
            timeout=PUBLISH_TIMEOUT,
            headers={"Nats-Msg-Id": same},
        )
        return bool(confirmed.duplicate)

    def _drop(self, entry: Entry, why: str) -> None:
        if self._entries.pop(entry.request.number, None) is not None:
            remedy = "Look at the machine before you press again." if entry.once else "Try again."
            entry.answer(None, NotDelivered(why, remedy=remedy))
