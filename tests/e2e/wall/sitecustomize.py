# ruff: noqa: TID251 - it stands in for the machine, whose clock and environment it changes
"""Sets the system clock of this process alone: by as many seconds as a file says, at any time."""

import os
import time
from pathlib import Path

_read = time.time
_by = Path(os.environ["WALL_SET_BY"])


def _set() -> float:
    try:
        return _read() + float(_by.read_text() or 0)
    except (OSError, ValueError):
        return _read()


time.time = _set
