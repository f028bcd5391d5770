"""The kinds of rounds, one module each; a new kind needs a module and a case below."""

from typing import assert_never

from chaosmonkey.audience.modes.base import Rules
from chaosmonkey.audience.modes.bet import Bet
from chaosmonkey.audience.modes.free import Free
from chaosmonkey.audience.modes.queue import Queue
from chaosmonkey.audience.modes.raffle import Raffle
from chaosmonkey.audience.modes.vote import Vote
from chaosmonkey.audience.rounds import Mode

__all__ = ["Rules", "rules_of"]


def rules_of(mode: Mode) -> Rules:
    """Return the rules of a mode."""
    match mode:
        case Mode.VOTE:
            return Vote()
        case Mode.RAFFLE:
            return Raffle()
        case Mode.QUEUE:
            return Queue()
        case Mode.BET:
            return Bet()
        case Mode.FREE:
            return Free()
    assert_never(mode)
