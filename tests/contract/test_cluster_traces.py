"""What a real Kubernetes said, recorded: all of it is understood, and means what happened."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import orjson
import pytest

from chaosmonkey.cluster.cache import Cache
from chaosmonkey.cluster.decoding import Bookmark, Deleted, Dropped, Present, read_line, read_page
from chaosmonkey.cluster.errors import Status
from chaosmonkey.cluster.resources import WATCHED
from chaosmonkey.model import Changed, EndpointSlice, Lease, Node, Occurrence, Pod, Removed

TRACES = Path(__file__).parents[1] / "traces"
RECORDED = sorted(path for path in TRACES.glob("*.jsonl.gz") if not path.name.startswith("07"))
RESOURCES = {resource.name: resource for resource in WATCHED}

T = TypeVar("T")


def records(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) as lines:
        for line in lines:
            yield orjson.loads(line)


def replay(name: str) -> list[Changed | Removed]:
    """The news that our watch would have published, at seconds since the cut."""
    published: list[Changed | Removed] = []
    caches: defaultdict[str, Cache] = defaultdict(lambda: Cache(published.append))
    for record in records(next(TRACES.glob(f"{name}*"))):
        if resource := RESOURCES.get(record["resource"]):
            match read_line(orjson.dumps(record["event"]), resource.decode):
                case Present(entry):
                    caches[resource.name].put(entry, record["t"])
                case Deleted(entry):
                    caches[resource.name].remove(entry, record["t"])
                case _:
                    pass  # it is about no object
    return published


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name.split(".")[0])
def test_every_line_that_was_recorded_is_understood(path: Path) -> None:
    kinds = set()
    for record in records(path):
        if resource := RESOURCES.get(record["resource"]):
            found = read_line(orjson.dumps(record["event"]), resource.decode)
            kinds.add(type(found))
            match found:
                case Bookmark(version):
                    assert int(version) > 0
                case Status(code):
                    assert code == 410
                case Present(entry) | Deleted(entry):
                    assert entry.uid == entry.object.uid
                    assert entry.version
                case Dropped(why):
                    pytest.fail(why)
    assert Present in kinds


def test_an_object_of_each_kind_says_what_it_said() -> None:
    found = {type(event.object): event.object for event in reversed(replay("02"))}
    node, pod, lease = found[Node], found[Pod], found[Lease]
    assert isinstance(node, Node)
    assert (node.ready, node.reason, node.taints) == ("True", "KubeletReady", ())
    assert len(node.boot_id) == 36
    assert isinstance(pod, Pod)
    assert (pod.namespace, pod.app, pod.phase, pod.ready) == ("demo", "agent", "Running", True)
    assert pod.toleration is None  # a DaemonSet's pod stays for ever
    assert pod.owner is not None
    assert (pod.owner.kind, pod.owner.name) == ("DaemonSet", "agent")
    assert isinstance(lease, Lease)
    assert (lease.node[:4], lease.duration) == ("node", 8.0)
    assert lease.renewed > 1_700_000_000
    endpoints, occurrence = found[EndpointSlice], found[Occurrence]
    assert isinstance(endpoints, EndpointSlice)
    assert endpoints.ready == endpoints.total > 0
    assert endpoints.service in ("podinfo", "plain", "web")
    assert isinstance(occurrence, Occurrence)
    assert occurrence.reason
    assert occurrence.type == "Normal"


def test_tolerations_are_those_that_the_workloads_were_given() -> None:
    tolerations = {
        event.object.app: event.object.toleration
        for event in replay("02")
        if isinstance(event.object, Pod)
    }
    assert tolerations == {"podinfo": 5.0, "plain": 300.0, "web": 5.0, "agent": None}


def about(kind: type[T], news: Sequence[Changed | Removed]) -> list[tuple[float, T]]:
    """What was told of the objects of a kind, and when."""
    return [(event.at, event.object) for event in news if isinstance(event.object, kind)]


def test_a_power_cut_is_told_as_it_happened() -> None:
    news = replay("02")
    nodes = about(Node, news)
    at, lost = next((at, node) for at, node in nodes if node.ready == "Unknown")
    assert lost.name == "node3"
    assert lost.reason == "NodeStatusUnknown"
    assert at == pytest.approx(6.8, abs=0.1)
    at, tainted = next((at, node) for at, node in nodes if node.tainted("NoExecute"))
    assert tainted.name == "node3"
    assert at == pytest.approx(6.9, abs=0.1)
    podinfo = [(at, pod) for at, pod in about(Pod, news) if pod.app == "podinfo"]
    evicted = [at for at, pod in podinfo if pod.deleting]
    assert evicted[0] == pytest.approx(11.9, abs=0.1)
    successors = [(at, pod) for at, pod in podinfo if 0 < at < 20 and pod.ready]
    assert successors[0][0] == pytest.approx(13.4, abs=0.1)
    assert successors[-1][0] == pytest.approx(14.9, abs=0.1)
    assert {pod.node for _, pod in successors} <= {"node1", "node2", "node4", "node5"}
    back = [at for at, node in nodes if node.ready == "True" and at > 7]
    assert back[0] == pytest.approx(30.1, abs=0.1)


def test_a_lost_pod_still_runs_as_far_as_its_phase_says() -> None:
    leaving = [e.object for e in replay("02") if isinstance(e.object, Pod) and e.object.deleting]
    assert leaving[0].phase == "Running"
    assert not leaving[0].ready


def test_pods_that_came_and_went_are_told_so() -> None:
    news = [e for e in replay("05") if isinstance(e.object, Pod)]
    gone = [e for e in news if isinstance(e, Removed)]
    assert len(gone) == 4  # of a Deployment, a StatefulSet, a DaemonSet, and one by force
    _, second = about(Pod, gone)[1]
    web = [e for e in news if isinstance(e.object, Pod) and e.object.name == second.name]
    assert len({e.object.uid for e in web}) == 2  # the same name, another pod
    assert [type(e) for e in web if e.object.uid == web[0].object.uid][-1] is Removed


def test_events_tell_which_object_they_are_about() -> None:
    news = replay("05")
    pods = {e.object.uid for e in news if isinstance(e.object, Pod) and e.at > 0}
    said = [e.object for e in news if isinstance(e.object, Occurrence) and e.at > 0]
    assert {one.about_uid for one in said if one.reason == "Scheduled"} <= pods
    assert {one.reason for one in said if one.about_uid in pods} >= {"Scheduled", "Killing"}


def test_the_servers_own_words_for_an_expired_version_are_understood() -> None:
    answers = {record["case"]: record for record in records(next(TRACES.glob("07*")))}
    expired = answers["watch-from-expired-rv"]["rawBody"].encode()
    found = read_line(expired.strip(), RESOURCES["pods"].decode)
    assert found == Status(410, "Expired", "too old resource version: 1 (5580)")
    page = answers["list-continue-token-expired"]["rawBody"].encode()
    assert read_page(page, RESOURCES["pods"].decode).token
