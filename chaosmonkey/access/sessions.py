"""A presenter's browser: a token is exchanged once for a signed cookie, and leaves the URL.

A cookie is good for a conference day, as long as its token is not revoked and nobody has signed
out with it: sessions that were ended are noted in the data folder until they would have ended.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from pathlib import Path

import orjson
from itsdangerous import BadSignature, URLSafeTimedSerializer

from chaosmonkey.datafiles import write_whole

log = logging.getLogger(__name__)

COOKIE = "presenter"
"""Name of the cookie."""

LASTS = 12 * 3600
"""Seconds: a conference day."""

FILE = "ended-sessions.json"


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that signed in with a token."""

    id: str
    token: str


class Sessions:
    """Issues, recognises and ends sessions, with a key that only this server knows."""

    def __init__(self, key: bytes, folder: Path) -> None:
        self._signer = URLSafeTimedSerializer(key, salt="presenter")
        self._path = folder / FILE
        self._ended = self._read()

    def open(self, token: str) -> str:
        """The cookie of a new session that was begun with a token, given by its id."""
        return str(self._signer.dumps([secrets.token_hex(8), token]))

    def recognise(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None if it is forged, too old, or was ended."""
        if not cookie:
            return None
        try:
            found = self._signer.loads(cookie, max_age=LASTS)
        except BadSignature:
            return None
        match found:
            case [str(id_), str(token)] if id_ not in self._ended:
                return Session(id_, token)
            case _:
                return None

    def end(self, session: Session) -> None:
        """Sign out: the cookie is good for nothing from now on, wherever a copy of it may be."""
        now = self._signer.make_signer().get_timestamp()  # type: ignore[attr-defined] # it is timed
        self._ended = {id_: at for id_, at in self._ended.items() if now - at < LASTS}
        self._ended[session.id] = now
        try:
            write_whole(self._path, orjson.dumps(self._ended))
        except OSError as error:
            log.error("A restart would not remember that a session was ended: %s", error)

    def _read(self) -> dict[str, int]:
        try:
            found = orjson.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.error("%s cannot be read: %s", self._path, error)
            return {}
        return found if isinstance(found, dict) else {}
