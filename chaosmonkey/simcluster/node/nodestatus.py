"""The Node object of a simulated Raspberry Pi, as its kubelet registers and posts it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from chaosmonkey.simcluster.apiserver.admission import NOT_READY
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.timestamps import stamp

VERSION = "v1.36.2"
IMAGE_BYTES = 24117248

_CAPACITY = {
    "cpu": "4",
    "ephemeral-storage": "30Gi",
    "memory": "8Gi",
    "pods": "110",
}

_CONDITIONS = (
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)
_READY = ("Ready", "True", "KubeletReady", "kubelet is posting ready status")
_STALE = ("Ready", "False", "KubeletNotReady", "container runtime is down")

SUFFICIENT = ("NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID")
"""The events of a kubelet whose node has enough of everything."""

CONTROL_PLANE = "node-role.kubernetes.io/control-plane"


@dataclass(frozen=True)
class NodeIdentity:
    """The name, number and role of a machine's node."""

    name: str
    number: int
    control_plane: bool = False

    @property
    def ip(self) -> str:
        """The machine's address in the simulated network."""
        return f"10.77.{self.number // 200}.{10 + self.number % 200}"

    @property
    def pod_cidr(self) -> str:
        """The address range of its pods."""
        return f"10.{244 + self.number // 256}.{self.number % 256}.0/24"

    def pod_ip(self, serial: int) -> str:
        """The address of its n-th pod."""
        return f"{self.pod_cidr.removesuffix('.0/24')}.{2 + serial % 250}"


def new_node(identity: NodeIdentity) -> Obj:
    """A newly registered node, before its first status."""
    labels = {
        "beta.kubernetes.io/arch": "arm64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "arm64",
        "kubernetes.io/hostname": identity.name,
        "kubernetes.io/os": "linux",
    }
    taints = [{"key": NOT_READY, "effect": "NoSchedule"}]
    if identity.control_plane:
        labels[CONTROL_PLANE] = ""
        taints.append({"key": CONTROL_PLANE, "effect": "NoSchedule"})
    spec = {"podCIDR": identity.pod_cidr, "podCIDRs": [identity.pod_cidr], "taints": taints}
    meta = {
        "name": identity.name,
        "labels": labels,
        "annotations": {"node.alpha.kubernetes.io/ttl": "0"},
    }
    return {"metadata": meta, "spec": spec, "status": {"conditions": []}}


def post(
    node: Obj,
    identity: NodeIdentity,
    boot_id: str,
    now: float,
    *,
    images: Iterable[str] = (),
    healthy: bool = True,
) -> None:
    """Write the kubelet's status into the node; an unchanged condition keeps its time."""
    status = node["status"]
    old = {condition["type"]: condition for condition in status["conditions"]}
    last = _READY if healthy else _STALE
    wanted = [(kind, "False", reason, message) for kind, reason, message in _CONDITIONS] + [last]
    node["status"] = {
        "capacity": dict(_CAPACITY),
        "allocatable": dict(_CAPACITY),
        "conditions": [_condition(old.get(row[0]), row, now) for row in wanted],
        "addresses": [
            {"type": "InternalIP", "address": identity.ip},
            {"type": "Hostname", "address": identity.name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "machineID": _digest("machine", identity.name),
            "systemUUID": _digest("system", identity.name),
            "bootID": boot_id,
            "kernelVersion": "6.12.47+rpt-rpi-v8",
            "osImage": "Debian GNU/Linux 13 (trixie)",
            "containerRuntimeVersion": "containerd://2.1.4",
            "kubeletVersion": VERSION,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": "arm64",
        },
        "images": [{"names": [image], "sizeBytes": IMAGE_BYTES} for image in sorted(images)],
    }


def _condition(before: Obj | None, row: tuple[str, str, str, str], now: float) -> Obj:
    kind, status, reason, message = row
    same = before is not None and before["status"] == status
    since = before.get("lastTransitionTime") if same and before is not None else None
    return {
        "type": kind,
        "status": status,
        "lastHeartbeatTime": stamp(now),
        "lastTransitionTime": since or stamp(now),
        "reason": reason,
        "message": message,
    }


def condition(obj: Obj, kind: str) -> Obj:
    """One condition of a node or pod; empty if it has none of that type."""
    for found in obj.get("status", {}).get("conditions", ()):
        if found.get("type") == kind:
            return dict(found)
    return {}


def _digest(what: str, name: str) -> str:
    return hashlib.blake2s(f"{what}/{name}".encode(), digest_size=16).hexdigest()
