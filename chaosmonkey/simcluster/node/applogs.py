"""Logs of the simulated applications, computed from the pod and the time.

Nothing is stored: each line is computed when it is read, and is the same each time. Reading goes
through the machine's kubelet, as in a real cluster, so the log of a lost machine cannot be read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.timestamps import moment, stamp

INTERVAL = 2.0
"""Seconds between two lines of a running application."""

DEFAULT_TAIL = 1000
"""Default number of lines; a real kubelet sends all that it keeps."""

_KUBELET_PORT = 10250

_PATHS = ("/", "/products", "/products/42", "/cart", "/search?q=plug", "/healthz")


def read_log(pod: Obj, now: float, *, tail: int | None, reachable: Callable[[str], bool]) -> str:
    """The last lines of a pod's log.

    Args:
        pod: the pod from the API server.
        now: the current moment.
        tail: the maximum number of lines; None is `DEFAULT_TAIL`.
        reachable: returns whether a node's kubelet answers.

    Raises:
        Refusal: 400 until a container has started, 500 if the kubelet does not answer.
    """
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    node = pod["spec"].get("nodeName", "")
    statuses = pod.get("status", {}).get("containerStatuses") or []
    container = pod["spec"]["containers"][0]["name"]
    if node and not reachable(node):
        address = pod.get("status", {}).get("hostIP", node)
        where = f"https://{address}:{_KUBELET_PORT}/containerLogs/{namespace}/{name}/{container}"
        raise Refusal(500, "", f'Get "{where}": dial tcp {address}:{_KUBELET_PORT}: i/o timeout')
    running = statuses[0].get("state", {}).get("running") if statuses else None
    if running is None:
        waiting = f'container "{container}" in pod "{name}" is waiting to start: ContainerCreating'
        raise Refusal(400, "BadRequest", waiting)
    lines = _lines(container, name, moment(running["startedAt"]), now, tail or DEFAULT_TAIL)
    return "".join(f"{line}\n" for line in lines)


def _lines(app: str, pod: str, started: float, now: float, tail: int) -> Iterator[str]:
    opening = (f"{app} 1.4 starts", "listening, ready to serve")
    worked = max(0, int((now - started) / INTERVAL))
    count = len(opening) + worked
    for number in range(max(0, count - tail), count):
        if number < len(opening):
            yield f"{stamp(started)} INFO {opening[number]}"
        else:
            turn = number - len(opening) + 1
            yield f"{stamp(started + turn * INTERVAL)} {_work(app, pod, turn)}"


def _work(app: str, pod: str, turn: int) -> str:
    """One log line, by application."""
    chance = zlib.crc32(f"{pod} {turn}".encode())
    milliseconds = 2 + chance % 38
    match app:
        case "orders":
            return f"INFO checkpoint complete: wrote {chance % 90 + 5} buffers in {milliseconds} ms"
        case "node-agent":
            return f"INFO scraped {chance % 40 + 200} samples in {milliseconds} ms"
        case _:
            status = 200 if chance % 50 else 404
            return f"INFO GET {_PATHS[chance % len(_PATHS)]} {status} {milliseconds} ms"
