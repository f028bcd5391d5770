"""Kubernetes' quantities, a pod's requests and a node's allocatable resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"": 0, "Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL_SUFFIX = {power: suffix for suffix, power in _DECIMAL.items()}
_BINARY_SUFFIX = {power: suffix for suffix, power in _BINARY.items()}
_NANO = 10**9
_MILLI = 10**6
_LARGEST_EXPONENT = 100

_FORMAT = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_BAD_SUFFIX = "unable to parse quantity's suffix"


class NotAQuantity(ValueError):
    """The text is no quantity; the message is Kubernetes' own."""


@lru_cache(maxsize=1024)
def nanos(text: str) -> int:
    """A quantity such as `500m`, `32Mi` or `4` in billionths; raises `NotAQuantity`.

    Smaller parts are rounded away from zero.
    """
    sign, whole, part, suffix = _split(text)
    value: int = int(whole + part or "0") * _NANO
    exponent = _exponent(suffix)
    if exponent is None:
        value *= 1024 ** _BINARY[suffix]
        exponent = 0
    exponent -= len(part)
    value = value * 10**exponent if exponent >= 0 else -(-value // 10**-exponent)
    return -value if sign == "-" else value


def _split(text: str) -> tuple[str, str, str, str]:
    """The sign, the digits before and after the point, and the suffix."""
    found = re.fullmatch(r"([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)", text, re.ASCII)
    if found is None or not text:
        raise NotAQuantity(_FORMAT)
    sign, whole, part, suffix = found.groups(default="")
    return sign, whole, part, suffix


def _exponent(suffix: str) -> int | None:
    """The power of ten that a suffix stands for; None for a power of two."""
    if suffix in _DECIMAL:
        return _DECIMAL[suffix]
    if suffix in _BINARY:
        return None
    power = suffix[1:]
    written = suffix[:1] in {"e", "E"} and power.lstrip("+-").isdigit()
    if written and abs(int(power)) <= _LARGEST_EXPONENT:
        return int(power)
    raise NotAQuantity(_BAD_SUFFIX)


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """A quantity as the API server writes it: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`.

    Raises `NotAQuantity`.
    """
    value, suffix = nanos(text), _split(text)[3]
    if value == 0:
        return "0"
    if suffix in _BINARY and suffix and abs(value) >= 1024 * _NANO and value % _NANO == 0:
        value, power = value // _NANO, 0
        while value % 1024 == 0 and power < 6:
            value, power = value // 1024, power + 1
        return f"{value}{_BINARY_SUFFIX[power]}"
    scientific = suffix not in _DECIMAL and suffix not in _BINARY
    power = -9
    while value % 1000 == 0 and (power < 18 or scientific):
        value, power = value // 1000, power + 3
    if scientific:
        return f"{value}e{power}" if power else f"{value}"
    return f"{value}{_DECIMAL_SUFFIX[power]}"


def round_up_to_milli(text: str) -> str:
    """A quantity without fractions of thousandths."""
    value = nanos(text)
    return canonical(f"{-(-value // _MILLI)}m") if value % _MILLI else text


def quantity(text: object) -> float:
    """Parse a quantity into a float."""
    return nanos(str(text)) / _NANO


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
