"""Who is in the room, and what the crowd decided."""

from chaosmonkey.audience.codes import JoinCodes
from chaosmonkey.audience.game import Game, Keeper
from chaosmonkey.audience.opening import Opening
from chaosmonkey.audience.room import Room
from chaosmonkey.audience.rounds import Mode, Round, RoundRefused, RoundState
from chaosmonkey.audience.seats import Seats
from chaosmonkey.audience.show import Scene, Show

__all__ = [
    "Game",
    "JoinCodes",
    "Keeper",
    "Mode",
    "Opening",
    "Room",
    "Round",
    "RoundRefused",
    "RoundState",
    "Scene",
    "Seats",
    "Show",
]
