"""API paths, parsed into resource, namespace, name and subresource."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.resources import BY_PATH, NAMESPACES, ApiResource


@dataclass(frozen=True)
class Target:
    """The target of a request; parts that the path does not name are empty."""

    resource: ApiResource
    namespace: str = ""
    name: str = ""
    part: str = ""
    """The subresource: status, scale, eviction …"""


def parse(path: str) -> Target | None:
    """Parse a path under /api or /apis; None if it names a group instead of a resource.

    Refuses an unknown resource with 404.
    """
    steps = [step for step in path.split("/") if step]
    if steps[:1] == ["api"]:
        group, rest = "", steps[1:]
    elif steps[:1] == ["apis"] and len(steps) > 1:
        group, rest = steps[1], steps[2:]
    else:
        return None
    if len(rest) < 2:
        return None
    version, rest = rest[0], rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and (group, version, rest[2]) in BY_PATH:
        namespace, rest = rest[1], rest[2:]
    resource = BY_PATH.get((group, version, rest[0]))
    name, part = (*rest[1:3], "", "")[:2]
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        raise refusals.unknown_path()
    if part and part not in resource.subresources and not _finalize(resource, part):
        raise refusals.unknown_path()
    if resource.namespaced and name and not namespace:
        raise refusals.unknown_path()
    return Target(resource, namespace, name, part)


def _finalize(resource: ApiResource, part: str) -> bool:
    return resource is NAMESPACES and part == "finalize"
