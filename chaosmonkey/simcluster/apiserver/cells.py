"""Single cells of `kubectl get`: age, readiness, status."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.selectors import selector_text
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.timestamps import moment

_NONE = "<none>"
_ROLE = "node-role.kubernetes.io/"
_SHOWN = 3


def duration(seconds: float) -> str:
    """A duration in kubectl's short form: at most two units, one for long durations."""
    whole = int(seconds)
    if whole < 0:
        return "0s" if whole >= -1 else "<invalid>"
    if whole < 120:
        return f"{whole}s"
    minutes, second = divmod(whole, 60)
    if minutes < 10:
        return f"{minutes}m{second}s" if second else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    hours, minute = divmod(minutes, 60)
    if hours < 8:
        return f"{hours}h{minute}m" if minute else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days, hour = divmod(hours, 24)
    if days < 8:
        return f"{days}d{hour}h" if hour else f"{days}d"
    return f"{days}d" if days < 730 else f"{days // 365}y{days % 365}d"


def since(text: str | None, now: float) -> str:
    """How long ago a timestamp was."""
    return duration(now - moment(text)) if text else "<unknown>"


def age(obj: Obj, now: float) -> str:
    """How old an object is."""
    return since(obj["metadata"].get("creationTimestamp"), now)


def joined(pairs: dict[str, str] | None) -> str:
    """Labels or a selector as `a=b,c=d`."""
    return ",".join(f"{k}={v}" for k, v in sorted((pairs or {}).items())) or _NONE


def few(listed: list[str], *, unset: str = _NONE) -> str:
    """The first items of a list, and the number of the others."""
    if not listed:
        return unset
    more = f" + {len(listed) - _SHOWN} more..." if len(listed) > _SHOWN else ""
    return ",".join(listed[:_SHOWN]) + more


def containers(owner: Obj) -> tuple[str, str]:
    """The names and the images of a workload's containers."""
    listed = pod_spec(owner).get("containers", [])
    names = ",".join(container.get("name", "") for container in listed)
    return names, ",".join(container.get("image", "") for container in listed)


def pod_spec(owner: Obj) -> Obj:
    """The spec of a workload's pods."""
    found: Obj = owner.get("spec", {}).get("template", {}).get("spec", {})
    return found


def replicas(owner: Obj) -> int:
    """How many pods a workload wants."""
    return int(owner.get("spec", {}).get("replicas", 0))


def service_port(port: Obj) -> str:
    """A service's port, with the one on the nodes if it has one."""
    outside = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port', 0)}{outside}/{port.get('protocol', 'TCP')}"


def selector(owner: Obj) -> str:
    """A workload's selector."""
    return selector_text(owner.get("spec", {}).get("selector", {})) or _NONE


def node_status(node: Obj) -> str:
    """Ready, NotReady or Unknown, and whether the node is cordoned."""
    ready = condition(node, "Ready").get("status")
    words = ["Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"]
    if node.get("spec", {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def node_roles(node: Obj) -> str:
    """A node's roles, from its labels."""
    labels = node["metadata"].get("labels", {})
    roles = sorted(name.removeprefix(_ROLE) for name in labels if name.startswith(_ROLE))
    return ",".join(roles) or _NONE


def address(node: Obj, kind: str) -> str:
    """A node's address of one type."""
    listed = node.get("status", {}).get("addresses", [])
    found = (one.get("address", "") for one in listed if one.get("type") == kind)
    return next(found, _NONE)


def pod_ready(pod: Obj) -> str:
    """How many of the pod's containers are ready."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    ready = sum(bool(c.get("ready") and "running" in c.get("state", {})) for c in statuses)
    return f"{ready}/{len(pod.get('spec', {}).get('containers', []))}"


def pod_status(pod: Obj) -> str:
    """A pod's status as the API server's printer shows it."""
    status = pod.get("status", {})
    word = str(status.get("reason") or status.get("phase", "Unknown"))
    running = False
    for container in reversed(status.get("containerStatuses", [])):
        state = container.get("state", {})
        if state.get("waiting", {}).get("reason"):
            word = state["waiting"]["reason"]
        elif "terminated" in state:
            word = state["terminated"].get("reason") or "Error"
        elif container.get("ready") and "running" in state:
            running = True
    if word == "Completed" and running:
        word = "Running" if condition(pod, "Ready").get("status") == "True" else "NotReady"
    if "deletionTimestamp" in pod["metadata"] and status.get("phase") not in {
        "Failed",
        "Succeeded",
    }:
        return "Terminating"
    return word


def pod_restarts(pod: Obj, now: float) -> str:
    """How often the pod's containers restarted, and when they last did."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    total = sum(c.get("restartCount", 0) for c in statuses)
    ended = [
        c["lastState"]["terminated"]["finishedAt"]
        for c in statuses
        if c.get("lastState", {}).get("terminated", {}).get("finishedAt")
    ]
    return f"{total} ({since(max(ended), now)} ago)" if total and ended else str(total)
