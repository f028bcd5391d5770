"""Kubernetes' quantities, a pod's requests and a node's allocatable resources."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_SUFFIX = {power: suffix for suffix, power in _DECIMAL.items()}
_WRITTEN = re.compile(r"[+-]?\d*(?:\.\d*)?([eEinumkKMGTP]*[-+]?\d*)", re.ASCII)
_EXPONENT = re.compile(r"[eE]([-+]?\d+)", re.ASCII)
_NANO = Fraction(1, 10**9)

_FORMAT = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_BAD_SUFFIX = "unable to parse quantity's suffix"


class NotAQuantity(ValueError):
    """The text is no quantity; the message is Kubernetes' own."""


@lru_cache(maxsize=1024)
def parse(text: str) -> Fraction:
    """The exact value of a quantity such as `500m`, `32Mi` or `4`; raises `NotAQuantity`."""
    number, suffix = _split(text)
    value = Fraction(number or "0")
    if suffix in _DECIMAL:
        value *= Fraction(10) ** _DECIMAL[suffix]
    elif suffix in _BINARY:
        value *= 1024 ** _BINARY[suffix]
    elif exponent := _EXPONENT.fullmatch(suffix):
        value *= Fraction(10) ** int(exponent[1])
    else:
        raise NotAQuantity(_BAD_SUFFIX)
    # Below a billionth, quantities are rounded away from zero.
    whole = value / _NANO
    return (math.ceil(whole) if whole > 0 else math.floor(whole)) * _NANO


def _split(text: str) -> tuple[str, str]:
    found = _WRITTEN.fullmatch(text)
    if found is None or not text:
        raise NotAQuantity(_FORMAT)
    number = text[: found.start(1)]
    return ("" if number.strip("+-.") == "" else number), found[1]


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """A quantity as the API server writes it: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`.

    Raises `NotAQuantity`.
    """
    value, suffix = parse(text), _split(text)[1]
    if suffix in _BINARY and abs(value) >= 1024 and value.denominator == 1:
        power = 0
        while value % 1024 == 0 and power < 6:
            value, power = value / 1024, power + 1
        return f"{value}{next(name for name, n in _BINARY.items() if n == power) if power else ''}"
    if value == 0:
        return "0"
    power = -9
    mantissa = value / _NANO
    while mantissa % 1000 == 0 and (power < 18 or _EXPONENT.fullmatch(suffix)):
        mantissa, power = mantissa / 1000, power + 3
    if _EXPONENT.fullmatch(suffix):
        return f"{mantissa}e{power}" if power else f"{mantissa}"
    return f"{mantissa}{_SUFFIX[power]}"


def round_up_to_milli(text: str) -> str:
    """A quantity without fractions of thousandths."""
    value = parse(text) * 1000
    return text if value.denominator == 1 else canonical(f"{math.ceil(value)}m")


def quantity(text: object) -> float:
    """Parse a quantity into a float."""
    return float(parse(str(text)))


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
