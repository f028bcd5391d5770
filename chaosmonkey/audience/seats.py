"""Identify phones by seat: a random id in a signed cookie.

A phone that returns with its cookie, or with the id that it stored, has the same seat. The id is a
secret between the phone and this server; rounds and the disk only have the digest that `who` makes.
"""

from __future__ import annotations

import hmac
import re
import secrets
from functools import lru_cache
from hashlib import sha256

from itsdangerous import BadSignature, Signer

from chaosmonkey.errors import BadInput

COOKIE = "seat"
"""Name of the cookie."""

TAG = 6
"""Hexadecimal digits of `who` that identify a seat in public."""

REMEMBERED = 4096
"""Seats whose digest is remembered: those of a hall. Each request of a phone needs it twice."""

_SEAT = re.compile(r"[0-9a-f]{32}")


def is_seat(text: str) -> bool:
    """Whether a text is an id of a seat."""
    return _SEAT.fullmatch(text) is not None


class Seats:
    """Issues and verifies seats with a key.

    Args:
        key: signs seats.
        salt: makes the digests of seats; default: derived from the key.

    Attributes:
        edge_key: signs the seats that edges issue; it does not reveal `key`.
    """

    def __init__(self, key: bytes, salt: bytes | None = None) -> None:
        self._signer = Signer(key, salt="seat")
        self.salt = salt or sha256(b"who sits where" + key).digest()
        self.edge_key = hmac.digest(key, b"seats of edges", "sha256")
        self.who = lru_cache(REMEMBERED)(self._who)

    def join(self, wanted: str | None, cookie: str | None) -> tuple[str, str]:
        """Return the seat of a phone, and the cookie that proves it.

        Args:
            wanted: the id that the phone made itself (32 hexadecimal digits), if any.
            cookie: the cookie that it sent, if any; a valid one takes precedence.

        Raises:
            BadInput: the wanted id is malformed.
        """
        seat = self.recognise(cookie)
        if seat is None and wanted is not None and not is_seat(wanted):
            raise BadInput(
                "That is not a seat id.", remedy="Send 32 hexadecimal digits, or nothing."
            )
        seat = seat or wanted or secrets.token_hex(16)
        return seat, self._signer.sign(seat).decode()

    def recognise(self, cookie: str | None) -> str | None:
        """Return the seat that a cookie proves; None if it is missing or invalid."""
        if not cookie:
            return None
        try:
            return self._signer.unsign(cookie).decode()
        except BadSignature:
            return None

    def _who(self, seat: str) -> str:
        """Return a stable digest of a seat that does not reveal its id: 32 hexadecimal digits."""
        return sha256(self.salt + seat.encode()).hexdigest()[:32]


def tag(who: str) -> str:
    """Return the public tag of a seat."""
    return who[:TAG]
