"""A pod's status as its kubelet writes it: Kubernetes' JSON from a `PodReport` and a few facts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.node.pod_lifecycle import ContainerState, PodReport
from chaosmonkey.simcluster.timestamps import stamp

_LOST = {
    "exitCode": 137,
    "reason": "ContainerStatusUnknown",
    "message": "The container could not be located when the pod was deleted.  "
    "The container used to be Running",
    "startedAt": None,
    "finishedAt": None,
}
_MOUNT = {
    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
    "readOnly": True,
    "recursiveReadOnly": "Disabled",
}


@dataclass
class PodFacts:
    """What a kubelet knows of a pod besides its `PodReport`."""

    host_ip: str
    started: float
    """When the kubelet accepted it."""
    ip: str = ""
    running_since: float = 0.0
    stopped: float = 0.0
    restarts: int = 0
    lost_before: bool = False
    """Whether a power cut ended an earlier run of its containers."""


def pod_status(pod: Obj, report: PodReport, facts: PodFacts, now: float) -> Obj:
    """The whole status of a pod; an unchanged condition keeps its time."""
    old = pod.get("status", {})
    meta, spec = pod["metadata"], pod["spec"]
    names = [container["name"] for container in spec["containers"]]
    why = {"reason": report.reason} if report.reason else {}
    if report.reason == "ContainersNotReady":
        why["message"] = f"containers with unready status: [{' '.join(names)}]"
    ready = "True" if report.ready else "False"
    wanted: list[tuple[str, str, dict[str, str]]] = [
        ("PodReadyToStartContainers", "True" if report.sandbox else "False", {}),
        ("Initialized", "True", {}),
        ("Ready", ready, why),
        ("ContainersReady", ready, why),
        ("PodScheduled", "True", {}),
    ]
    generation = meta.get("generation", 1)
    before = {condition["type"]: condition for condition in old.get("conditions", [])}
    kept = [before["DisruptionTarget"]] if "DisruptionTarget" in before else []
    conditions = kept + [_condition(before.get(row[0]), row, generation, now) for row in wanted]
    status: Obj = {
        "observedGeneration": generation,
        "phase": report.phase,
        "conditions": conditions,
        "hostIP": facts.host_ip,
        "hostIPs": [{"ip": facts.host_ip}],
    }
    if facts.ip:
        status |= {"podIP": facts.ip, "podIPs": [{"ip": facts.ip}]}
    status["startTime"] = old.get("startTime") or stamp(facts.started)
    status["containerStatuses"] = [_container(c, pod, report, facts) for c in spec["containers"]]
    status |= {"qosClass": old.get("qosClass", "BestEffort"), "resources": {}}
    return status


def _condition(
    before: Obj | None, row: tuple[str, str, dict[str, str]], generation: int, now: float
) -> Obj:
    kind, status, extra = row
    same = before is not None and before["status"] == status
    since = before.get("lastTransitionTime") if same and before is not None else None
    return {
        "type": kind,
        "observedGeneration": generation,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": since or stamp(now),
        **extra,
    }


def _container(container: Obj, pod: Obj, report: PodReport, facts: PodFacts) -> Obj:
    known = report.containers in {"running", "terminated"}
    status: Obj = {
        "name": container["name"],
        "state": _state(report.containers, pod, container, facts),
        "lastState": {"terminated": dict(_LOST)} if facts.lost_before else {},
        "ready": report.ready,
        "restartCount": facts.restarts,
        "image": container["image"],
        "imageID": container["image"] if known else "",
    }
    if known:
        status["containerID"] = container_id(pod, container, facts.restarts)
    status["started"] = report.containers == "running"
    if report.containers == "running":
        status["resources"] = container.get("resources", {})
    status["volumeMounts"] = [
        {"name": mount["name"], **_MOUNT} for mount in container.get("volumeMounts", [])[-1:]
    ]
    return status


def _state(state: ContainerState, pod: Obj, container: Obj, facts: PodFacts) -> dict[str, Any]:
    match state:
        case "waiting":
            return {"waiting": {"reason": "ContainerCreating"}}
        case "running":
            return {"running": {"startedAt": stamp(facts.running_since)}}
        case "terminated":
            ended: Obj = {
                "exitCode": 0,
                "reason": "Completed",
                "startedAt": stamp(facts.running_since),
                "finishedAt": stamp(facts.stopped),
                "containerID": container_id(pod, container, facts.restarts),
            }
            return {"terminated": ended}
        case "lost":
            message = "The container could not be located when the pod was terminated"
            return {"terminated": _LOST | {"message": message}}


def container_id(pod: Obj, container: Obj, restarts: int) -> str:
    """The id of one run of a container, the same in each report."""
    plain = f"{pod['metadata']['uid']}{container['name']}{restarts}".encode()
    return "containerd://" + hashlib.blake2s(plain).hexdigest()
