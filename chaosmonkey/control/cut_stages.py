"""How far a cut has come, and the places between two of its steps."""

from __future__ import annotations

from enum import StrEnum


class CutStage(StrEnum):
    """How far a cut has come.

    STUCK: the plug does not turn on, or it was told to and cannot be read; it is tried again.
    ON: read back as on; its entry is kept as long as an earlier command may still arrive.
    """

    ASKED = "asked"
    JOURNALLED = "journalled"
    CUTTING = "cutting"
    CUT = "cut"
    RESTORING = "restoring"
    STUCK = "stuck"
    ON = "on"


class Step(StrEnum):
    """The places between two steps of a cut; a test kills the process at each of them."""

    BEFORE_JOURNAL = "before-journal"
    AFTER_JOURNAL = "after-journal"
    ASKED_OFF = "asked-off"
    READ_OFF = "read-off"
    TOLD_CUT = "told-cut"
    TIME_IS_UP = "time-is-up"
    ASKED_ON = "asked-on"
    READ_ON = "read-on"
    JOURNAL_CLEARED = "journal-cleared"
