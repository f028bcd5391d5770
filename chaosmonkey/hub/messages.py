"""What the websockets say to the pages: a snapshot, then deltas, and signs of life.

The phones' one message, `Play`, is a view of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict

from chaosmonkey.hub.round_views import RoundView
from chaosmonkey.hub.views import (
    ClusterView,
    MachineView,
    OutageView,
    PodView,
    ServiceView,
    ShowView,
)

View = ClusterView | MachineView | PodView | ServiceView | OutageView | ShowView | RoundView


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is shown, each section by id: the body of `/api/state` and of a snapshot."""

    cluster: dict[str, ClusterView]
    machines: dict[str, MachineView]
    pods: dict[str, PodView]
    services: dict[str, ServiceView]
    outages: dict[str, OutageView]
    show: dict[str, ShowView]
    rounds: dict[str, RoundView]


class Changes(TypedDict, total=False):
    """Entities to put in place, each section by id; only sections that have any."""

    cluster: dict[str, ClusterView]
    machines: dict[str, MachineView]
    pods: dict[str, PodView]
    services: dict[str, ServiceView]
    outages: dict[str, OutageView]
    show: dict[str, ShowView]
    rounds: dict[str, RoundView]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The first message of a connection: everything, as of `seq`."""

    type: Literal["snapshot"]
    protocol: int
    seq: int
    at: float
    state: State


@dataclass(frozen=True, slots=True)
class Delta:
    """What changed since `seq - 1`: entities to put in place, and ids to take out."""

    type: Literal["delta"]
    seq: int
    at: float
    set: Changes
    gone: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Beat:
    """Nothing changed, and the connection lives: sent when nothing else was for a while."""

    type: Literal["beat"]
    at: float
