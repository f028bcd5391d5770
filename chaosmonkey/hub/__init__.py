"""Tell everyone who watches: a snapshot first, then what changed, in order."""

from chaosmonkey.hub.board import Board
from chaosmonkey.hub.foyer import Foyer
from chaosmonkey.hub.hub import Closed, Hub, Subscription, TooSlow
from chaosmonkey.hub.phones import PlayStream
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
