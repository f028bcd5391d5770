"""Kubernetes' quantities, a pod's requests and a node's allocatable resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_UNITS = {
    "m": 0.001,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}


def quantity(text: object) -> float:
    """Parse a quantity such as `500m`, `32Mi` or `4`."""
    written = str(text)
    for length in (2, 1):
        unit = _UNITS.get(written[-length:])
        if unit is not None:
            return float(written[:-length]) * unit
    return float(written)


@dataclass(frozen=True)
class ResourceAmounts:
    """An amount of the resources that the scheduler counts: cores, bytes, pods."""

    cpu: float = 0.0
    memory: float = 0.0
    pods: int = 0

    def __add__(self, other: ResourceAmounts) -> ResourceAmounts:
        return ResourceAmounts(
            self.cpu + other.cpu, self.memory + other.memory, self.pods + other.pods
        )

    def __mul__(self, times: int) -> ResourceAmounts:
        return ResourceAmounts(self.cpu * times, self.memory * times, self.pods * times)

    def __sub__(self, other: ResourceAmounts) -> ResourceAmounts:
        return self + other * -1

    def shortages(self, wanted: ResourceAmounts) -> Iterator[str]:
        """The resources that fall short of the wanted amounts, in the scheduler's words."""
        if self.cpu + 1e-9 < wanted.cpu:
            yield "Insufficient cpu"
        if self.memory + 1e-9 < wanted.memory:
            yield "Insufficient memory"
        if self.pods < wanted.pods:
            yield "Too many pods"


def requests_of(pod: Obj) -> ResourceAmounts:
    """What a pod's containers request."""
    cpu = memory = 0.0
    for container in pod["spec"]["containers"]:
        requests = container.get("resources", {}).get("requests", {})
        cpu += quantity(requests.get("cpu", 0))
        memory += quantity(requests.get("memory", 0))
    return ResourceAmounts(cpu, memory, 1)


def allocatable_of(node: Obj) -> ResourceAmounts:
    """What a node can allocate to pods."""
    has = node.get("status", {}).get("allocatable", {})
    return ResourceAmounts(
        quantity(has.get("cpu", 0)), quantity(has.get("memory", 0)), int(has.get("pods", 0))
    )
