"""A simulated Kubernetes cluster with simulated machines on a simulated electric bench.

It speaks the real protocol over HTTP (`kubectl` works against it) and reacts like a real control
plane when a machine loses its power or its link. It is independent of the rest of the program,
which sees it only as another cluster and, through `bench/header.py`, as another GPIO header.
"""

from __future__ import annotations

from chaosmonkey.simcluster.bench.wiring import Meter, PanelWiring, SimMachine, Wire
from chaosmonkey.simcluster.process import Ports, SimPortTaken, run
from chaosmonkey.simcluster.settings import DEMO_MACHINES, DEMO_PANEL, SimSettings
from chaosmonkey.simcluster.timing import KUBERNETES, STAGE, Timing
from chaosmonkey.simcluster.world import World

__all__ = [
    "DEMO_MACHINES",
    "DEMO_PANEL",
    "KUBERNETES",
    "STAGE",
    "Meter",
    "PanelWiring",
    "Ports",
    "SimMachine",
    "SimPortTaken",
    "SimSettings",
    "Timing",
    "Wire",
    "World",
    "run",
]
