"""One line of a preflight: what was looked at, how it stands, and what to do about it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from chaosmonkey.errors import ChaosMonkeyError

log = logging.getLogger(__name__)

SURPRISE_SHOWN = 200
"""Characters of an unexpected error's text that are repeated."""


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    """It works, but slower or less safely than it could."""
    FAULT = "fault"
    """Something will not work."""
    UNKNOWN = "unknown"
    """It could not be looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.

    Attributes:
        about: what was looked at, such as "node3" or "shop/web".
        says: how it stands, as a sentence.
        remedy: how to mend it, as a sentence; "" where nothing needs to be.
    """

    level: Level
    about: str
    says: str
    remedy: str = ""


def ok(about: str, says: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, about, says)


def note(about: str, says: str, remedy: str) -> Finding:
    """It works, but."""
    return Finding(Level.NOTE, about, says, remedy)


def fault(about: str, says: str, remedy: str) -> Finding:
    """It will not work."""
    return Finding(Level.FAULT, about, says, remedy)


def unknown(about: str, says: str, remedy: str) -> Finding:
    """It could not be looked at."""
    return Finding(Level.UNKNOWN, about, says, remedy)


def isolated(about: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What one check finds. Whatever it raises is one finding more, so that the next check runs."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001 - it is told as a finding
        yield _failed(about, error)


async def isolated_async(
    about: str, look: Callable[[], AsyncIterable[Finding]]
) -> AsyncIterator[Finding]:
    """As `isolated`, for a check that waits for something."""
    try:
        async for finding in look():
            yield finding
    except Exception as error:  # noqa: BLE001 - it is told as a finding
        yield _failed(about, error)


def _failed(about: str, error: Exception) -> Finding:
    if isinstance(error, ChaosMonkeyError):
        return fault(about, error.message, error.remedy)
    log.warning("The preflight of %s failed.", about, exc_info=error)
    met = f"{type(error).__name__}: {error}"[:SURPRISE_SHOWN]
    return unknown(
        about,
        f"This check met something that it does not know ({met}).",
        "Look at it by hand. All other checks went on.",
    )
