"""What must survive a power cut: the journal of open cuts, and the records of outages."""

from chaosmonkey.store.audit import Audit, Deed
from chaosmonkey.store.database import Database, hold_folder, open_database
from chaosmonkey.store.filesystem import doubt_about
from chaosmonkey.store.journal import Entry, Journal
from chaosmonkey.store.key import secret_key
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
    "Journal",
    "KeptEntry",
    "Owed",
    "Recorder",
    "Records",
    "RoundRecorder",
    "Rounds",
    "Timebase",
    "doubt_about",
    "hold_folder",
    "open_database",
    "secret_key",
]
