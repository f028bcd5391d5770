"""An object that a controller cannot handle stops nothing else, and the log says which it is."""

from __future__ import annotations

import pytest

from chaosmonkey.simcluster.apiserver.resources import DEPLOYMENTS, NODES, PODS
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Obj
from chaosmonkey.simcluster.world import World


def deployment(name: str) -> Obj:
    labels = {"app": name}
    containers = [{"name": name, "image": "registry.example/x:1"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def pods_of(world: World, name: str) -> int:
    pods = world.store.all(PODS)
    return sum(pod["metadata"].get("labels", {}).get("app") == name for pod in pods)


def test_a_deployment_without_defaults_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.run_for(20)
    broken = deployment("broken")
    world.store.create(DEPLOYMENTS, broken)
    world.apply(deployment("whole"))
    world.run_for(20)
    assert (pods_of(world, "whole"), pods_of(world, "broken")) == (1, 0)
    assert "Deployments cannot reconcile default/broken. Retrying." in caplog.text
    caplog.clear()


def test_a_broken_object_is_reconciled_once_it_is_repaired(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.run_for(20)
    world.store.create(DEPLOYMENTS, deployment("broken"))
    world.run_for(5)

    def repair(owner: Obj) -> None:
        world.admission.complete(DEPLOYMENTS, owner)

    world.store.edit(DEPLOYMENTS, ("default", "broken"), repair)
    world.run_for(30)
    assert pods_of(world, "broken") == 1
    caplog.clear()


def test_a_listener_that_fails_does_not_fail_the_write(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    seen: list[str] = []

    def fail(change: Change) -> None:
        raise KeyError(change.what)

    world.store.subscribe(NODES, fail)
    world.store.subscribe(NODES, lambda change: seen.append(change.key[1]))
    world.store.create(NODES, {"metadata": {"name": "extra"}, "spec": {}, "status": {}})
    assert seen == ["extra"]
    assert "A listener cannot handle Node extra; continuing." in caplog.text
    caplog.clear()


def test_a_node_that_no_kubelet_reports_for_disturbs_nothing() -> None:
    world = World()
    world.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "handmade"}})
    world.apply(deployment("whole"))
    world.run_for(60)
    assert pods_of(world, "whole") == 1
