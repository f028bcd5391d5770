"""kubectl, the real one, works against the simulator."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chaosmonkey.simcluster import Ports, SimSettings, run
from tests.patience import PATIENCE

WITH_PATIENCE = f"--timeout={PATIENCE:.0f}s"

KUBECTL = shutil.which("kubectl")

pytestmark = pytest.mark.skipif(
    KUBECTL is None,
    reason="CHAOSMONKEY: no kubectl on PATH, so nobody checked that it works with the simulator",
)


class Kubectl:
    """Runs kubectl against one server."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        assert KUBECTL is not None
        return await asyncio.create_subprocess_exec(
            KUBECTL,
            "--server",
            self.ports.url,
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def __call__(self, *words: str, fails: bool = False) -> str:
        """Its output, or with `fails` what it complains about."""
        process = await self.start(*words)
        out, err = await process.communicate()
        assert bool(process.returncode) is fails, err.decode() or out.decode()
        return (err if fails else out).decode()


@pytest.fixture
async def kubectl() -> AsyncIterator[Kubectl]:
    settings = SimSettings(port=0, header_port=0, speed=5.0, seed=2)
    stop = asyncio.Event()
    bound: asyncio.Future[Ports] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run(settings, ready=bound.set_result, stop=stop))
        try:
            yield Kubectl(await bound)
        finally:
            stop.set()


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


async def test_get_nodes_lists_a_control_plane_and_five_workers(kubectl: Kubectl) -> None:
    heading, *rows = cells(await kubectl("get", "nodes"))
    assert heading == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert [row[:3] for row in rows] == [
        ["master", "Ready", "control-plane"],
        *([f"node{n}", "Ready", "<none>"] for n in range(1, 6)),
    ]
    wide = await kubectl("get", "nodes", "-o", "wide")
    assert wide.splitlines()[0].split("   ")[-1] == "CONTAINER-RUNTIME"


async def test_get_pods_wide_says_where_each_runs(kubectl: Kubectl) -> None:
    heading, *rows = cells(await kubectl("get", "pods", "-n", "shop", "-o", "wide"))
    assert heading[:7] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"]
    assert len(rows) == 30
    assert {tuple(row[1:4]) for row in rows} == {("1/1", "Running", "0")}
    assert {row[6] for row in rows} == {f"node{n}" for n in range(1, 6)}


async def test_selectors_are_understood(kubectl: Kubectl) -> None:
    chosen = ("get", "pods", "-n", "shop", "-o", "name", "-l", "app in (cart,catalog)")
    assert len((await kubectl(*chosen)).split()) == 10
    where = ("--field-selector", "spec.nodeName=node2,status.phase=Running")
    assert len((await kubectl("get", "pods", "-A", "-o", "name", *where)).split()) == 6


async def test_get_all_shows_every_kind_of_workload(kubectl: Kubectl) -> None:
    text = await kubectl("get", "all", "-n", "shop")
    for kind in ("pod/", "service/", "deployment.apps/", "replicaset.apps/", "statefulset.apps/"):
        assert kind in text
    assert "daemonset.apps/node-agent" in text


async def test_json_and_yaml_are_whole_objects(kubectl: Kubectl) -> None:
    node = json.loads(await kubectl("get", "node", "node1", "-o", "json"))
    assert (node["kind"], node["apiVersion"]) == ("Node", "v1")
    assert "kind: StatefulSet" in await kubectl("get", "sts", "orders", "-n", "shop", "-o", "yaml")


async def test_large_lists_come_in_pages(kubectl: Kubectl) -> None:
    assert len((await kubectl("get", "pods", "-A", "--chunk-size=4", "-o", "name")).split()) == 30


async def test_describe_tells_of_conditions_pods_and_events(kubectl: Kubectl) -> None:
    node = await kubectl("describe", "node", "node3")
    for part in ("Lease:", "KubeletReady", "Non-terminated Pods:          (6 in total)"):
        assert part in node
    pod = await kubectl("describe", "pod", "orders-0", "-n", "shop")
    for part in ("Controlled By:  StatefulSet/orders", "Successfully assigned shop/orders-0"):
        assert part in pod
    deployment = await kubectl("describe", "deployment", "cart", "-n", "shop")
    assert "5 desired | 5 updated | 5 total | 5 available | 0 unavailable" in deployment
    assert "Scaled up replica set" in deployment


async def test_delete_pod_waits_until_it_is_gone(kubectl: Kubectl) -> None:
    before = json.loads(await kubectl("get", "pod", "orders-1", "-n", "shop", "-o", "json"))
    assert 'pod "orders-1"' in await kubectl("delete", "pod", "orders-1", "-n", "shop")
    after = json.loads(await kubectl("get", "pod", "orders-1", "-n", "shop", "-o", "json"))
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


async def test_cordon_and_uncordon_show_in_the_status(kubectl: Kubectl) -> None:
    assert await kubectl("cordon", "node2") == "node/node2 cordoned\n"
    assert "Ready,SchedulingDisabled" in await kubectl("get", "node", "node2")
    assert await kubectl("uncordon", "node2") == "node/node2 uncordoned\n"
    assert "SchedulingDisabled" not in await kubectl("get", "node", "node2")


async def test_scale_makes_and_removes_pods(kubectl: Kubectl) -> None:
    await kubectl("scale", "deployment/cart", "-n", "shop", "--replicas=7")
    await kubectl("rollout", "status", "deployment/cart", "-n", "shop", WITH_PATIENCE)
    row = cells(await kubectl("get", "deployment", "cart", "-n", "shop", "--no-headers"))[0]
    assert row[1:4] == ["7/7", "7", "7"]


async def test_a_watch_shows_changes_as_they_come(kubectl: Kubectl) -> None:
    watching = await kubectl.start("get", "pods", "-n", "shop", "-l", "app=cart", "-w")
    assert watching.stdout is not None
    for _ in range(6):
        await watching.stdout.readline()
    await kubectl("delete", "pods", "-n", "shop", "-l", "app=cart", "--wait=false")
    line = await watching.stdout.readline()
    assert b"Terminating" in line
    watching.terminate()
    await watching.communicate()


MANIFEST = """
apiVersion: v1
kind: Namespace
metadata: {name: lab}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: lab}
spec:
  replicas: REPLICAS
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: "registry.example/api:1"}]}
"""


async def test_a_manifest_is_applied_changed_and_deleted(kubectl: Kubectl, tmp_path: Path) -> None:
    manifest = tmp_path / "lab.yaml"
    manifest.write_text(MANIFEST.replace("REPLICAS", "3"))
    assert "deployment.apps/api created" in await kubectl("apply", "-f", str(manifest))
    assert "deployment.apps/api unchanged" in await kubectl("apply", "-f", str(manifest))
    available = ("--for=condition=Available", "deployment/api", "-n", "lab", WITH_PATIENCE)
    await kubectl("wait", *available)
    manifest.write_text(MANIFEST.replace("REPLICAS", "1"))
    assert "deployment.apps/api configured" in await kubectl("apply", "-f", str(manifest))
    assert "1/1" in await kubectl("get", "deployment", "api", "-n", "lab")
    await kubectl("delete", "-f", str(manifest))
    assert "lab" not in await kubectl("get", "namespaces", "-o", "name")


async def test_refusals_read_as_a_real_servers(kubectl: Kubectl) -> None:
    missing = await kubectl("get", "pod", "nosuch", "-n", "shop", fails=True)
    assert missing == 'Error from server (NotFound): pods "nosuch" not found\n'
    unknown = await kubectl("get", "widgets", fails=True)
    assert unknown == 'error: the server doesn\'t have a resource type "widgets"\n'


async def test_it_says_which_version_it_plays(kubectl: Kubectl) -> None:
    assert "Server Version: v1.36.2" in await kubectl("version")
    assert "yes" in await kubectl("auth", "can-i", "delete", "pods")


BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: storefront, namespace: shop}
spec:
  minAvailable: 10
  selector: {matchLabels: {app: storefront}}
"""


async def test_a_disruption_budget_is_shown_and_keeps_drain_waiting(
    kubectl: Kubectl, tmp_path: Path
) -> None:
    (tmp_path / "budget.yaml").write_text(BUDGET)
    await kubectl("wait", "-n", "shop", "--for=condition=available", "deployment/storefront")
    told = await kubectl("apply", "-f", str(tmp_path / "budget.yaml"))
    assert told == "poddisruptionbudget.policy/storefront created\n"
    async with asyncio.timeout(PATIENCE):
        while "10 " not in (await kubectl("get", "pdb", "-n", "shop")):
            await asyncio.sleep(0.1)
    shown = (await kubectl("get", "pdb", "-n", "shop")).splitlines()
    assert shown[0].split("   ")[0] == "NAME"
    assert shown[1].split()[:4] == ["storefront", "10", "N/A", "0"]
    refused = await kubectl(
        "drain", "node3", "--ignore-daemonsets", "--delete-emptydir-data", "--force",
        "--timeout=2s", fails=True,
    )  # fmt: skip
    assert "Cannot evict pod as it would violate the pod's disruption budget." in refused


async def test_the_shop_for_a_real_cluster_is_accepted_and_runs(kubectl: Kubectl) -> None:
    manifest = str(Path(__file__).parents[2] / "deploy/kubernetes/shop.yaml")
    await kubectl("delete", "namespace", "shop")
    told = (await kubectl("apply", "-f", manifest)).splitlines()
    assert len(told) == 10
    assert all(line.endswith(" created") for line in told), told
    for workload in ("deployment/storefront", "statefulset/orders", "daemonset/node-agent"):
        await kubectl("rollout", "status", workload, "-n", "shop", WITH_PATIENCE)
    again = (await kubectl("apply", "-f", manifest)).splitlines()
    assert all(line.endswith(" unchanged") for line in again), again


async def test_a_deployment_that_kubectl_generates_runs(kubectl: Kubectl, tmp_path: Path) -> None:
    generated = await kubectl(
        "create", "deployment", "web", "--image=nginx", "--dry-run=client", "-o", "yaml"
    )
    assert "strategy: {}" in generated
    (tmp_path / "web.yaml").write_text(generated)
    assert await kubectl("apply", "-f", str(tmp_path / "web.yaml")) == (
        "deployment.apps/web created\n"
    )
    await kubectl("rollout", "status", "deployment/web", WITH_PATIENCE)
    await kubectl("apply", "-f", str(tmp_path / "web.yaml"))
    web = json.loads(await kubectl("get", "deployment", "web", "-o", "json"))
    assert web["metadata"]["generation"] == 1


NULLS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: empty}
spec:
  strategy: null
  selector: {matchExpressions: [{key: app, operator: In, values: [empty]}]}
  template:
    metadata: {labels: {app: empty}}
    spec:
      tolerations: null
      nodeSelector: {}
      containers:
      - {name: a, image: b, ports: null, readinessProbe: null, resources: null, env: []}
"""


async def test_null_and_empty_fields_are_as_if_absent(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text(NULLS)
    await kubectl("apply", "-f", str(tmp_path / "empty.yaml"))
    await kubectl("rollout", "status", "deployment/empty", WITH_PATIENCE)


async def test_create_sends_protobuf_and_is_understood(kubectl: Kubectl) -> None:
    assert await kubectl("create", "namespace", "lab") == "namespace/lab created\n"
    for words in (
        ("configmap", "settings", "--from-literal=color=teal"),
        ("deployment", "api", "--image=registry.example/api:1", "--replicas=2", "--port=80"),
        ("service", "clusterip", "api", "--tcp=80:8080"),
        ("poddisruptionbudget", "api", "--selector=app=api", "--min-available=1"),
    ):
        assert "created" in await kubectl("create", *words, "-n", "lab")
    await kubectl("rollout", "status", "deployment/api", "-n", "lab", WITH_PATIENCE)
    made = json.loads(await kubectl("get", "deployment", "api", "-n", "lab", "-o", "json"))
    assert made["spec"]["replicas"] == 2
    [container] = made["spec"]["template"]["spec"]["containers"]
    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    service = json.loads(await kubectl("get", "service", "api", "-n", "lab", "-o", "json"))
    assert service["spec"]["ports"][0]["targetPort"] == 8080


MIXED = """
apiVersion: v1
kind: ConfigMap
metadata: {name: first}
---
apiVersion: widgets.example/v1
kind: Widget
metadata: {name: unknown}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: last}
"""


async def test_an_unknown_kind_does_not_stop_the_rest_of_a_file(
    kubectl: Kubectl, tmp_path: Path
) -> None:
    (tmp_path / "mixed.yaml").write_text(MIXED)
    process = await kubectl.start("apply", "-f", str(tmp_path / "mixed.yaml"))
    out, err = await process.communicate()
    assert out == b"configmap/first created\nconfigmap/last created\n"
    assert process.returncode == 1
    assert b'no matches for kind "Widget" in version "widgets.example/v1"' in err


INVALID = """
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec:
  containers:
  - {name: C_x, image: b, ports: [{name: a, containerPort: 80}, {name: a, containerPort: 0}]}
"""


async def test_what_is_invalid_is_refused_in_a_real_servers_words(
    kubectl: Kubectl, tmp_path: Path
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(INVALID)
    refused = await kubectl("apply", "-f", str(path), fails=True)
    assert refused.splitlines() == [
        'The Pod "bad" is invalid: ',
        '* spec.containers[0].name: Invalid value: "C_x": a lowercase RFC 1123 label must consist '
        "of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
        "character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        '* spec.containers[0].ports[1].name: Duplicate value: "a"',
        "* spec.containers[0].ports[1].containerPort: Required value",
    ]
    path.write_text(INVALID.replace("C_x", "x").replace("80}", "80, colour: red}"))
    assert 'unknown field "spec.containers[0].ports[0].colour"' in await kubectl(
        "apply", "-f", str(path), fails=True
    )


async def test_explain_describes_fields_from_the_servers_schemas(kubectl: Kubectl) -> None:
    told = await kubectl("explain", "deployment.spec.strategy.rollingUpdate")
    assert "FIELD: rollingUpdate <RollingUpdateDeployment>" in told
    assert "maxSurge\t<IntOrString>" in told
    assert "containerPort\t<integer> -required-" in await kubectl(
        "explain", "pod.spec.containers.ports"
    )
    old = await kubectl("explain", "pod.spec", "--output=plaintext-openapiv2")
    assert "RESOURCE: spec <Object>" in old
