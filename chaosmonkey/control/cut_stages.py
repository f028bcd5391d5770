"""The stages of a cut, and the steps between them at which a crash is tested."""

from __future__ import annotations

from enum import StrEnum


class CutStage(StrEnum):
    """How far a cut has come.

    STUCK: the plug does not turn on, or took the command but cannot be read; the cut keeps trying.
    ON: read back as on; its entry is kept while an earlier command may still arrive.
    """

    REQUESTED = "asked"
    JOURNALLED = "journalled"
    CUTTING = "cutting"
    CUT = "cut"
    RESTORING = "restoring"
    STUCK = "stuck"
    ON = "on"


class Step(StrEnum):
    """A point between two steps of a cut; a test kills the process at each of them."""

    BEFORE_JOURNAL = "before-journal"
    AFTER_JOURNAL = "after-journal"
    COMMANDED_OFF = "commanded-off"
    READ_OFF = "read-off"
    PUBLISHED_CUT = "published-cut"
    TIME_IS_UP = "time-is-up"
    COMMANDED_ON = "commanded-on"
    READ_ON = "read-on"
    JOURNAL_CLEARED = "journal-cleared"
