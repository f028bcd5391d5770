"""Messages of the pages' websocket: a snapshot, then deltas and heartbeats.

The phones' message is `phone_views.Play`.
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
    """The published state, each section by id: the body of `/api/state` and of a snapshot."""

    cluster: dict[str, ClusterView]
    machines: dict[str, MachineView]
    pods: dict[str, PodView]
    services: dict[str, ServiceView]
    outages: dict[str, OutageView]
    show: dict[str, ShowView]
    rounds: dict[str, RoundView]


class Changes(TypedDict, total=False):
    """Entities to set, each section by id; sections without changes are absent."""

    cluster: dict[str, ClusterView]
    machines: dict[str, MachineView]
    pods: dict[str, PodView]
    services: dict[str, ServiceView]
    outages: dict[str, OutageView]
    show: dict[str, ShowView]
    rounds: dict[str, RoundView]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The first message of a connection: the state as of `seq`."""

    type: Literal["snapshot"]
    protocol: int
    seq: int
    at: float
    state: State


@dataclass(frozen=True, slots=True)
class Delta:
    """Changes since `seq - 1`: entities to set, and ids to remove."""

    type: Literal["delta"]
    seq: int
    at: float
    set: Changes
    gone: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat: sent when the connection had no other message for a while."""

    type: Literal["beat"]
    at: float
