"""What a plug feeds a machine with, and whether it does."""

from __future__ import annotations

from enum import StrEnum


class FeedKind(StrEnum):
    """What a plug feeds a machine with."""

    POWER = "power"
    NETWORK = "network"


class FeedState(StrEnum):
    """State of one feed. Unknown is a state of its own: it is neither on nor off."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"
