"""Run all checks, one after the other; what cannot be checked is a finding too.

Each check is isolated: an exception becomes one finding, and the next check runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from chaosmonkey.clock import Clock
from chaosmonkey.cluster import Client, decoders, resources
from chaosmonkey.config import Lab, has_panel
from chaosmonkey.control.feed_monitor import FeedMonitor
from chaosmonkey.errors import ClusterUnavailable
from chaosmonkey.model import FeedKind, FeedState
from chaosmonkey.plugs import PlugBoard, VerifiedPlug
from chaosmonkey.preflight import cluster
from chaosmonkey.preflight.findings import (
    Finding,
    fault,
    isolated,
    isolated_async,
    note,
    ok,
    unknown,
)
from chaosmonkey.preflight.host import check_host
from chaosmonkey.preflight.rbac import check_permissions

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PreflightContext:
    """The parts of the table that are checked.

    Attributes:
        feed_monitor: what the sensors report; all have reported once.
        panel: lists the troubles of the panel; called if there is one.
    """

    lab: Lab
    plugs: PlugBoard
    feed_monitor: FeedMonitor
    panel: Callable[[], list[str]]


async def check_everything(
    table: PreflightContext, client: Client, clock: Clock
) -> AsyncIterator[Finding]:
    """Findings about this machine, every plug and its sensor, the panel, and the cluster."""
    for finding in check_host(table.lab):
        yield finding
    async for finding in check_table(table):
        yield finding
    async for finding in check_cluster(table.lab, client, clock):
        yield finding


async def check_table(table: PreflightContext) -> AsyncIterator[Finding]:
    """Findings about every plug and its sensor, and the panel."""
    for key, plug in table.plugs.items():
        about = f"{plug.machine} {plug.feed}"
        check = partial(_plug, about, key, plug, table.feed_monitor)
        async for finding in isolated_async(about, check):
            yield finding
    if has_panel(table.lab):
        for finding in isolated("panel", lambda: _panel(table.panel())):
            yield finding


async def _plug(
    about: str, key: tuple[str, FeedKind], plug: VerifiedPlug, feed_monitor: FeedMonitor
) -> AsyncIterator[Finding]:
    match await plug.read():
        case FeedState.ON:
            yield _sensed(about, feed_monitor.state(key), feed_monitor.finding(key))
            if plug.remark:
                yield note(about, plug.remark, "See: chaosmonkey plugs read")
        case FeedState.OFF:
            says = f"Its plug is off. {plug.remark}".rstrip()
            yield fault(about, says, f"chaosmonkey restore {plug.machine}")
        case FeedState.UNKNOWN:
            says = f"Its plug reads neither on nor off, so it cannot be cut. {plug.remark}"
            yield fault(about, says.rstrip(), "Check the device, then: chaosmonkey plugs read")


def _panel(troubles: list[str]) -> Iterator[Finding]:
    for trouble in troubles:
        yield fault("panel", trouble, "Check its wiring and its lines in lab.toml.")
    if not troubles:
        yield ok("panel", "The panel answers. To test it: chaosmonkey panel")


def _sensed(about: str, sensed: FeedState | None, finding: str) -> Finding:
    """The sensor's finding for a plug that is on."""
    if finding:
        return fault(about, finding, "Check the wiring, then: chaosmonkey plugs test")
    match sensed:
        case FeedState.ON:
            return ok(about, "Its plug answers and is on, and its sensor agrees.")
        case FeedState.UNKNOWN:
            return unknown(about, "Its plug is on; its sensor does not answer.", "Check its wires.")
        case _:
            return ok(about, "Its plug answers and is on.")


def check_cluster(lab: Lab, client: Client, clock: Clock) -> AsyncIterator[Finding]:
    """Findings about the cluster, as far as it answers and this server's permissions allow."""
    return isolated_async("cluster", lambda: _cluster(lab, client, clock))


async def _cluster(lab: Lab, client: Client, clock: Clock) -> AsyncIterator[Finding]:
    version = await client.server_version()
    yield ok("cluster", f"Kubernetes {version} at {client.address} answers.")
    if lab.cluster.namespaces:
        yield note(
            "cluster",
            f"Only pods of {', '.join(lab.cluster.namespaces)} are watched, but a cut moves "
            "pods of all namespaces.",
            "To watch all namespaces, remove [cluster] namespaces.",
        )
    async for finding in isolated_async("rights", lambda: check_permissions(client)):
        yield finding
    seen = _Seen(client)
    nodes = await seen.all_of(resources.NODES)
    pods = await seen.all_of(resources.PODS)
    leases = await seen.all_of(resources.LEASES)
    deployments = await seen.all_of(resources.DEPLOYMENTS)
    stateful_sets = await seen.all_of(resources.STATEFULSETS)
    stamps: list[tuple[str, float, float]] = []
    for finding in (
        *seen.missing,
        *isolated("nodes", lambda: cluster.check_nodes(lab, nodes) if seen.nodes else ()),
        *_each("workload", deployments, lambda one: cluster.check_workloads(lab, [one])),
        *_each("StatefulSet", stateful_sets, lambda one: cluster.check_stateful_sets([one], pods)),
        *isolated("images", lambda: cluster.check_images(lab, nodes, pods)),
        *isolated("spread", lambda: cluster.check_spread(lab, pods)),
        *_each("clock", leases, partial(_take_stamp, stamps)),
        *isolated(
            "clock", lambda: cluster.check_clocks(stamps, cluster.silent(nodes), clock.now())
        ),
    ):
        yield finding


class _Seen:
    """Lists of objects; a list that fails is empty and a finding.

    Attributes:
        missing: what could not be listed.
        nodes: whether nodes could be listed; if not, no machine is reported to have none.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.missing: list[Finding] = []
        self.nodes = True

    async def all_of(self, resource: resources.Resource) -> list[Json]:
        found: list[Json] = []
        for namespace in self._client.places(resource):
            where = f" in {namespace}" if namespace else ""
            try:
                answer = await self._client.get(resource.path(namespace), f"list {resource.rule()}")
            except ClusterUnavailable as error:
                self.nodes = self.nodes and resource is not resources.NODES
                self.missing.append(
                    unknown(
                        resource.rule(),
                        f"Not checked{where}: {error.message}",
                        error.remedy or "Try again.",
                    )
                )
            else:
                found += answer.get("items") or ()
        named = [one for one in found if _has_a_name(one)]
        if left := len(found) - len(named):
            self.missing.append(
                unknown(
                    resource.rule(),
                    f"Skipped {left} without a name.",
                    f"To see them: kubectl get {resource.rule()} -o yaml",
                )
            )
        return named


def _has_a_name(found: object) -> bool:
    match found:
        case {"metadata": {"name": str()}}:
            return True
        case _:
            return False


def _each(
    what: str, objects: Iterable[Json], check: Callable[[Json], Iterable[Finding]]
) -> Iterator[Finding]:
    """The findings about each object; a malformed one hides no other."""
    for one in objects:
        match one:
            case {"metadata": {"namespace": str(namespace), "name": str(name)}}:
                yield from isolated(f"{namespace}/{name}", partial(check, one))
            case _:
                yield from isolated(what, partial(check, one))


def _take_stamp(stamps: list[tuple[str, float, float]], found: Json) -> Iterable[Finding]:
    lease = decoders.lease(found)
    stamps.append((lease.node, lease.renewed, lease.duration / 4))
    return ()
