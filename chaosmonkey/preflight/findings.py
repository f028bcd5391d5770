"""One line of a preflight: what was looked at, how it stands, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
