"""One object of the cluster, as a person wants to read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a description."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition; `since` is the API server's stamp, resolution 1 s."""

    type: str
    status: str
    reason: str
    message: str
    since: str


@dataclass(frozen=True, slots=True)
class Container:
    """A container; `state` is such as "running since …" or "waiting: CrashLoopBackOff"."""

    name: str
    image: str
    state: str
    ready: bool
    restarts: int


@dataclass(frozen=True, slots=True)
class Happening:
    """An event about the object, latest last."""

    last: str
    type: str
    reason: str
    message: str
    source: str
    count: int


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of one object.

    Attributes:
        text: all of it as plain text, for those who read it so.
    """

    kind: str
    namespace: str
    name: str
    facts: tuple[Fact, ...]
    labels: tuple[str, ...]
    conditions: tuple[Condition, ...]
    containers: tuple[Container, ...]
    events: tuple[Happening, ...]
    text: str
