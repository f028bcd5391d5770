"""Deletion of an owner: in the background, in the foreground, or of it alone."""

from __future__ import annotations

from typing import Any

import pytest

from chaosmonkey.simcluster.apiserver.handlers import Handlers
from chaosmonkey.simcluster.apiserver.paths import Target
from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.apiserver.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    NAMESPACES,
    PODS,
    REPLICA_SETS,
)
from chaosmonkey.simcluster.apiserver.storage import clone
from chaosmonkey.simcluster.world import World
from tests.unit.simcluster.bodies import json_body

Obj = dict[str, Any]
CART = Target(DEPLOYMENTS, "shop", "cart")


def delete(world: World, policy: str) -> None:
    Handlers(world.store, world.admission).delete(CART, json_body(propagationPolicy=policy), {})


def of_cart(world: World, resource: Any) -> list[Obj]:
    every = world.store.all(resource)
    return [obj for obj in every if obj["metadata"].get("labels", {}).get("app") == "cart"]


def test_orphaned_sets_and_pods_stay_and_are_adopted_by_the_same_deployment(world: World) -> None:
    manifest = clone(world.store.get(DEPLOYMENTS, "shop", "cart"))
    before = {pod["metadata"]["uid"] for pod in of_cart(world, PODS)}
    delete(world, "Orphan")
    world.run_for(10)
    assert world.store.find(DEPLOYMENTS, "shop", "cart") is None
    (kept,) = of_cart(world, REPLICA_SETS)
    assert "ownerReferences" not in kept["metadata"]
    assert {pod["metadata"]["uid"] for pod in of_cart(world, PODS)} == before
    meta = {"name": "cart", "namespace": "shop", "labels": {"app": "cart"}}
    world.apply(
        {field: manifest[field] for field in ("apiVersion", "kind", "spec")} | {"metadata": meta}
    )
    world.run_for(10)
    (adopted,) = of_cart(world, REPLICA_SETS)
    assert adopted["metadata"]["uid"] == kept["metadata"]["uid"]
    assert adopted["metadata"]["ownerReferences"][0]["name"] == "cart"
    assert {pod["metadata"]["uid"] for pod in of_cart(world, PODS)} == before


def test_an_owner_deleted_in_the_foreground_goes_after_its_dependents(world: World) -> None:
    gone: list[str] = []

    def note(change: Any) -> None:
        if change.what == "DELETED" and change.object["metadata"]["name"].startswith("cart"):
            gone.append(change.object["kind"])

    for resource in (DEPLOYMENTS, REPLICA_SETS, PODS):
        world.store.subscribe(resource, note)
    delete(world, "Foreground")
    held = world.store.get(DEPLOYMENTS, "shop", "cart")["metadata"]
    assert held["finalizers"] == ["foregroundDeletion"]
    assert "deletionTimestamp" in held
    world.run_for(20)
    assert gone == ["Pod"] * 5 + ["ReplicaSet", "Deployment"]


def test_an_owner_deleted_in_the_background_goes_first(world: World) -> None:
    delete(world, "Background")
    assert world.store.find(DEPLOYMENTS, "shop", "cart") is None
    world.run_for(20)
    assert of_cart(world, PODS) == []


def test_a_namespace_that_is_being_deleted_accepts_no_new_object(world: World) -> None:
    world.store.delete(NAMESPACES, ("", "shop"))
    note = json_body(metadata={"name": "late"}, data={})
    with pytest.raises(Refusal) as refused:
        Handlers(world.store, world.admission).create(Target(CONFIG_MAPS, "shop"), note, {})
    assert refused.value.code == 403
    assert refused.value.message == (
        'configmaps "late" is forbidden: unable to create new content in namespace shop because '
        "it is being terminated"
    )
    (cause,) = refused.value.status()["details"]["causes"]
    assert cause["reason"] == "NamespaceTerminating"
