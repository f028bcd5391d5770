"""The audience: phones, rounds, and what the crowd decides."""

from chaosmonkey.audience.current_round import CurrentRound, Keeper
from chaosmonkey.audience.join_codes import JoinCodes
from chaosmonkey.audience.open_round import OpenRound
from chaosmonkey.audience.room import Room
from chaosmonkey.audience.rounds import Mode, Round, RoundRefused, RoundState
from chaosmonkey.audience.seats import Seats
from chaosmonkey.audience.show import Scene, Show

__all__ = [
    "CurrentRound",
    "JoinCodes",
    "Keeper",
    "Mode",
    "OpenRound",
    "Room",
    "Round",
    "RoundRefused",
    "RoundState",
    "Scene",
    "Seats",
    "Show",
]
