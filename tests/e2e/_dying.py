"""The command, but its server dies at a step of a cut, as by `kill -9` or a power cut.

python -m tests.e2e._dying STEP serve --config=…
"""

import functools
import os
import signal
import sys

from chaosmonkey import composition
from chaosmonkey.cli.main import main
from chaosmonkey.control.cut_stages import Step
from chaosmonkey.control.monkey import Monkey


def die_at(step: Step, here: Step) -> None:
    """End this process if it has come that far."""
    if here is step:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    reached = functools.partial(die_at, Step(sys.argv.pop(1)))
    vars(composition)["Monkey"] = functools.partial(Monkey, reached=reached)
    main()
