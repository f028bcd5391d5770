"""A surprise in one check is one finding, and what may not be seen is said; the rest goes on."""

from typing import Any

import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.cluster import Client
from chaosmonkey.config import build
from chaosmonkey.preflight import Finding, Level, check_cluster
from chaosmonkey.preflight.findings import isolated
from tests.unit._api_server import api_server

Json = dict[str, Any]

POWER = {"driver": "gpio", "pin": 17}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
SOUND = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "replicas": 2,
        "template": {
            "spec": {
                "tolerations": [
                    {"key": "node.kubernetes.io/unreachable", "tolerationSeconds": 2},
                ]
            }
        },
    },
}


async def found(client: Client, **cluster: object) -> list[Finding]:
    machines = [{"name": name, "power": POWER | {"pin": pin}} for name, pin in PINS.items()]
    lab = build(
        {"gpio": {"pin_factory": "mock"}, "timing": {"preset": "stage"}, "cluster": cluster}
        | {"machine": machines}
    )
    return [finding async for finding in check_cluster(lab, client, ManualClock())]


PINS = {"node1": 17, "node2": 18}


def nodes(*more: Json) -> list[Json]:
    return [{"metadata": {"name": "node1"}, "status": READY}, *more]


@pytest.mark.parametrize(
    "odd",
    [
        {"/api/v1/nodes": nodes({"metadata": {"name": "node2"}})},
        {"/api/v1/nodes": nodes({"metadata": {"name": "node2"}, "status": None})},
        {"/api/v1/nodes": nodes({"metadata": {"name": "n"}, "status": {"images": [{}]}})},
        {"/api/v1/nodes": nodes({"metadata": {"name": "n"}, "status": {"conditions": [{}]}})},
        {"/api/v1/nodes": nodes({})},
        {"/api/v1/nodes": nodes({"metadata": {"name": "n"}, "status": "what?"})},
        {"/api/v1/pods": [{}]},
        {"/api/v1/pods": [{"metadata": {"ownerReferences": [{}]}}]},
        {"/apis/apps/v1/deployments": [{"metadata": {"name": "odd"}}]},
        {"/apis/apps/v1/statefulsets": [{"spec": 3}]},
        {"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases": [{}, {"metadata": 1}]},
    ],
)
async def test_an_object_that_is_not_as_it_should_be_hides_no_other(
    odd: dict[str, list[Json]],
) -> None:
    objects: dict[str, list[Json]] = {
        "/api/v1/nodes": nodes(),
        "/apis/apps/v1/deployments": [],
    } | odd
    objects["/apis/apps/v1/deployments"] = [*objects["/apis/apps/v1/deployments"], SOUND]
    async with api_server(objects) as client:
        told = await found(client)
    assert ("shop/web", Level.OK) in {(one.about, one.level) for one in told}
    assert ("rights", Level.OK) in {(one.about, one.level) for one in told}
    surprises = [one for one in told if "does not know" in one.says]
    assert len(surprises) <= 2


async def test_with_rights_for_one_namespace_that_is_looked_at_and_nothing_is_a_fault() -> None:
    objects = {
        "/api/v1/nodes": nodes({"metadata": {"name": "node2"}, "status": READY}),
        "/apis/apps/v1/namespaces/shop/deployments": [SOUND],
    }
    async with api_server(objects, may_see=["shop"], namespaces=("shop",)) as client:
        told = await found(client, namespaces=["shop"])
    assert not [one for one in told if one.level in (Level.FAULT, Level.UNKNOWN)]
    assert ("shop/web", Level.OK) in {(one.about, one.level) for one in told}
    assert any("Only pods of shop are watched" in one.says for one in told)


async def test_a_namespace_that_may_not_be_seen_is_said_and_the_others_are_looked_at() -> None:
    objects = {
        "/api/v1/nodes": nodes(),
        "/apis/apps/v1/namespaces/shop/deployments": [SOUND],
    }
    async with api_server(objects, may_see=["shop"], namespaces=("shop", "cellar")) as client:
        told = await found(client, namespaces=["shop", "cellar"])
    (lacking,) = [one for one in told if one.level is Level.FAULT and one.about == "rights"]
    assert "list pods in cellar" in lacking.says
    assert "in shop" not in lacking.says
    assert ("shop/web", Level.OK) in {(one.about, one.level) for one in told}
    assert any("Not checked in cellar" in one.says for one in told if one.about == "pods")


async def test_a_cluster_without_any_node_has_none_for_the_machines() -> None:
    async with api_server({}) as client:
        told = await found(client)
    assert {one.about for one in told if "has no node called" in one.says} == set(PINS)


def test_a_check_that_raises_keeps_what_it_found_before() -> None:
    def look() -> Any:
        yield Finding(Level.OK, "a", "Good.")
        raise RecursionError("too deep")

    first, second = isolated("b", look)
    assert (first.about, second.about, second.level) == ("a", "b", Level.UNKNOWN)
    assert "RecursionError: too deep" in second.says
    assert second.remedy
