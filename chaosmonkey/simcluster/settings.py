"""The settings of a simulated cluster, and the demo's layout."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.simcluster.bench.wiring import PanelWiring, SimMachine, Wire
from chaosmonkey.simcluster.timing import Preset

_POWER_PINS = (17, 27, 22, 23, 24)
_NETWORK_PINS = (12, 13, 16, 19, 20)

_RAIL_PINS = (9, 10, 11, 18, 21)

DEMO_MACHINES = tuple(
    SimMachine(f"node{number}", Wire(power), Wire(network), rail)
    for number, (power, network, rail) in enumerate(
        zip(_POWER_PINS, _NETWORK_PINS, _RAIL_PINS, strict=True), 1
    )
)
"""Five workers on the pins of the demo's wiring, all through normally closed contacts."""

DEMO_PANEL = PanelWiring(
    expander=0x20,
    buttons={machine.name: f"A{number}" for number, machine in enumerate(DEMO_MACHINES)},
    leds={machine.name: f"B{number}" for number, machine in enumerate(DEMO_MACHINES)},
    halt=5,
    interrupt=6,
    heartbeat=4,
)
"""The demo's panel: buttons and LEDs on an expander, the big red button on the header."""


@dataclass(frozen=True, kw_only=True)
class SimSettings:
    """One simulated cluster with its bench.

    Attributes:
        host: the address to listen on. There is no authentication: keep it a loopback address.
        port: the port of the API server and the bench API; 0 picks a free one.
        header_port: the simulated GPIO header's port; 0 picks a free one.
        speed: simulated seconds per real second.
        start: the moment (seconds since the epoch) at which simulated and real time agree; None is
            when the process starts.
        seed: random seed; the same seed reproduces the run.
        preset: `stage` recovers in about 15 s; `kubernetes` uses real defaults and takes minutes.
        machines: the workers and their wiring.
        panel: how the panel is wired; None for a table without one.
        control_plane: the name of the control plane's node, which has no plug; empty for none.
        persist_gpio_outputs: whether the simulated pins keep their levels when the program that
            drives them dies.
        history: how many changes of each resource are kept for watches.
        past: simulated seconds before the start.
    """

    host: str = "127.0.0.1"
    port: int = 8001
    header_port: int = 8002
    speed: float = 1.0
    start: float | None = None
    seed: int = 0
    preset: Preset = "stage"
    machines: tuple[SimMachine, ...] = DEMO_MACHINES
    panel: PanelWiring | None = DEMO_PANEL
    control_plane: str = "master"
    persist_gpio_outputs: bool = True
    history: int = 2000
    past: float = 240.0
