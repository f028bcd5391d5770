"""The objects of one watched collection by uid; publishes an event for each change.

A watch and a new list after a gap produce the same events: a list is compared with what was known,
so that changes missed meanwhile are published, deletions included. Nothing is published where the
model sees no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from chaosmonkey.cluster.decoding import DecodedObject
from chaosmonkey.model import Changed, ClusterObject, Removed

Publish = Callable[[Changed | Removed], None]

SLICE = 100
"""Objects of a list that are published without a pause: 2 ms of work on a laptop."""


class Cache:
    """The last known state of one collection.

    With `history` the first list is not published: it holds records of the past.
    """

    def __init__(self, publish: Publish, *, history: bool = False) -> None:
        self._publish = publish
        self._mute = history
        self._entries: dict[str, DecodedObject] = {}
        self._uids: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[ClusterObject]:
        return (entry.object for entry in self._entries.values())

    def replace(self, entries: Iterable[DecodedObject], at: float) -> Iterator[None]:
        """Become equal to a list: publish what is gone, then what is different, then what is new.

        A pod is replaced after it was given up: in this order a gap does not turn that round.
        Nothing else may change this cache until the iterator is exhausted; it pauses after
        every `SLICE` objects, for 100,000 of them take seconds.
        """
        listed = {entry.uid: entry for entry in entries}
        for number, uid in enumerate([uid for uid in self._entries if uid not in listed], 1):
            self._remove(self._entries[uid], at)
            if number % SLICE == 0:
                yield
        ordered = sorted(listed.values(), key=lambda entry: entry.uid not in self._entries)
        for number, entry in enumerate(ordered, 1):
            self._put(entry, at)
            if number % SLICE == 0:
                yield
        self._mute = False

    def put(self, entry: DecodedObject, at: float) -> None:
        """An object is new or changed; one older than what is known is left aside."""
        known = self._entries.get(entry.uid)
        if known is None or not older(entry.version, known.version):
            self._put(entry, at)

    def remove(self, entry: DecodedObject, at: float) -> None:
        """An object is gone; the entry is its last state. One that was not known is no news."""
        if entry.uid in self._entries:
            self._remove(entry, at)

    def _put(self, entry: DecodedObject, at: float) -> None:
        known = self._entries.get(entry.uid)
        if known is not None and known.key != entry.key:  # no server renames: it is another one
            self._remove(known, at)
            known = None
        if known is None and (predecessor := self._uids.get(entry.key)):
            self._remove(self._entries[predecessor], at)
        self._entries[entry.uid] = entry
        self._uids[entry.key] = entry.uid
        if (known is None or known.object != entry.object) and not self._mute:
            self._publish(Changed(entry.object, at))

    def _remove(self, entry: DecodedObject, at: float) -> None:
        """What goes is what was known, in its last state if that is still of the same name."""
        known = self._entries.pop(entry.uid)
        if self._uids.get(known.key) == known.uid:
            del self._uids[known.key]
        last = entry if entry.key == known.key else known
        self._publish(Removed(last.object, at))


def older(version: str, than: str) -> bool:
    """Whether one version of an object precedes another; numbers are compared, others never are."""
    return version.isdecimal() and than.isdecimal() and int(version) < int(than)
