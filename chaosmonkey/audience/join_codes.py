"""The join code on the stage: a phone that can read it is in the room.

It is made of the server's key and the time, so that nothing need be kept, and it changes every few
minutes; the one before is still good, for those who type slowly.
"""

from __future__ import annotations

import hmac

from chaosmonkey.clock import Clock
from chaosmonkey.config import Audience
from chaosmonkey.errors import ChaosMonkeyError

ALPHABET = "CDFGHJKMNPQRTVWX3479"
"""Letters and digits that are not taken for one another, and without vowels spell no word."""

LENGTH = 5
"""20^5: at a thousand tries a second it takes half an hour to find one that is good for minutes."""


class CodeWanted(ChaosMonkeyError):
    """Joining takes the code on the stage."""

    status = 403
    exit_code = 2
    title = "Code wanted"
    rule = "code"


class JoinCodes:
    """Makes and recognises join codes. Time is that of the people in the room, not a demo's."""

    def __init__(self, key: bytes, settings: Audience, clock: Clock) -> None:
        self._key = key
        self._settings = settings
        self._clock = clock

    @property
    def wanted(self) -> bool:
        """Whether phones need one."""
        return self._settings.join_code == "rotating"

    @property
    def current(self) -> str:
        """The present code; "" if none is needed."""
        return self._code(self._window) if self.wanted else ""

    def check(self, typed: str | None) -> None:
        """Raises CodeWanted unless it is the present code or the one before."""
        if not self.wanted:
            return
        if not typed:
            raise CodeWanted(
                "This phone has not joined yet.", remedy="Type the code on the big screen."
            )
        tidy = normalised(typed).encode()
        good = (self._code(self._window), self._code(self._window - 1))
        if not any(hmac.compare_digest(tidy, code.encode()) for code in good):
            raise CodeWanted(
                "That code has expired.",
                remedy="Use the one on the big screen.",
            )

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


def normalised(typed: str) -> str:
    """A typed code without case, spaces and signs."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def typed_url(join_url: str, code: str) -> str:
    """The address to type without a camera: the page, or where it asks for a code."""
    return join_url.removesuffix("/play") + "/j" if code else join_url


def scanned_url(join_url: str, code: str) -> str:
    """What a QR code holds: nothing need be typed after it."""
    return f"{typed_url(join_url, code)}/{code}" if code else join_url
