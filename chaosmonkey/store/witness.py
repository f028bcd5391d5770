"""A second list of the open cuts, in a file beside the database.

SQLite takes a write-ahead log that is gone, emptied, cut short or garbled for one that was never
written: the database opens without an error, in an older state. A cut that this file lists and the
journal does not know shows that the journal was lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import orjson

from chaosmonkey.datafiles import write_whole

FILE = "open-cuts.json"


class Witness:
    """The outages whose cuts were open when they were last noted."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    async def note(self, outages: Iterable[str]) -> None:
        """Replace the list; raises OSError."""
        await asyncio.to_thread(write_whole, self._path, orjson.dumps(sorted(outages)))

    def read(self) -> frozenset[str] | None:
        """The list, empty if there is no file; None if it cannot be read."""
        try:
            found = orjson.loads(self._path.read_bytes())
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError):
            return None
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return frozenset(found)
        return None
