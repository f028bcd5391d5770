"""Publish the state to pages and scripts: a snapshot first, then changes in order."""

from chaosmonkey.hub.audience_publisher import AudiencePublisher
from chaosmonkey.hub.board_publisher import BoardPublisher
from chaosmonkey.hub.hub import Closed, Hub, Subscription, TooSlow
from chaosmonkey.hub.phone_stream import PhoneStream
from chaosmonkey.hub.presence import Presence

__all__ = [
    "AudiencePublisher",
    "BoardPublisher",
    "Closed",
    "Hub",
    "PhoneStream",
    "Presence",
    "Subscription",
    "TooSlow",
]
