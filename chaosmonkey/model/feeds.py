"""Feeds: what a plug supplies to a machine, and its state."""

from __future__ import annotations

from enum import StrEnum


class FeedKind(StrEnum):
    """What a plug supplies to a machine."""

    POWER = "power"
    NETWORK = "network"


class FeedState(StrEnum):
    """The state of one feed. Unknown is a third state, neither on nor off."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"
