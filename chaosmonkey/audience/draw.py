"""Draws that the room can check: what decides is fixed before the first entry and shown afterwards.

    at the opening   sha256(seed) is shown
    at the draw      the seed is shown; the winner is the one with the smallest sha256("SEED:NAME")

NAME is a ticket's number, or a machine's name where a tie is drawn. To check it:

    min(range(1, 41), key=lambda t: hashlib.sha256(f"{seed}:{t}".encode()).hexdigest())
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256


def commitment(seed: str) -> str:
    """What is shown of a seed before the draw: its SHA-256, as 64 hexadecimal digits."""
    return sha256(seed.encode()).hexdigest()


def draw(seed: str, names: Iterable[str]) -> str | None:
    """The name that a seed draws, whatever their order; None without any."""
    return min(names, key=lambda name: lot(seed, name), default=None)


def lot(seed: str, name: str) -> str:
    """What decides about a name: the smallest wins."""
    return sha256(f"{seed}:{name}".encode()).hexdigest()
