"""Sessions of presenters' browsers: a token is exchanged for a signed cookie, and leaves the URL.

A cookie is valid for a conference day, unless its token is revoked or its session ended; ended
sessions are stored in the data folder. When the clock is corrected, sessions keep their remaining
time, also across a restart.
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
"""Seconds that a session lasts: a conference day."""

FILE = "ended-sessions.json"

KEPT = 1000
"""How many ended sessions are remembered, the latest ones. By number and not by age, since a
corrected clock would revive ended sessions."""

MOVED = "moved-sessions.json"
"""When each session began by the current clock; the stamp in its cookie is by the clock of then."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that logged in with a token."""

    id: str
    token: str


class Sessions:
    """Issues, verifies and ends sessions, with this server's secret key."""

    def __init__(self, key: bytes, folder: Path, clock: Clock) -> None:
        self._signer = URLSafeSerializer(key, salt="presenter session")
        self._clock = clock
        self._folder = folder
        self._ended = self._read(FILE)
        self._began = self._read(MOVED)

    def open(self, token: str) -> str:
        """Start a session with a token, given by its id, and return its cookie."""
        id_, now = secrets.token_hex(8), self._clock.now()
        self._began = self._young(self._began) | {id_: now}
        self._write(MOVED, self._began)
        return str(self._signer.dumps([id_, token, now]))

    def recognise(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None if it is forged, expired or ended.

        A stamp in the future counts as now, so that no session lasts longer than a day.
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
        """End a session: its cookie, and every copy of it, is invalid from now on."""
        self._ended[session.id] = self._clock.now()
        self._ended = dict(list(self._ended.items())[-KEPT:])
        self._write(FILE, self._ended)

    def clock_stepped(self, by: float) -> None:
        """Shift all moments: the clock was corrected by so many seconds, and sessions keep on."""
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
            log.error("A restart will forget the %s: %s", path.stem.replace("-", " "), error)

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
