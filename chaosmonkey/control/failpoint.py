"""Death at a step of a cut, for the tests of the dead man: what `kill -9` and a power cut do."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from chaosmonkey.control.cut_stages import Step


def die_at(step: str | None) -> Callable[[Step], None]:
    """What is told every step, and ends this process at that one; with None it does nothing."""

    def reached(here: Step) -> None:
        if here == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
