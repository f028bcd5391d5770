"""The link between a server and its edges, over NATS; docs/scale-out.md has its guarantees."""

from chaosmonkey.scale.connection import (
    RETRY,
    ConnectionTasks,
    LinkDown,
    with_connection,
)
from chaosmonkey.scale.edges import PRESENCE_EVERY, Edges
from chaosmonkey.scale.messages import (
    Answers,
    BadMessage,
    EdgeReport,
    EdgeRequest,
    LinkMessage,
    Pulse,
    SeatRules,
    Stored,
    TableLease,
    unpacked,
)
from chaosmonkey.scale.subjects import LEASE, PLAY, SEATS, STAGE, Subjects
from chaosmonkey.scale.table import LinkedRequest, Table
from chaosmonkey.scale.table_link import TableLink

__all__ = [
    "LEASE",
    "PLAY",
    "PRESENCE_EVERY",
    "RETRY",
    "SEATS",
    "STAGE",
    "Answers",
    "BadMessage",
    "ConnectionTasks",
    "EdgeReport",
    "EdgeRequest",
    "Edges",
    "LinkDown",
    "LinkMessage",
    "LinkedRequest",
    "Pulse",
    "SeatRules",
    "Stored",
    "Subjects",
    "Table",
    "TableLease",
    "TableLink",
    "unpacked",
    "with_connection",
]
