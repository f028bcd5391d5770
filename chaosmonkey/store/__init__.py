"""Data that must survive a power cut: the journal of open cuts, the audit log, and records."""

from chaosmonkey.store.audit import Audit, AuditEntry
from chaosmonkey.store.database import (
    Database,
    FolderInUse,
    WrittenByNewer,
    hold_folder,
    open_database,
    open_nowhere,
)
from chaosmonkey.store.filesystem import check_filesystem
from chaosmonkey.store.journal import Journal, JournalEntry
from chaosmonkey.store.key import passing_key, secret_key
from chaosmonkey.store.pending_writes import PendingWrites
from chaosmonkey.store.recorder import Recorder
from chaosmonkey.store.records import Records
from chaosmonkey.store.rounds import KeptEntry, RoundRecorder, Rounds
from chaosmonkey.store.timebase import Timebase
from chaosmonkey.store.witness import Witness

__all__ = [
    "Audit",
    "AuditEntry",
    "Database",
    "FolderInUse",
    "Journal",
    "JournalEntry",
    "KeptEntry",
    "PendingWrites",
    "Recorder",
    "Records",
    "RoundRecorder",
    "Rounds",
    "Timebase",
    "Witness",
    "WrittenByNewer",
    "check_filesystem",
    "hold_folder",
    "open_database",
    "open_nowhere",
    "passing_key",
    "secret_key",
]
