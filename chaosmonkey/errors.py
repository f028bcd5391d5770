"""Every error is one tree: what happened, its facts, and what to do about it.

    ChaosMonkeyError
    ├── BadInput        the caller asked for something that cannot be      422   exit 2
    │   ├── BadConfig   a file says something that cannot be
    │   └── UnknownMachine                                                 404
    ├── CutRefused      a rule forbids it now                              409   exit 3
    └── Unavailable     something outside does not answer                  503   exit 4
        ├── ClusterUnavailable
        ├── PlugFailed
        └── StoreFailed

Foreign exceptions are turned into one of these once, at the edge where they come in.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class ChaosMonkeyError(Exception):
    """Something went wrong, and here is what to do about it.

    Attributes:
        status: the HTTP status an API answers with.
        exit_code: what a command exits with.
        facts: what was known when it happened, for machines to read.
        remedy: what the reader should do, as a full sentence.
    """

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "Internal error"

    def __init__(self, message: str, *, remedy: str = "", **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    @property
    def rows(self) -> list[str]:
        """What a terminal shows, row by row."""
        return [row for row in (self.message, self.remedy) if row]


class BadInput(ChaosMonkeyError):
    """The caller asked for something that cannot be."""

    status = 422
    exit_code = 2
    title = "Bad input"


class BadConfig(BadInput):
    """A configuration file says something that cannot be; `problems` lists every place."""

    title = "Bad configuration"

    def __init__(self, source: str, problems: list[str]) -> None:
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        self._head = f"{source}: {count}"
        super().__init__("\n  ".join([self._head, *problems]), source=source)

    @property
    def rows(self) -> list[str]:
        """A row for each problem."""
        return [self._head, *(f"  {problem}" for problem in self.problems)]


class UnknownMachine(BadInput):
    """No machine has that name; `rather` is a sentence on what has it, if something does."""

    status = 404
    title = "Unknown machine"

    def __init__(self, name: str, known: Iterable[str], *, rather: str = "") -> None:
        names = sorted(known)
        super().__init__(
            rather or f"There is no machine called '{name[:80]}'.",
            remedy=("" if rather else did_you_mean(name, names))
            + "Known machines: "
            + (", ".join(names) or "none")
            + ".",
            machine=name[:80],
            known=names,
        )


class CutRefused(ChaosMonkeyError):
    """A rule forbids this cut now; `rule` names it."""

    status = 409
    exit_code = 3
    title = "Cut refused"
    rule: ClassVar[str] = "refused"


class Unavailable(ChaosMonkeyError):
    """Something outside this program does not answer."""

    status = 503
    exit_code = 4
    title = "Unavailable"


class ClusterUnavailable(Unavailable):
    """The Kubernetes API server does not answer, or its answers are old."""

    title = "Cluster unavailable"


class PlugFailed(Unavailable):
    """A plug could not be switched or read, or did not end in the wanted state."""

    title = "Plug failed"


class StoreFailed(Unavailable):
    """The database could not be read or written."""

    title = "Store failed"


def first_of(group: BaseExceptionGroup[ChaosMonkeyError]) -> ChaosMonkeyError:
    """An error of ours from a group; the others were logged by whoever raised them."""
    for error in group.exceptions:
        return first_of(error) if isinstance(error, BaseExceptionGroup) else error
    raise AssertionError("an exception group is never empty")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'? " if near else ""
