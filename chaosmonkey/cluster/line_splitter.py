"""Split a byte stream into lines of almost any length."""

from __future__ import annotations

from chaosmonkey.cluster.errors import MalformedResponse

LONGEST = 8 * 1024 * 1024
"""Bytes of a line. An object has at most 1.5 MiB in etcd, and JSON may be a few times as long."""


class LineSplitter:
    """Cuts a stream into lines; a line may be megabytes long and come in any number of pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes of the incomplete line."""
        return self._size

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, without their ends; blank ones are skipped.

        Raises:
            MalformedResponse: a line has more than LONGEST bytes.
        """
        *complete, rest = chunk.split(b"\n")
        if not complete:
            self._pieces.append(rest)
            self._size += len(rest)
            if self._size > LONGEST:
                raise MalformedResponse(
                    f"A line of a watch has more than {LONGEST // 1024**2} MiB.",
                    remedy="A proxy in between may answer in the server's place.",
                )
            return []
        complete[0] = b"".join((*self._pieces, complete[0]))
        self._pieces = [rest] if rest else []
        self._size = len(rest)
        return [line for line in complete if line.strip()]

    def rest(self) -> bytes:
        """The bytes after the last line's end: not empty if the stream broke off within a line."""
        return b"".join(self._pieces).strip()
