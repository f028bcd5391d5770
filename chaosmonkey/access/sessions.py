"""A presenter's browser: a token is exchanged once for a signed cookie, and leaves the URL."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE = "presenter"
"""Name of the cookie."""

LASTS = 12 * 3600
"""Seconds: a conference day."""


class Sessions:
    """Issues and recognises sessions with a key that only this server knows."""

    def __init__(self, key: bytes) -> None:
        self._signer = URLSafeTimedSerializer(key, salt="presenter")

    def open(self, token_id: str) -> str:
        """The cookie of a session that was begun with a token."""
        return str(self._signer.dumps(token_id))

    def recognise(self, cookie: str | None) -> str | None:
        """The id of the token that a session was begun with; None if it is forged or too old."""
        if not cookie:
            return None
        try:
            token_id = self._signer.loads(cookie, max_age=LASTS)
        except BadSignature:
            return None
        return token_id if isinstance(token_id, str) else None
