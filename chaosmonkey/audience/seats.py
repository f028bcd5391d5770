"""Who is who among the phones: a seat is a random id, carried in a signed cookie.

A phone that comes back, by its cookie or by the id that it kept, is the same seat. The id is a
secret between the phone and this server; `who` turns it into what rounds and the disk know.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256

from itsdangerous import BadSignature, Signer

from chaosmonkey.errors import BadInput

COOKIE = "seat"
"""Name of the cookie."""

TAG = 6
"""Hexadecimal digits of `who` by which a seat may be called in public."""

_SEAT = re.compile(r"[0-9a-f]{32}")


class Seats:
    """Issues and recognises seats with a key that only this server knows."""

    def __init__(self, key: bytes) -> None:
        self._signer = Signer(key, salt="seat")
        self._salt = sha256(b"who sits where" + key).digest()

    def join(self, wanted: str | None, cookie: str | None) -> tuple[str, str]:
        """The seat of a phone, and the cookie that proves it.

        Args:
            wanted: the id that the phone made itself (32 hexadecimal digits), if any.
            cookie: the cookie that it sent, if any; a valid one decides.

        Raises:
            BadInput: the wanted id is none.
        """
        seat = self.recognise(cookie)
        if seat is None and wanted is not None and not _SEAT.fullmatch(wanted):
            raise BadInput(
                "That is not a seat id.", remedy="Send 32 hexadecimal digits, or nothing."
            )
        seat = seat or wanted or secrets.token_hex(16)
        return seat, self._signer.sign(seat).decode()

    def recognise(self, cookie: str | None) -> str | None:
        """The seat that a cookie proves; None if it proves none."""
        if not cookie:
            return None
        try:
            return self._signer.unsign(cookie).decode()
        except BadSignature:
            return None

    def who(self, seat: str) -> str:
        """A seat as everyone but its phone knows it: always the same, and not reversible."""
        return sha256(self._salt + seat.encode()).hexdigest()[:32]


def tag(who: str) -> str:
    """What a seat is called in public."""
    return who[:TAG]
