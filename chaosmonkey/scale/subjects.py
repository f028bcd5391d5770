"""Names on NATS: one table's subjects, its stream of requests and its bucket.

    chaosmonkey.TABLE.requests.EDGE   edge  ─► stream   what phones request
    chaosmonkey.TABLE.presence.EDGE   edge  ─► server   how many phones and stages it serves
    chaosmonkey.TABLE.refresh         edge  ─► server   please store a new snapshot of the stage
    chaosmonkey.TABLE.answers.EDGE    server ─► edge    answers to the requests
    chaosmonkey.TABLE.pulse           server ─► edges   the table's time, every second
    chaosmonkey.TABLE.deltas          server ─► edges   the stage's changes
    $KV.chaosmonkey_TABLE.KEY         server ─► edges   last values: play, stage, seats, lease

accounts.conf grants an edge what goes to and from edges here, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

PLAY, STAGE, SEATS, LEASE = "play", "stage", "seats", "lease"
"""Keys of the bucket: the phones' message, the stage's snapshot, how seats are verified, and which
server is the table's."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """The names of one table."""

    table: str

    @property
    def bucket(self) -> str:
        """The key-value bucket with the last values."""
        return f"chaosmonkey_{self.table}"

    @property
    def stream(self) -> str:
        """The work-queue stream of requests."""
        return f"chaosmonkey_{self.table}_requests"

    @property
    def pulse(self) -> str:
        """The table's time, every second."""
        return self._subject("pulse")

    @property
    def deltas(self) -> str:
        """The stage's changes."""
        return self._subject("deltas")

    @property
    def refresh(self) -> str:
        """An edge's request for a new snapshot."""
        return self._subject("refresh")

    def requests(self, edge: str) -> str:
        """What the phones of an edge request; "*" for all edges."""
        return self._subject(f"requests.{edge}")

    def answers(self, edge: str) -> str:
        """The answers to the requests of an edge."""
        return self._subject(f"answers.{edge}")

    def presence(self, edge: str) -> str:
        """How many clients an edge serves; "*" for all edges."""
        return self._subject(f"presence.{edge}")

    def value(self, key: str) -> str:
        """A value of the bucket, as it is published."""
        return f"$KV.{self.bucket}.{key}"

    def last_value(self, key: str) -> str:
        """Where the latest value of a key is requested: an edge creates no consumer."""
        return f"$JS.API.DIRECT.GET.KV_{self.bucket}.{self.value(key)}"

    def _subject(self, what: str) -> str:
        return f"chaosmonkey.{self.table}.{what}"
