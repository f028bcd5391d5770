"""The store: versions, conflicts, deletions, and a history with an end."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.apiserver.resources import CONFIG_MAPS, DEPLOYMENTS, PODS
from chaosmonkey.simcluster.apiserver.storage import Store, clone
from chaosmonkey.simcluster.timeline import Timeline


@pytest.fixture
def store() -> Store:
    return Store(Timeline(1_700_000_000.0), history=5)


def config(name: str = "one", **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "demo"}, "data": data}


def pod(name: str = "p", node: str = "node1") -> dict[str, Any]:
    spec = {"nodeName": node, "terminationGracePeriodSeconds": 30} if node else {}
    return {
        "metadata": {"name": name, "namespace": "demo"},
        "spec": spec,
        "status": {"phase": "Running"},
    }


def test_every_write_of_any_resource_has_a_version_of_its_own(store: Store) -> None:
    first = store.create(CONFIG_MAPS, config())
    second = store.create(PODS, pod())
    versions = [int(obj["metadata"]["resourceVersion"]) for obj in (first, second)]
    assert versions[1] == versions[0] + 1 == store.version


def test_a_name_can_be_taken_once(store: Store) -> None:
    store.create(CONFIG_MAPS, config())
    with pytest.raises(Refusal) as refused:
        store.create(CONFIG_MAPS, config())
    assert (refused.value.code, refused.value.reason) == (409, "AlreadyExists")


def test_a_writer_who_read_an_older_version_is_refused(store: Store) -> None:
    mine = clone(store.create(CONFIG_MAPS, config(a="1")))
    store.edit(CONFIG_MAPS, ("demo", "one"), lambda obj: obj["data"].update(a="2"))
    mine["data"]["a"] = "3"
    with pytest.raises(Refusal) as refused:
        store.update(CONFIG_MAPS, mine)
    assert (refused.value.code, refused.value.reason) == (409, "Conflict")
    assert store.get(CONFIG_MAPS, "demo", "one")["data"] == {"a": "2"}


def test_a_write_that_changes_nothing_makes_no_version(store: Store) -> None:
    before = store.create(CONFIG_MAPS, config(a="1"))
    store.edit(CONFIG_MAPS, ("demo", "one"), lambda obj: None)
    assert store.get(CONFIG_MAPS, "demo", "one") is before


def test_the_generation_counts_changes_of_the_spec_only(store: Store) -> None:
    store.create(DEPLOYMENTS, {"metadata": {"name": "d", "namespace": "demo"}, "spec": {"n": 1}})
    store.edit(DEPLOYMENTS, ("demo", "d"), lambda obj: obj.update(status={"replicas": 1}))
    assert store.get(DEPLOYMENTS, "demo", "d")["metadata"]["generation"] == 1
    store.edit(DEPLOYMENTS, ("demo", "d"), lambda obj: obj.update(spec={"n": 2}))
    assert store.get(DEPLOYMENTS, "demo", "d")["metadata"]["generation"] == 2


def test_a_deleted_pod_that_runs_is_first_marked_with_a_time_in_the_future(store: Store) -> None:
    store.create(PODS, pod())
    marked = store.delete(PODS, ("demo", "p"))
    assert marked["metadata"]["deletionTimestamp"] == "2023-11-14T22:13:50Z"
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    assert store.find(PODS, "demo", "p") is not None


def test_a_second_deletion_may_shorten_the_time_but_not_lengthen_it(store: Store) -> None:
    store.create(PODS, pod())
    store.delete(PODS, ("demo", "p"), grace=10)
    assert store.delete(PODS, ("demo", "p"), grace=20)["metadata"][
        "deletionGracePeriodSeconds"
    ] == (10)
    store.delete(PODS, ("demo", "p"), grace=0)
    assert store.find(PODS, "demo", "p") is None


def test_a_pod_that_runs_nowhere_is_gone_at_once(store: Store) -> None:
    store.create(PODS, pod(node=""))
    store.delete(PODS, ("demo", "p"))
    assert store.find(PODS, "demo", "p") is None


def test_what_has_a_finalizer_stays_until_the_last_one_is_taken_away(store: Store) -> None:
    held = config()
    held["metadata"]["finalizers"] = ["me"]
    store.create(CONFIG_MAPS, held)
    store.delete(CONFIG_MAPS, ("demo", "one"))
    assert "deletionTimestamp" in store.get(CONFIG_MAPS, "demo", "one")["metadata"]
    store.edit(CONFIG_MAPS, ("demo", "one"), lambda obj: obj["metadata"].pop("finalizers"))
    assert store.find(CONFIG_MAPS, "demo", "one") is None


def test_the_history_has_an_end_and_says_where(store: Store) -> None:
    cache = store.cache(CONFIG_MAPS)
    for number in range(8):
        store.create(CONFIG_MAPS, config(f"c{number}"))
    kept = [change.key[1] for change in cache.since(cache.floor)]
    assert kept == ["c3", "c4", "c5", "c6", "c7"]


def test_compaction_forgets_everything_up_to_now(store: Store) -> None:
    store.create(CONFIG_MAPS, config())
    store.compact()
    cache = store.cache(CONFIG_MAPS)
    assert cache.floor == store.version
    assert not list(cache.since(cache.floor))


def test_listeners_hear_before_the_write_returns(store: Store) -> None:
    heard: list[str] = []
    store.subscribe(CONFIG_MAPS, lambda change: heard.append(change.what))
    store.create(CONFIG_MAPS, config())
    store.edit(CONFIG_MAPS, ("demo", "one"), lambda obj: obj.update(data={"a": "1"}))
    store.delete(CONFIG_MAPS, ("demo", "one"))
    assert heard == ["ADDED", "MODIFIED", "DELETED"]


def put(text: str, obj: dict[str, Any]) -> None:
    obj.update(data={"n": text})


WRITES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "delete"])))


@given(writes=WRITES, look=st.integers(min_value=0, max_value=20))
def test_a_snapshot_is_what_there_was_at_that_version(
    writes: list[tuple[str, str]], look: int
) -> None:
    store = Store(Timeline(0.0))
    then: dict[int, dict[str, str]] = {store.version: {}}
    for number, (name, what) in enumerate(writes):
        key = ("demo", name)
        if what == "delete":
            if store.find(CONFIG_MAPS, *key):
                store.delete(CONFIG_MAPS, key)
        elif store.edit(CONFIG_MAPS, key, partial(put, str(number))) is None:
            store.create(CONFIG_MAPS, config(name, n=str(number)))
        there = store.all(CONFIG_MAPS)
        then[store.version] = {o["metadata"]["name"]: o["data"]["n"] for o in there}
    version = min(1 + look, store.version)
    held = store.cache(CONFIG_MAPS).at(version)
    assert {key[1]: change.object["data"]["n"] for key, change in held.items()} == then[version]


@given(writes=WRITES)
def test_an_index_is_always_what_a_scan_would_find(writes: list[tuple[str, str]]) -> None:
    store = Store(Timeline(0.0))
    index = store.index(CONFIG_MAPS, "n", lambda obj: (obj["data"]["n"],))
    for number, (name, what) in enumerate(writes):
        key = ("demo", name)
        text = str(number % 3)
        if what == "delete":
            if store.find(CONFIG_MAPS, *key):
                store.delete(CONFIG_MAPS, key)
        elif store.edit(CONFIG_MAPS, key, partial(put, text)) is None:
            store.create(CONFIG_MAPS, config(name, n=text))
    for term in "012":
        scan = [o for o in store.all(CONFIG_MAPS) if o["data"]["n"] == term]
        by_name = sorted(index.find(term), key=lambda o: o["metadata"]["name"])
        assert by_name == sorted(scan, key=lambda o: o["metadata"]["name"])
