"""Tell everyone who watches: a snapshot first, then what changed, in order."""

from chaosmonkey.hub.audience_publisher import Foyer
from chaosmonkey.hub.board_publisher import Board
from chaosmonkey.hub.hub import Closed, Hub, Subscription, TooSlow
from chaosmonkey.hub.phone_stream import PlayStream
from chaosmonkey.hub.presence import Presence

__all__ = [
    "Board",
    "Closed",
    "Foyer",
    "Hub",
    "PlayStream",
    "Presence",
    "Subscription",
    "TooSlow",
]
