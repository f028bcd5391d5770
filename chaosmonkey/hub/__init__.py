"""Tell everyone who watches: a snapshot first, then what changed, in order."""

from chaosmonkey.hub.board import Board
from chaosmonkey.hub.hub import Closed, Hub, Subscription, TooSlow

__all__ = ["Board", "Closed", "Hub", "Subscription", "TooSlow"]
