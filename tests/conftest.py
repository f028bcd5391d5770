"""Ends a test that hangs, and prints where it and its asyncio tasks wait.

Without this, a hanging test stops a whole run for ever and nothing names it. With pytest-xdist
only the worker ends: pytest-xdist names the test and, with --max-worker-restart=0, ends the run.
"""

import asyncio
import faulthandler
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import TextIO

import pytest

from tests.patience import PATIENCE

LONGEST = 5 * PATIENCE
"""Seconds that one test may take with its fixtures. Each wait within it ends after PATIENCE."""

STDERR = pytest.StashKey[TextIO]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the real standard error: while a test runs, pytest captures it."""
    config.stash[STDERR] = os.fdopen(os.dup(2), "w")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    def give_up(_number: int, _frame: FrameType | None) -> None:
        stderr = item.config.stash[STDERR]
        print(f"\nHANGS: {item.nodeid}, ended after {LONGEST:g} s", file=stderr, flush=True)
        faulthandler.dump_traceback(stderr)
        for task in running_tasks():
            task.print_stack(file=stderr)
        stderr.flush()
        os._exit(70)

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def running_tasks() -> set[asyncio.Task[object]]:
    try:
        return asyncio.all_tasks()
    except RuntimeError:  # the test runs no event loop
        return set()
