"""Looks at everything, one thing after the other; what cannot be looked at is said, not skipped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from chaosmonkey.clock import Clock
from chaosmonkey.cluster import Client, objects
from chaosmonkey.config import Lab
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.model import Feed
from chaosmonkey.outage.rails import Rails
from chaosmonkey.plugs import PlugBoard
from chaosmonkey.preflight import cluster
from chaosmonkey.preflight.findings import Finding, fault, ok, unknown
from chaosmonkey.preflight.machine import look_at_this_machine
from chaosmonkey.preflight.rights import look_at_rights

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """What stands on the table.

    Attributes:
        rails: what the sensors say; all have told something.
        expander_trouble: says why the panel's expander cannot be spoken to; asked if there is one.
    """

    lab: Lab
    plugs: PlugBoard
    rails: Rails
    expander_trouble: Callable[[], str]


async def look_at_everything(table: Table, client: Client, clock: Clock) -> AsyncIterator[Finding]:
    """Findings about this machine, every plug and its sensor, the panel, and the cluster."""
    for finding in look_at_this_machine(table.lab):
        yield finding
    async for finding in _look_at_plugs(table.plugs, table.rails):
        yield finding
    if table.lab.panel.expander is not None:
        yield _panel(table.expander_trouble())
    try:
        async for finding in _look_at_cluster(table.lab, client, clock):
            yield finding
    except ChaosMonkeyError as error:
        yield fault("cluster", error.message, error.remedy)


async def _look_at_plugs(plugs: PlugBoard, rails: Rails) -> AsyncIterator[Finding]:
    for key, plug in plugs.items():
        about = f"{plug.machine} {plug.feed}"
        try:
            state = await plug.read()
        except ChaosMonkeyError as error:
            yield fault(about, error.message, error.remedy)
            continue
        match state:
            case Feed.ON:
                yield _sensed(about, rails.state(key), rails.finding(key))
            case Feed.OFF:
                yield fault(about, "Its plug is off.", f"chaosmonkey restore {plug.machine}")
            case Feed.UNKNOWN:
                yield unknown(about, "Its plug does not say whether it is on.", "Look at it.")


def _panel(trouble: str) -> Finding:
    if trouble:
        return fault("panel", f"Its expander does not answer: {trouble}", "Look at its wires.")
    return ok("panel", "Its expander answers. Try it: chaosmonkey panel")


def _sensed(about: str, sensed: Feed | None, finding: str) -> Finding:
    """What the sensor of a plug that is on says."""
    if finding:
        return fault(about, finding, "Look at it, then: chaosmonkey plugs test")
    match sensed:
        case Feed.ON:
            return ok(about, "Its plug answers and is on, and its sensor agrees.")
        case Feed.UNKNOWN:
            return unknown(about, "Its plug is on; its sensor does not answer.", "Is it wired?")
        case _:
            return ok(about, "Its plug answers and is on.")


async def _look_at_cluster(lab: Lab, client: Client, clock: Clock) -> AsyncIterator[Finding]:
    version = await client.server_version()
    yield ok("cluster", f"Kubernetes {version} at {client.address} answers.")
    async for finding in look_at_rights(client):
        yield finding
    nodes = await _items(client, "/api/v1/nodes")
    pods = await _items(client, "/api/v1/pods")
    leases = await _items(client, "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases")
    stamps = [(one.node, one.renewed, one.duration / 4) for one in map(objects.lease, leases)]
    silent = {found.name for found in map(objects.node, nodes) if not found.is_ready}
    deployments = await _items(client, "/apis/apps/v1/deployments")
    stateful_sets = await _items(client, "/apis/apps/v1/statefulsets")
    for findings in (
        cluster.look_at_nodes(lab, nodes),
        cluster.look_at_workloads(lab, deployments),
        cluster.look_at_stateful_sets(stateful_sets, pods),
        cluster.look_at_images(lab, nodes, pods),
        cluster.look_at_spread(lab, pods),
        cluster.look_at_clocks(stamps, silent, clock.now()),
    ):
        for finding in findings:
            yield finding


async def _items(client: Client, path: str) -> list[Json]:
    found = await client.get(path, f"list {path.rpartition('/')[2]}")
    items: list[Json] = found.get("items") or []
    return items
