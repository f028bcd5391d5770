"""Draws that the audience can verify: the seed is fixed before the first entry, and shown later.

    at the opening   sha256(seed) is shown
    at the draw      the seed is shown; the smallest sha256("SEED:NAME") wins

NAME is a ticket's number, or a machine's name in a tie. To verify a draw:

    min(range(1, 41), key=lambda t: hashlib.sha256(f"{seed}:{t}".encode()).hexdigest())
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256


def commitment(seed: str) -> str:
    """Return the SHA-256 of a seed, shown before the draw: 64 hexadecimal digits."""
    return sha256(seed.encode()).hexdigest()


def draw(seed: str, names: Iterable[str]) -> str | None:
    """Return the name that the seed draws, in any order of names; None if there are none."""
    return min(names, key=lambda name: lot(seed, name), default=None)


def lot(seed: str, name: str) -> str:
    """Return a name's lot; the smallest wins."""
    return sha256(f"{seed}:{name}".encode()).hexdigest()
