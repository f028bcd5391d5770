"""Discovery: the API server's groups and resources, its version and its health."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from chaosmonkey.simcluster.apiserver.resources import RESOURCES, ApiResource
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.node.nodestatus import VERSION

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

_FOREIGN_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "eviction": ("policy", "v1", "Eviction"),
    "binding": ("", "v1", "Binding"),
}
_PART_VERBS = {
    "status": ["get", "patch", "update"],
    "scale": ["get", "patch", "update"],
    "log": ["get"],
}


def groups() -> list[str]:
    """The names of all groups except the core group, in the order of their resources."""
    return list(dict.fromkeys(row.group for row in RESOURCES if row.group))


def answer(path: str, *, aggregated: bool) -> Obj | str | None:
    """The answer at a path that names no resource: JSON, plain text, or None for a 404."""
    path = path.rstrip("/") or "/"
    if path == "/api":
        return _aggregated([""]) if aggregated else _versions()
    if path == "/apis":
        return _aggregated(groups()) if aggregated else _groups()
    if path.startswith("/openapi/"):
        from chaosmonkey.simcluster.apiserver import openapi  # noqa: PLC0415 - rarely read

        return openapi.answer(path)
    steps = path.split("/")[1:]
    if path == "/api/v1":
        return _resources("")
    if steps[0] == "apis" and len(steps) in {2, 3} and steps[1] in groups():
        if len(steps) == 2:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(steps[1])}
        return _resources(steps[1]) if steps[2] == "v1" else None
    plain: dict[str, Callable[[], Obj | str]] = {
        "/version": _version,
        "/": lambda: {"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/version"]},
        "/healthz": lambda: "ok",
        "/livez": lambda: "ok",
        "/readyz": lambda: "ok",
    }
    return plain[path]() if path in plain else None


def _versions() -> Obj:
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:8001"}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


def _group(name: str) -> Obj:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _groups() -> Obj:
    listed = [_group(name) for name in groups()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


def _resources(group: str) -> Obj:
    rows = [row for row in RESOURCES if row.group == group]
    head: Obj = {"kind": "APIResourceList"}
    if group:
        head["apiVersion"] = "v1"
    head["groupVersion"] = rows[0].api_version
    return head | {"resources": [entry for row in rows for entry in _entries(row)]}


def _entries(row: ApiResource) -> list[Obj]:
    entry: Obj = {
        "name": row.plural,
        "singularName": row.singular,
        "namespaced": row.namespaced,
        "kind": row.kind,
        "verbs": list(row.verbs),
    }
    if row.short:
        entry["shortNames"] = list(row.short)
    if row.categories:
        entry["categories"] = list(row.categories)
    entry["storageVersionHash"] = _hash(row)
    return [entry, *(_part(row, part) for part in row.subresources)]


def _part(row: ApiResource, part: str) -> Obj:
    entry: Obj = {
        "name": f"{row.plural}/{part}",
        "singularName": "",
        "namespaced": row.namespaced,
    }
    kind = row.kind
    if part in _FOREIGN_KINDS:
        group, version, kind = _FOREIGN_KINDS[part]
        if group:
            entry |= {"group": group, "version": version}
    return entry | {"kind": kind, "verbs": _PART_VERBS.get(part, ["create"])}


def _hash(row: ApiResource) -> str:
    digest = hashlib.blake2s(f"{row.api_version}/{row.kind}".encode(), digest_size=8)
    return digest.hexdigest()[:11] + "="


def _aggregated(names: list[str]) -> Obj:
    items = []
    for name in names:
        rows = [_aggregated_row(row) for row in RESOURCES if row.group == name]
        versions = [{"version": "v1", "resources": rows, "freshness": "Current"}]
        items.append({"metadata": {"name": name} if name else {}, "versions": versions})
    kind = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2"}
    return kind | {"metadata": {}, "items": items}


def _aggregated_row(row: ApiResource) -> Obj:
    blank = {"group": "", "version": ""}
    entry: Obj = {
        "resource": row.plural,
        "responseKind": blank | {"kind": row.kind},
        "scope": "Namespaced" if row.namespaced else "Cluster",
        "singularResource": row.singular,
        "verbs": list(row.verbs),
    }
    if row.short:
        entry["shortNames"] = list(row.short)
    if row.categories:
        entry["categories"] = list(row.categories)
    if row.subresources:
        entry["subresources"] = [_aggregated_part(row, part) for part in row.subresources]
    return entry


def _aggregated_part(row: ApiResource, part: str) -> Obj:
    group, version, kind = _FOREIGN_KINDS.get(part, ("", "", row.kind))
    response = {"group": group, "version": version if group else "", "kind": kind}
    verbs = _PART_VERBS.get(part, ["create"])
    return {"subresource": part, "responseKind": response, "verbs": verbs}


def _version() -> Obj:
    major, minor, _ = VERSION.removeprefix("v").split(".")
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": VERSION,
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "2026-07-01T00:00:00Z",
        "goVersion": "none: a simulator",
        "compiler": "none",
        "platform": "linux/arm64",
    }
