"""The bed, the witness and the server, for the tests against a real Kubernetes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.meant import MEANT
from tests.real.bed import Bed, Json, Witness, now, wait_until

WHERE = "CHAOSMONKEY_REAL_BED"
CLOSED_WITHIN = 90.0


@pytest.fixture(scope="session")
def bed() -> Bed:
    folder = os.environ.get(WHERE)  # noqa: TID251 - the bed is no setting of the program
    if not folder:
        pytest.skip(f"{WHERE} does not name a running bed: `make real` builds and starts one")
    found = Bed(Path(folder))
    if not found.kubeconfig.is_file() or found.run("api", "read") != "on":
        pytest.skip(f"the bed in {folder} does not run: deploy/real/bed up")
    return found


@pytest.fixture(scope="session")
def witness(bed: Bed) -> Iterator[Witness]:
    found = Witness(bed)
    wait_until("the witness hears all kinds", 10, lambda: (
        found.heard("Node") and found.heard("Pod") and found.heard("Lease")
    ))  # fmt: skip
    yield found
    found.close()


class Serve:
    """A running `chaosmonkey serve`, asked over HTTP."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    @property
    def log(self) -> str:
        """What it has written to standard error so far."""
        return self._log.read_text()

    def ask(self, path: str, method: str = "GET") -> Any:
        """The JSON that it answers."""
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Accept": "application/json", **MEANT}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()!r}") from None

    def is_ready(self) -> bool:
        """Whether a cut could be made and measured now."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return False

    @property
    def state(self) -> Json:
        """What the stage is shown."""
        found: Json = self.ask("/api/state")["state"]
        return found

    def sees_all_well(self) -> bool:
        """Whether all machines and pods are Ready, and no outage is open."""
        return not self.ailing()

    def ailing(self) -> list[str]:
        """What is not well, as a failing test should say it."""
        state = self.state
        return [
            *(
                f"{name} is Ready={machine['ready']}"
                for name, machine in state["machines"].items()
                if machine["ready"] != "True"
            ),
            *(
                f"pod {pod['name']} on {pod['node']} is {pod['state']}"
                for pod in state["pods"].values()
                if pod["state"] != "ready"
            ),
            *(
                f"open: {json.dumps(self.outage(outage['id']))}"
                for outage in state["outages"].values()
                if outage["open"]
            ),
        ]

    def blind_since(self) -> float | None:
        """Since when it has not seen the cluster."""
        (cluster,) = self.state["cluster"].values()
        since: float | None = cluster["stale_since"]
        return since

    def observed(self, node: str) -> Json:
        """The open outage of a node."""
        return wait_until(
            f"the server notices that {node} is gone",
            5,
            lambda: next(
                (found for found in self.ask("/api/outages") if found["node"] == node), None
            ),
        )

    def outage(self, key: str) -> Json:
        """One outage as the API tells it."""
        found: Json = self.ask(f"/api/outages/{key}")
        return found

    def measured(self, key: str) -> Json:
        """The outage once it has a recovery time; the witness has seen the recovery already."""
        deadline = now() + 5
        while (found := self.outage(key))["recovery_seconds"] is None and now() < deadline:
            time.sleep(0.05)
        assert found["recovery_seconds"] is not None, json.dumps(found, indent=1)
        return found

    def closed(self, key: str) -> Json:
        """The outage once the cluster is whole again."""
        return wait_until(
            f"outage {key} is closed",
            CLOSED_WITHIN,
            lambda: None if (found := self.outage(key))["open"] else found,
        )


@pytest.fixture(scope="session")
def serve(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    folder = tmp_path_factory.mktemp("serve")
    config = folder / "lab.toml"
    config.write_text(lab(bed, folder))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "chaosmonkey", "serve", "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdout is not None
        said = process.stdout.readline()
        assert "Listening on" in said, (folder / "log").read_text()
        found = Serve(said.split()[-1].rstrip("/"), folder / "log")
        wait_until("the server sees the cluster", 15, found.is_ready)
        found.ask("/arm", "POST")
        yield found
        process.terminate()
        process.stdout.close()
        assert process.wait(timeout=30) == 0, found.log


def lab(bed: Bed, folder: Path) -> str:
    """A lab.toml whose plugs are the bed's."""

    def plug(feed: str) -> str:
        cut, restore, read = (
            json.dumps(bed.argv(feed, word, "{node}")) for word in ("off", "on", "read")
        )
        return f'{feed} = {{ driver = "command", cut = {cut}, restore = {restore}, read = {read} }}'

    machines = "\n".join(
        f'[[machine]]\nname = "node{number}"\n{plug("power")}\n{plug("network")}\n'
        for number in range(1, 6)
    )
    return (
        f'[server]\nport = 0\ndata = "{folder}/data"\n'
        f'[cluster]\nkubeconfig = "{bed.kubeconfig}"\n'
        f'[timing]\npreset = "stage"\n[limits]\nmachine_cooldown = 0\n'
        f"{machines}"
    )
