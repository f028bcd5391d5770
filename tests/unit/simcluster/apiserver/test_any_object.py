"""Whatever object is sent, it is stored or refused, and what is stored breaks nothing."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import orjson
import pytest

from chaosmonkey.simcluster.apiserver.handlers import Handlers
from chaosmonkey.simcluster.apiserver.negotiation import Body, VerbAnswer
from chaosmonkey.simcluster.apiserver.paths import Target
from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.apiserver.resources import RESOURCES, ApiResource
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.tables import table
from chaosmonkey.simcluster.world import World
from tests.unit.simcluster.apiserver.sparse import sparse_object, varied_object

PATCHES = ("application/merge-patch+json", "application/strategic-merge-patch+json")
COUNT = 40
"""Random objects of each kind."""

_serial = itertools.count()


class Errors(logging.Handler):
    """The errors that parts of a world log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.getMessage()} {record.exc_info}")


@pytest.fixture(scope="module")
def errors() -> Iterator[Errors]:
    seen = Errors()
    logger = logging.getLogger("chaosmonkey.simcluster")
    logger.addHandler(seen)
    yield seen
    logger.removeHandler(seen)


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.run_for(10)
    return world


def accepted(call: Callable[[], VerbAnswer]) -> Any:
    """The object that a verb returns; None if it refuses the request as malformed or invalid."""
    try:
        return call().object
    except Refusal as refusal:
        # A list item without its key is the one mistake for which Kubernetes answers 500.
        unkeyed = refusal.code == 500 and "declared merge key" in refusal.message
        if refusal.code not in {400, 422} and not unkeyed:
            raise
        return None


def write(world: World, resource: ApiResource, obj: Any, change: Any, media_type: str) -> Any:
    """Create an object and patch it and its status; None if it is refused."""
    verbs = Handlers(world.store, world.admission)
    namespace = "default" if resource.namespaced else ""
    named = obj | {"metadata": {"name": f"any-{next(_serial)}"}}
    body = Body(orjson.dumps(named), "application/json")
    stored = accepted(lambda: verbs.create(Target(resource, namespace, ""), body, {}))
    if stored is None:
        return None
    key, patch = key_of(stored), Body(orjson.dumps(change), media_type)
    for part in ("", *(part for part in resource.subresources if part == "status")):
        target = Target(resource, *key, part)
        changed = accepted(lambda target=target: verbs.patch(target, patch, {}))  # type: ignore[misc]
        stored = stored if changed is None else changed
    return stored


def drawn(how: str, resource: ApiResource, random: Random) -> Any:
    if how == "valid but varied":
        return varied_object(resource, random)
    return sparse_object(resource, random, odd=how == "odd")


@pytest.mark.parametrize("how", ["sparse", "odd", "valid but varied"])
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda row: row.plural)
def test_any_object_is_stored_or_refused_and_breaks_nothing(
    world: World, errors: Errors, resource: ApiResource, how: str
) -> None:
    kept = 0
    for seed in range(COUNT):
        random = Random(f"{resource.plural} {how} {seed}")
        obj, change = drawn(how, resource, random), drawn(how, resource, random)
        stored = write(world, resource, obj, change, random.choice(PATCHES))
        if stored is None:
            continue
        kept += 1
        assert table(resource, [stored], {}, world.now)["rows"]
        world.run_for(2)
        assert errors.texts == [], (seed, stored)
        world.store.delete(resource, key_of(stored), grace=0)
        world.run_for(1)
    assert kept or how != "valid but varied"
