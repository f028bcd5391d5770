"""Who is in the room, and what the crowd decided."""

from chaosmonkey.audience.current_round import Game, Keeper
from chaosmonkey.audience.join_codes import JoinCodes
from chaosmonkey.audience.open_round import Opening
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
