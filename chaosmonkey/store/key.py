"""This server's secret key, created once and kept in the data folder."""

from __future__ import annotations

import secrets
from pathlib import Path

from chaosmonkey.datafiles import write_whole
from chaosmonkey.errors import StoreFailed
from chaosmonkey.store.database import KEY_FILE

LENGTH = 32
"""Bytes of the key."""


def passing_key() -> bytes:
    """A key for this process only, if the folder has none: its cookies end with it."""
    return secrets.token_bytes(LENGTH)


def secret_key(folder: Path) -> bytes:
    """The key, the same at every start and readable by this user only. Raises StoreFailed."""
    path = folder / KEY_FILE
    try:
        if path.exists() and len(key := path.read_bytes()) == LENGTH:
            return key
        key = secrets.token_bytes(LENGTH)
        write_whole(path, key)
    except OSError as error:
        raise StoreFailed(
            f"The secret key {path} cannot be read or written: {error.strerror}.",
            remedy="Make the data folder readable and writable for this user.",
        ) from None
    return key
