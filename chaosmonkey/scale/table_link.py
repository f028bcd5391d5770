"""The server's side of the link: it publishes the table, and answers what edges' phones request.

    phones' message, stage ─► last values, deltas ─► edges
    edges ─► stream of requests ─► the room ─► on the disk ─► answers ─► edges
                                                          └─► acknowledged, so gone from the stream

Nothing waits for the link: plugs, HALT, the panel and the pages here work without it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from typing import TYPE_CHECKING, Any

from chaosmonkey.clock import Clock
from chaosmonkey.config import ScaleSettings
from chaosmonkey.hub import Hub, TooSlow
from chaosmonkey.scale.answering import Answering, edge_of
from chaosmonkey.scale.connection import (
    RETRY,
    ConnectionTasks,
    LinkDown,
    with_connection,
)
from chaosmonkey.scale.edges import Edges
from chaosmonkey.scale.lease import LeaseHolder
from chaosmonkey.scale.messages import (
    Answer,
    BadMessage,
    EdgeReport,
    EdgeRequest,
    Pulse,
    SeatRules,
    TableLease,
    packed,
    stored,
)
from chaosmonkey.scale.streams import consume, create_streams
from chaosmonkey.scale.subjects import PLAY, SEATS, STAGE, Subjects
from chaosmonkey.scale.table import LinkedRequest, Table

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js.client import JetStreamContext
    from nats.js.kv import KeyValue

log = logging.getLogger(__name__)

PULSE_EVERY = 1.0
"""Real seconds between two pulses."""

SNAPSHOT_EVERY = 10.0
"""Real seconds between two snapshots of the stage without an edge's request. A new edge asks for
one; the stored one is for edges that start while the server is away."""


class TableLink:
    """Keeps the link, as long as its task runs; `notify` wakes it when the phones' message changed.

    Args:
        owner: names this server across restarts.
        instance: names this run of the server.
    """

    def __init__(
        self,
        settings: ScaleSettings,
        table: Table,
        *,
        hub: Hub,
        edges: Edges,
        owner: str,
        instance: str,
        clock: Clock,
        pace: Clock,
        speed: float,
    ) -> None:
        self._settings = settings
        self._table = table
        self._hub = hub
        self._edges = edges
        self._instance = instance
        self._clock = clock
        self._pace = pace
        self._speed = speed
        self._subjects = Subjects(settings.table)
        self._lease = LeaseHolder(
            TableLease(owner=owner, instance=instance, host=socket.gethostname()), pace
        )
        self._changed = asyncio.Event()
        self._refresh = asyncio.Event()

    def notify(self) -> None:
        """Publish the phones' message soon: it has changed."""
        self._changed.set()

    async def run(self) -> None:
        """Connect, and again whenever the link is lost, for ever."""
        while True:
            try:
                await with_connection(self._settings, "chaosmonkey server", self._work)
            except LinkDown as down:
                if str(down) != self._edges.view.why:
                    log.warning("No link to the edges: %s. Retrying.", down)
                self._edges.link_down(str(down))
            except Exception:
                log.exception("The link to the edges failed. Retrying.")
                self._edges.link_down("it failed; the log says why")
            await self._pace.sleep(RETRY * random.uniform(0.5, 1.5))  # noqa: S311 - no secret

    async def _work(self, client: Client, tasks: ConnectionTasks) -> None:
        stream = client.jetstream(timeout=5)
        bucket = await create_streams(stream, self._subjects)
        await self._lease.take(bucket)
        answering = Answering(client, self._subjects, self._instance)
        await self._subscribe(client, stream, answering)
        self._changed.set()
        tasks.start(self._pulse(client, bucket), name="pulse")
        tasks.start(self._publish_play(bucket), name="phones' message")
        tasks.start(self._publish_deltas(client), name="stage's deltas")
        tasks.start(self._publish_stage(bucket), name="stage's snapshot")
        tasks.start(answering.run(), name="answers")
        self._edges.link_up()
        log.info("Linked to the edges over NATS.")

    async def _subscribe(
        self, client: Client, stream: JetStreamContext, answering: Answering
    ) -> None:
        async def on_presence(message: Msg) -> None:
            try:
                self._edges.report(edge_of(message), EdgeReport.decode(message.data))
            except BadMessage as error:
                log.warning("%s: %s", message.subject, error)

        async def on_refresh(_: Msg) -> None:
            self._refresh.set()

        async def on_request(message: Msg) -> None:
            self._take(message, answering)

        await client.subscribe(self._subjects.presence("*"), cb=on_presence)
        await client.subscribe(self._subjects.refresh, cb=on_refresh)
        await consume(stream, self._subjects, on_request)

    def _take(self, message: Msg, answering: Answering) -> None:
        """Carry out a request, unless it is still being carried out."""
        try:
            request = EdgeRequest.decode(message.data)
        except BadMessage as error:
            log.warning("%s: %s", message.subject, error)
            answering.add(message, None)
            return
        if not answering.begin(message):
            return
        edge = edge_of(message)

        def answer(you: dict[str, Any] | None, refused: dict[str, Any] | None) -> None:
            answering.add(message, Answer(number=request.number, you=you, refused=refused))

        self._table.carry_out(
            LinkedRequest(
                edge=edge,
                seat=request.seat,
                body=request.request,
                at=request.at,
                answer=answer,
            )
        )

    async def _pulse(self, client: Client, bucket: KeyValue) -> None:
        """Renew the lease, and publish the table's time and how seats are verified."""
        rules: SeatRules | None = None
        while True:
            await self._lease.renew(bucket)
            if rules != (rules := self._table.seat_rules()):
                await bucket.put(SEATS, rules.encode())
            pulse = Pulse(instance=self._instance, at=self._clock.now(), speed=self._speed)
            await client.publish(self._subjects.pulse, pulse.encode())
            self._edges.sweep()
            await self._pace.sleep(PULSE_EVERY)

    async def _publish_play(self, bucket: KeyValue) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            play = self._table.play()
            if play is not None:
                await bucket.put(PLAY, stored(self._instance, play))

    async def _publish_deltas(self, client: Client) -> None:
        """Publish every change for the stages; a link that is too slow starts again."""
        watching = self._hub.subscribe()
        try:
            while True:
                message, delta = await watching.next()
                if delta is not None:
                    await client.publish(self._subjects.deltas, stored(self._instance, message))
        except TooSlow:
            raise LinkDown("NATS takes the stage's changes too slowly") from None
        finally:
            watching.end()

    async def _publish_stage(self, bucket: KeyValue) -> None:
        """Store the stage's snapshot at the start, on request, and sometimes after a change."""
        last = -1
        while True:
            if self._refresh.is_set() or self._hub.seq != last:
                self._refresh.clear()
                last = self._hub.seq
                snapshot = self._hub.snapshot(full=False)
                await bucket.put(STAGE, packed(stored(self._instance, snapshot)))
                await self._pace.sleep(PULSE_EVERY)
            try:
                async with asyncio.timeout(SNAPSHOT_EVERY):
                    await self._refresh.wait()
            except TimeoutError:
                continue
