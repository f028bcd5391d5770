"""Small files of the data folder: written whole or not at all, and owned by the folder's owner.

A command that root runs (`sudo chaosmonkey token new`) must not leave files that the server, which
runs as a user of its own, cannot read.
"""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE = 0o600
"""Readable and writable for their owner alone."""


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file, so that a crash leaves the old or the new one; raises OSError."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    with os.fdopen(handle, "wb") as file:
        give_to_owner(handle, path.parent)
        file.write(content)
        file.flush()
        os.fsync(handle)
    os.replace(beside, path)


def open_lock(path: Path, mode: int = PRIVATE) -> int:
    """Open a file for locking, and make it if it is missing; raises OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    give_to_owner(handle, path.parent)
    return handle


def give_to_owner(file: int | Path, folder: Path) -> None:
    """Let a file that root has made belong to the folder's owner; raises OSError."""
    if os.geteuid() == 0:
        found = folder.stat()
        os.chown(file, found.st_uid, found.st_gid)
