"""Who is who among the phones: a seat is a random id, carried in a signed cookie.

A phone that comes back, by its cookie or by the id that it kept, is the same seat.
"""

from __future__ import annotations

import re
import secrets

from itsdangerous import BadSignature, Signer

from chaosmonkey.errors import BadInput

COOKIE = "seat"
"""Name of the cookie."""

_SEAT = re.compile(r"[0-9a-f]{32}")


class Seats:
    """Issues and recognises seats with a key that only this server knows."""

    def __init__(self, key: bytes) -> None:
        self._signer = Signer(key, salt="seat")

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
            raise BadInput("That is no seat.", remedy="Send 32 hexadecimal digits, or nothing.")
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
