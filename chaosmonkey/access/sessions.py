"""A presenter's browser: a token is exchanged once for a signed cookie, and leaves the URL.

A cookie is good for a conference day, as long as its token is not revoked and it was not signed out
with: sessions that were ended are noted in the data folder, as many as ever will be. The day is one
of our clock: when that is set right, sessions go on as long as before, and after a restart too.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from pathlib import Path

import orjson
from itsdangerous import BadSignature, URLSafeSerializer

from chaosmonkey.clock import Clock
from chaosmonkey.datafiles import write_whole

log = logging.getLogger(__name__)

COOKIE = "presenter"
"""Name of the cookie."""

LASTS = 12 * 3600
"""Seconds: a conference day."""

FILE = "ended-sessions.json"

KEPT = 1000
"""How many ended sessions are remembered, the latest ones. By their number and not by their age:
a clock that is set would bring those back to life that were signed out with."""

MOVED = "moved-sessions.json"
"""When each session began by our clock of now: the stamp in its cookie is that of then."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that signed in with a token."""

    id: str
    token: str


class Sessions:
    """Issues, recognises and ends sessions, with a key that only this server knows."""

    def __init__(self, key: bytes, folder: Path, clock: Clock) -> None:
        self._signer = URLSafeSerializer(key, salt="presenter session")
        self._clock = clock
        self._folder = folder
        self._ended = self._read(FILE)
        self._began = self._read(MOVED)

    def open(self, token: str) -> str:
        """The cookie of a new session that was begun with a token, given by its id."""
        id_, now = secrets.token_hex(8), self._clock.now()
        self._began = self._young(self._began) | {id_: now}
        self._write(MOVED, self._began)
        return str(self._signer.dumps([id_, token, now]))

    def recognise(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None if it is forged, too old, or was ended.

        One of a future clock began now: it lasts no longer than a day.
        """
        if not cookie:
            return None
        try:
            found = self._signer.loads(cookie)
        except BadSignature:
            return None
        match found:
            case [str(id_), str(token), float(stamp)] if id_ not in self._ended:
                now = self._clock.now()
                began = self._began.setdefault(id_, min(stamp, now))
                return Session(id_, token) if now - began < LASTS else None
            case _:
                return None

    def end(self, session: Session) -> None:
        """Sign out: the cookie is good for nothing from now on, wherever a copy of it may be."""
        self._ended[session.id] = self._clock.now()
        self._ended = dict(list(self._ended.items())[-KEPT:])
        self._write(FILE, self._ended)

    def clock_stepped(self, by: float) -> None:
        """Our clock was set right by so many seconds: sessions are as old as they were."""
        self._began = {id_: at + by for id_, at in self._began.items()}
        self._began = self._young(self._began)
        self._write(MOVED, self._began)

    def _young(self, moments: dict[str, float]) -> dict[str, float]:
        now = self._clock.now()
        return {id_: at for id_, at in moments.items() if now - at < LASTS}

    def _write(self, name: str, moments: dict[str, float]) -> None:
        path = self._folder / name
        try:
            write_whole(path, orjson.dumps(moments))
        except OSError as error:
            log.error("A restart would not remember %s: %s", path.stem.replace("-", " "), error)

    def _read(self, name: str) -> dict[str, float]:
        path = self._folder / name
        try:
            found = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.error("%s cannot be read: %s", path, error)
            return {}
        return found if isinstance(found, dict) else {}
