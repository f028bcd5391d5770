"""The lease: one server at a time is the table's, even if two are started by mistake.

The lease is a value in the bucket. Its holder renews it with every pulse, and each renewal names
the revision that it replaces, so that two servers cannot both succeed. A server that finds
another's lease waits until it was not renewed for a while. The same server, restarted, takes it at
once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaosmonkey.clock import Clock
from chaosmonkey.scale.connection import LinkDown
from chaosmonkey.scale.messages import BadMessage, TableLease
from chaosmonkey.scale.subjects import LEASE

if TYPE_CHECKING:
    from nats.js.kv import KeyValue

EXPIRES = 10.0
"""Real seconds without a renewal after which another server may take the lease."""

POLL = 1.0
"""Real seconds between two looks at another's lease."""


class LeaseLost(LinkDown):
    """Another server has the lease."""


class LeaseHolder:
    """Takes and renews the lease of one server."""

    def __init__(self, lease: TableLease, pace: Clock) -> None:
        self._lease = lease
        self._pace = pace
        self._revision = 0

    async def take(self, bucket: KeyValue) -> None:
        """Take the lease, if it is free, expired or this server's.

        Raises:
            LeaseLost: another server renews it.
        """
        from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError  # noqa: PLC0415

        since, seen = self._pace.now(), 0
        while True:
            try:
                entry = await bucket.get(LEASE)
            except KeyNotFoundError:
                revision, other = 0, None
            else:
                revision, other = entry.revision or 0, _decoded(entry.value)
            free = other is None or other.owner == self._lease.owner
            if revision != seen:
                if seen and not free:
                    assert other is not None
                    raise LeaseLost(f"another server on {other.host} has this table")
                seen = revision
            if free or self._pace.now() - since >= EXPIRES:
                try:
                    self._revision = await bucket.update(LEASE, self._lease.encode(), revision)
                except KeyWrongLastSequenceError:
                    continue
                return
            await self._pace.sleep(POLL)

    async def renew(self, bucket: KeyValue) -> None:
        """Renew the lease; raises LeaseLost if another server took it."""
        from nats.js.errors import KeyWrongLastSequenceError  # noqa: PLC0415

        try:
            self._revision = await bucket.update(LEASE, self._lease.encode(), self._revision)
        except KeyWrongLastSequenceError:
            raise LeaseLost("another server took this table") from None


def _decoded(value: bytes | None) -> TableLease | None:
    try:
        return TableLease.decode(value or b"")
    except BadMessage:
        return None
