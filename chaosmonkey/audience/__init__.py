"""Who is in the room, what the presenter shows them, and what the crowd decided."""

from chaosmonkey.audience.room import Room
from chaosmonkey.audience.rounds import Round, RoundRefused, RoundState
from chaosmonkey.audience.seats import Seats
from chaosmonkey.audience.show import Scene, Show

__all__ = ["Room", "Round", "RoundRefused", "RoundState", "Scene", "Seats", "Show"]
