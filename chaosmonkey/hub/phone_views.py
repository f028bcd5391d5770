"""What phones are shown: the same bytes for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chaosmonkey.hub.round_views import RoundView
from chaosmonkey.model import FeedKind, Outcome
from chaosmonkey.outage.recovery import Phase


@dataclass(frozen=True, slots=True)
class PlayOutage:
    """What a phone is told of the outage that its round made."""

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
    """The one message of a phone's stream: everything that it shows, each time.

    Attributes:
        speed: how many times faster than real the server's time runs.
        feed: what the next round will cut.
        nicknames: phones may give themselves a name.
        outage: of the round, once it was executed.
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
