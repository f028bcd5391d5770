"""The join code on the stage: it proves that a phone is in the room.

The code is derived from the server's key and the time, so nothing is stored. It changes every
`rotate` seconds; the previous code remains valid for slow typists.
"""

from __future__ import annotations

import hmac

from chaosmonkey.clock import Clock
from chaosmonkey.config import Audience
from chaosmonkey.errors import ChaosMonkeyError

ALPHABET = "CDFGHJKMNPQRTVWX3479"
"""Letters and digits that cannot be confused; without vowels they spell no word."""

LENGTH = 5
"""20^5 codes: a thousand guesses a second take half an hour, and a code is valid for minutes."""


class CodeWanted(ChaosMonkeyError):
    """The phone needs the code on the stage to join."""

    status = 403
    exit_code = 2
    title = "Join code required"
    rule = "code"


class JoinCodes:
    """Makes and checks join codes; they rotate by real time, also in a fast demo."""

    def __init__(self, key: bytes, settings: Audience, clock: Clock) -> None:
        self._key = key
        self._settings = settings
        self._clock = clock

    @property
    def wanted(self) -> bool:
        """Whether phones need a code."""
        return self._settings.join_code == "rotating"

    @property
    def current(self) -> str:
        """The current code; "" if none is needed."""
        return self._code(self._window) if self.wanted else ""

    @property
    def valid(self) -> tuple[str, ...] | None:
        """The current and the previous code; None if none is needed."""
        return (self._code(self._window), self._code(self._window - 1)) if self.wanted else None

    @property
    def for_edges(self) -> tuple[str, ...] | None:
        """The valid codes and the next one, which the stage may show before edges hear of it."""
        return None if self.valid is None else (*self.valid, self._code(self._window + 1))

    def check(self, typed: str | None) -> None:
        """Raises CodeWanted unless it is the current or the previous code."""
        check_code(typed, self.valid)

    @property
    def _window(self) -> int:
        return int(self._clock.now() // self._settings.rotate)

    def _code(self, window: int) -> str:
        number = int.from_bytes(hmac.digest(self._key, f"join code {window}".encode(), "sha256"))
        letters = []
        for _ in range(LENGTH):
            number, digit = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[digit])
        return "".join(letters)


def check_code(typed: str | None, valid: tuple[str, ...] | None) -> None:
    """Raises CodeWanted unless a typed code is valid; None means that none is needed."""
    if valid is None:
        return
    if not typed:
        raise CodeWanted(
            "This phone has not joined yet.", remedy="Enter the code shown on the big screen."
        )
    tidy = normalised(typed).encode()
    if not any(hmac.compare_digest(tidy, code.encode()) for code in valid):
        raise CodeWanted(
            "That code is wrong or has expired.", remedy="Use the one on the big screen."
        )


def normalised(typed: str) -> str:
    """Return a typed code in upper case, without spaces and punctuation."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def typed_url(join_url: str, code: str) -> str:
    """Return the address to type: the phone page, or the page that asks for a code."""
    return join_url.removesuffix("/play") + "/j" if code else join_url


def scanned_url(join_url: str, code: str) -> str:
    """Return the address for the QR code; it includes the join code."""
    return f"{typed_url(join_url, code)}/{code}" if code else join_url
