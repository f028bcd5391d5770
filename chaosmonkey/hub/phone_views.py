"""Views for phones; all phones get the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chaosmonkey.hub.round_views import RoundView
from chaosmonkey.model import FeedKind, Outcome
from chaosmonkey.outage.recovery import Phase


@dataclass(frozen=True, slots=True)
class PlayOutage:
    """The outage that a phone's round caused."""

    machine: str
    feed: FeedKind | None
    phase: Phase | None
    recovery_seconds: float | None
    recovery_at_least: float | None
    outcome: Outcome | None
    text: str
    rank: int | None
    runs: int


@dataclass(frozen=True, slots=True)
class Play:
    """The only message of the phones' stream; each contains everything that a phone shows.

    Attributes:
        speed: how many times faster than real time the server's clock runs.
        feed: the feed that the next round will cut.
        nicknames: whether phones may choose a nickname.
        outage: the outage that the round caused, once it was executed.
        table_lost_at: when this edge lost its link to the table; null while it has one, and on
            the table's server.
    """

    type: Literal["play"]
    seq: int
    at: float
    speed: float
    title: str
    round: RoundView | None
    feed: FeedKind
    nicknames: bool
    phones: int
    outage: PlayOutage | None
    table_lost_at: float | None
