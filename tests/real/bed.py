"""The bed under the test: a real Kubernetes whose plugs can be pulled, and a witness of its own.

The witness shares no code with the program: kubectl reads the streams, and what they mean is worked
out here again, from the same plain facts of Kubernetes.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Json = dict[str, Any]
Found = TypeVar("Found")

SCRIPT = Path(__file__).parents[2] / "deploy" / "real" / "bed"


def now() -> float:
    """Seconds since 1970, by the clock that the program also starts from."""
    return time.time()  # noqa: TID251 - a witness must not use the program's own clock


def wait_until(
    what: str,
    seconds: float,
    look: Callable[[], Found | None],
    why: Callable[[], object] = lambda: "",
) -> Found:
    """What `look` finds at last; it fails if that takes too long, and says what `why` finds."""
    deadline = now() + seconds
    while now() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:g} s: {what}; {why()}")


class Bed:
    """The running Kubernetes, and hands for its plugs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kubeconfig = folder / "bed" / "admin.kubeconfig"

    def argv(self, *words: str) -> list[str]:
        """A command line of the bed's script, for people and for plugs."""
        return ["env", f"CHAOSMONKEY_REAL={self.folder}", str(SCRIPT), *words]

    @property
    def nodes(self) -> list[str]:
        """The names of its workers."""
        return [node["metadata"]["name"] for node in self.get("/api/v1/nodes")["items"]]

    def run(self, *words: str) -> str:
        """Run the script and return what it printed."""
        done = subprocess.run(
            self.argv(*words), check=False, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"bed {' '.join(words)}: {done.stderr or done.stdout}"
        return done.stdout.strip()

    def get(self, path: str) -> Json:
        """An object or a list from the API server."""
        found: Json = json.loads(self.run("kubectl", "get", "--raw", path))
        return found

    def pod_names(self, app: str, node: str) -> list[str]:
        """The pods of an application on a node."""
        pods = self.get("/api/v1/namespaces/stage/pods")["items"]
        return [
            pod["metadata"]["name"]
            for pod in pods
            if pod["spec"].get("nodeName") == node and pod["metadata"]["labels"]["app"] == app
        ]

    def process(self, name: str) -> Path:
        """Where the system tells of a worker's or a cable's process."""
        pid = (self.folder / "bed" / "run" / name).read_text().split()[0]
        return Path("/proc") / pid / "stat"


class Onlooker:
    """Sees with its own eyes when a plug was pulled: the process is gone, or stands still."""

    def __init__(self, bed: Bed, name: str) -> None:
        self._stat = bed.process(name)
        self.pulled: float | None = None
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while self.pulled is None:
            try:
                state = self._stat.read_text().rsplit(")", 1)[1].split()[0]
            except (FileNotFoundError, ProcessLookupError):
                state = "gone"
            if state in ("gone", "Z", "X", "T"):
                self.pulled = now()
            time.sleep(0.005)


class Witness:
    """Everything that the watches said since it began, with the moment when it was read."""

    PATHS = ("nodes", "namespaces/stage/pods")
    LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"

    def __init__(self, bed: Bed) -> None:
        self._bed = bed
        self._lock = threading.Lock()
        self._heard: list[tuple[float, Json]] = []
        self._closing = False
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        for path in (*(f"/api/v1/{path}" for path in self.PATHS), self.LEASES):
            threading.Thread(target=self._listen, args=(path,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._closing = True
        for process in list(self._processes.values()):
            process.terminate()
            process.wait()

    def heard(self, kind: str) -> list[tuple[float, Json]]:
        """Moments and objects of one kind, in their order; a deleted one bears `gone`."""
        with self._lock:
            return [(at, found) for at, found in self._heard if found["kind"] == kind]

    def last_lease(self, node: str, before: float) -> float:
        """The last moment when the node's kubelet was heard of."""
        return max(
            at
            for at, lease in self.heard("Lease")
            if lease["metadata"]["name"] == node and at < before
        )

    def believed(self, node: str, status: str, after: float) -> float | None:
        """When Kubernetes first gave a node's Ready that status."""
        return next(
            (
                at
                for at, found in self.heard("Node")
                if at > after and found["metadata"]["name"] == node and condition(found) == status
            ),
            None,
        )

    def recovered(self, app: str, lost: int, after: float) -> float | None:
        """When as many new pods of the app had become Ready as there were lost."""
        known = {pod["metadata"]["uid"] for at, pod in self.heard("Pod") if at <= after}
        fresh: set[str] = set()
        for at, pod in self.heard("Pod"):
            metadata = pod["metadata"]
            if metadata["labels"]["app"] != app or metadata["uid"] in known:
                continue
            if condition(pod) == "True" and "deletionTimestamp" not in metadata:
                fresh.add(metadata["uid"])
                if len(fresh) == lost:
                    return at
        return None

    def _listen(self, path: str) -> None:
        watch = self._bed.argv("kubectl", "get", "--raw", f"{path}?watch=1&timeoutSeconds=3600")
        while not self._closing:
            with subprocess.Popen(
                watch, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            ) as process:
                self._processes[path] = process
                assert process.stdout is not None
                for line in process.stdout:
                    self._hear(json.loads(line))
            time.sleep(0.2)

    def _hear(self, event: Json) -> None:
        with self._lock:
            self._heard.append((now(), event["object"] | {"gone": event["type"] == "DELETED"}))


def condition(found: Json) -> str:
    """Status of the condition Ready."""
    return next(
        (
            each["status"]
            for each in found.get("status", {}).get("conditions", ())
            if each["type"] == "Ready"
        ),
        "",
    )
