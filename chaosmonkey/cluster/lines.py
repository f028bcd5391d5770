"""Bytes as they come off the network, cut into lines of any length."""

from __future__ import annotations


class Lines:
    """Cuts a stream into lines; a line may be megabytes long and come in any number of pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, without their ends; blank ones are left out."""
        *complete, rest = chunk.split(b"\n")
        if not complete:
            self._pieces.append(rest)
            return []
        complete[0] = b"".join((*self._pieces, complete[0]))
        self._pieces = [rest] if rest else []
        return [line for line in complete if line.strip()]

    def rest(self) -> bytes:
        """What came after the last line's end: not empty if the stream was cut off in a line."""
        return b"".join(self._pieces).strip()
