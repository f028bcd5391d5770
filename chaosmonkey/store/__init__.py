"""What must survive a power cut: the journal of open cuts, and the records of outages."""

from chaosmonkey.store.audit import Audit, Deed
from chaosmonkey.store.database import (
    Database,
    FolderInUse,
    WrittenByNewer,
    hold_folder,
    open_database,
    open_nowhere,
)
from chaosmonkey.store.filesystem import doubt_about
from chaosmonkey.store.journal import Entry, Journal
from chaosmonkey.store.key import passing_key, secret_key
from chaosmonkey.store.owed import Owed
from chaosmonkey.store.recorder import Recorder
from chaosmonkey.store.records import Records
from chaosmonkey.store.rounds import KeptEntry, RoundRecorder, Rounds
from chaosmonkey.store.timebase import Timebase

__all__ = [
    "Audit",
    "Database",
    "Deed",
    "Entry",
    "FolderInUse",
    "Journal",
    "KeptEntry",
    "Owed",
    "Recorder",
    "Records",
    "RoundRecorder",
    "Rounds",
    "Timebase",
    "WrittenByNewer",
    "doubt_about",
    "hold_folder",
    "open_database",
    "open_nowhere",
    "passing_key",
    "secret_key",
]
