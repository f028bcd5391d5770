"""LED patterns as a table: one character is a tenth of a second, # is lit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from chaosmonkey.config import Machine
from chaosmonkey.control.safety import Safety
from chaosmonkey.model import Outage
from chaosmonkey.outage import recovery
from chaosmonkey.outage.cluster_state import ClusterState

BEAT = 0.1
"""Seconds of one character."""


class LedPattern(StrEnum):
    """What one machine's LED shows."""

    ON = "on"
    CUT = "cut"
    NOT_READY = "not ready"
    RECOVERING = "recovering"
    RECOVERED = "recovered"
    HOLDING = "holding"
    REFUSED = "refused"


PATTERNS: Mapping[LedPattern, str] = {
    LedPattern.ON: "##########",
    LedPattern.CUT: "..........",
    LedPattern.NOT_READY: "#####.....",
    LedPattern.RECOVERING: "#.#.#.#.#.",
    LedPattern.RECOVERED: "#.#.......",
    LedPattern.HOLDING: "##..##..",
    LedPattern.REFUSED: "...###...###...###...",  # once, then the machine's state
}

HEARTBEATS: Mapping[str, str] = {
    "safe": "#.........",
    "armed": "#....#....",
    "halted": "#.#.#.#.#.",
}


def is_lit(pattern: str, beat: int) -> bool:
    """Whether a repeating pattern is lit in a beat."""
    return pattern[beat % len(pattern)] == "#"


def pattern_of(
    machine: Machine, world: ClusterState, outages: Mapping[str, Outage], off: Collection[str]
) -> LedPattern:
    """The pattern of a machine's LED while its button is not touched.

    Args:
        machine: the machine.
        world: the known state of the cluster.
        outages: the open outages.
        off: the machines without power or network, as far as is known.
    """
    for outage in outages.values():
        if outage.machine == machine.name and outage.rejoined is None:
            return _pattern_of_outage(outage)
    node = world.nodes.get(machine.node_name)
    if machine.name in off:
        return LedPattern.CUT
    return LedPattern.ON if node is not None and node.is_ready else LedPattern.NOT_READY


def _pattern_of_outage(outage: Outage) -> LedPattern:
    if outage.recovered is not None:
        return LedPattern.RECOVERED
    match recovery.current_phase(outage):
        case "reschedule" | "ready":
            return LedPattern.RECOVERING
        case _:
            return LedPattern.CUT if outage.not_ready is None else LedPattern.NOT_READY


def heartbeat(safety: Safety, now: float) -> str:
    """The pattern of the heartbeat."""
    if safety.halted is not None:
        return HEARTBEATS["halted"]
    return HEARTBEATS["armed" if safety.is_armed(now) else "safe"]
