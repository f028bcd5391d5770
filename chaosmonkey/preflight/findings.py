"""One line of a preflight: what was checked, its state, and what to do about it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from chaosmonkey.errors import ChaosMonkeyError

log = logging.getLogger(__name__)

SURPRISE_SHOWN = 200
"""Characters of an unexpected error's text that are shown."""


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    """It works, but slower or less safely than it could."""
    FAULT = "fault"
    """Something will not work."""
    UNKNOWN = "unknown"
    """It could not be checked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check.

    Attributes:
        about: what was checked, such as "node3" or "shop/web".
        says: its state, as a sentence.
        remedy: how to fix it, as a sentence; "" if there is nothing to fix.
    """

    level: Level
    about: str
    says: str
    remedy: str = ""


def ok(about: str, says: str) -> Finding:
    """A check that passed."""
    return Finding(Level.OK, about, says)


def note(about: str, says: str, remedy: str) -> Finding:
    """Something works, but slower or less safely than it could."""
    return Finding(Level.NOTE, about, says, remedy)


def fault(about: str, says: str, remedy: str) -> Finding:
    """Something that will not work."""
    return Finding(Level.FAULT, about, says, remedy)


def unknown(about: str, says: str, remedy: str) -> Finding:
    """Something that could not be checked."""
    return Finding(Level.UNKNOWN, about, says, remedy)


def isolated(about: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of one check; an exception becomes one more finding, so the next check runs."""
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - it becomes a finding
        yield _failed(about, error)


async def isolated_async(
    about: str, check: Callable[[], AsyncIterable[Finding]]
) -> AsyncIterator[Finding]:
    """The same as `isolated` for an asynchronous check."""
    try:
        async for finding in check():
            yield finding
    except Exception as error:  # noqa: BLE001 - it becomes a finding
        yield _failed(about, error)


def _failed(about: str, error: Exception) -> Finding:
    if isinstance(error, ChaosMonkeyError):
        return fault(about, error.message, error.remedy)
    log.warning("The preflight of %s failed.", about, exc_info=error)
    met = f"{type(error).__name__}: {error}"[:SURPRISE_SHOWN]
    return unknown(
        about,
        f"This check failed unexpectedly ({met}).",
        "Check it by hand. All other checks ran.",
    )
