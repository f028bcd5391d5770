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
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import ClassVar, Self

_NO_WORDS: Mapping[str, object] = MappingProxyType({})


class ChaosMonkeyError(Exception):
    """Something went wrong, and here is what to do about it.

    Attributes:
        status: the HTTP status an API answers with.
        exit_code: what a command exits with.
        facts: what was known when it happened, for machines to read.
        remedy: what the reader should do, as a full sentence.
        rule: the name of the rule that forbids it; "" if no rule does.
        hall: what an audience reads instead of the message; "" if it may read that.
        hall_remedy: what an audience reads instead of the remedy; None if it may read that.
        shown_in_round: what a round shows of the table says when this no longer holds.
    """

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "Internal error"
    hall: ClassVar[str] = ""
    hall_remedy: ClassVar[str | None] = None
    shown_in_round: ClassVar[bool] = False
    rule: str = ""

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
    """A rule forbids this cut now; `control/refusals.py` has one subclass per rule.

    Attributes:
        says: the message; {words} in it are filled in by `of`.
        advice: the remedy; as `says`.
        label: the same in a word or two, for a button or a bar.
    """

    status = 409
    exit_code = 3
    title = "Cut refused"
    rule = "refused"
    hall_remedy = "Wait until cuts are allowed again."
    shown_in_round = True
    says: ClassVar[str] = ""
    advice: ClassVar[str] = ""
    label: ClassVar[str] = ""

    @classmethod
    def of(cls, words: Mapping[str, object] = _NO_WORDS, **facts: object) -> Self:
        """The refusal in its rule's words, with these filled in."""
        message = cls.says.format_map(words).rstrip()
        return cls(message, remedy=cls.advice.format_map(words), **facts)


class Unavailable(ChaosMonkeyError):
    """Something outside this program does not answer."""

    status = 503
    exit_code = 4
    title = "Unavailable"
    hall_remedy = "Tell the presenter."
    shown_in_round = True


class ClusterUnavailable(Unavailable):
    """The Kubernetes API server does not answer, or its answers are old."""

    title = "Cluster unavailable"
    hall = "The cluster does not answer."


class PlugFailed(Unavailable):
    """A plug could not be switched or read, or did not end in the wanted state."""

    title = "Plug failed"
    hall = "Its plug does not switch."


class StoreFailed(Unavailable):
    """The database could not be read or written."""

    title = "Store failed"
    hall = "The server cannot write to its disk."


def first_of(group: BaseExceptionGroup[ChaosMonkeyError]) -> ChaosMonkeyError:
    """An error of ours from a group; the others were logged where they were raised."""
    for error in group.exceptions:
        return first_of(error) if isinstance(error, BaseExceptionGroup) else error
    raise AssertionError("an exception group is never empty")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'? " if near else ""
