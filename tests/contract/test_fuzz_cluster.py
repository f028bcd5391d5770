"""Whatever an API server says of its objects, the server goes on: mutations of real recordings.

    recorded line ─► mutated ─► decoded ─► cache ─► tracker ─► board       nothing raises

The seed is fixed. For more of them: python -m tests.contract.test_fuzz_cluster 100000
"""

import asyncio
import copy
import random
import sys
from typing import Any, cast

import orjson

from chaosmonkey.cluster import decoding
from chaosmonkey.cluster.cache import Cache
from chaosmonkey.cluster.errors import MalformedResponse, Replaced, Status
from chaosmonkey.cluster.health import Health
from chaosmonkey.control.rules import Facts
from chaosmonkey.control.safety import Safety
from chaosmonkey.hub import BoardPublisher, Hub
from chaosmonkey.model import Changed, Fresh, Removed, Tick
from chaosmonkey.outage.tracker import Tracker
from tests.contract._replay import DECODERS, EPOCH, TRACES, _cut, _lines
from tests.unit.control.test_guard import lab

MUTATIONS = 4000
LIFE = 200
"""Mutated lines that one tracker lives through, so that what they leave behind counts too."""

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 1.5, -0.0, 1e308, "", "0", "x" * 5000,
    "9" * 5000, "\u202e\u0000", "2026-11-29T00:00:00Z", "99999-01-01T00:00:00Z", "node3", "True",
    [], {}, [None], [[]], [{}], {"": None}, [{"type": "Ready"}], {"metadata": {}}, ["a", 1, {}],
]  # fmt: skip


class Life:
    """A server's tracker and board, as far as objects of the cluster reach."""

    def __init__(self) -> None:
        self.now = EPOCH
        self.tracker = Tracker()
        self.hub = Hub(lambda: self.now)
        self.board = BoardPublisher(
            self.hub,
            lab(),
            world=self.tracker.world,
            plugs=cast("Any", {}),
            cuts={},
            feed_monitor=cast("Any", None),
            cooldown_until=lambda _: None,
            facts=lambda _: Facts(
                world=self.tracker.world, off={}, outages={}, now=self.now, safety=Safety()
            ),
        )
        self.caches = {name: Cache(self.publish) for name in DECODERS}
        self.healths = {name: Health(name) for name in DECODERS}
        self.tell(Fresh(self.now))

    def publish(self, event: Changed | Removed) -> None:
        self.tell(event)

    def tell(self, event: Any) -> None:
        changed = self.tracker.handle(event)
        self.board.after(event)
        for outage in changed:
            self.board.show_outage(outage)

    def hear(self, resource: str, line: bytes) -> None:
        """What a reflector does with a line."""
        self.now += 0.05
        try:
            match decoding.read_line(line, DECODERS[resource]):
                case decoding.Present(entry):
                    self.healths[resource].reach(entry.version)
                    self.caches[resource].put(entry, self.now)
                case decoding.Deleted(entry):
                    self.healths[resource].reach(entry.version)
                    self.caches[resource].remove(entry, self.now)
                case decoding.Bookmark(version) | decoding.Dropped(_, version):
                    self.healths[resource].reach(version)
                case Status():
                    pass  # the watch ends
        except MalformedResponse:
            return
        except Replaced:
            self.healths[resource].forget()


def mutate(found: Any, chance: random.Random) -> Any:
    """The same with one to three of its values changed, dropped, doubled or moved."""
    found = copy.deepcopy(found)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        where = found
        while True:
            keys = list(where) if isinstance(where, dict) else list(range(len(where)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(where[key], dict | list) and where[key] and chance.random() < 0.8:
                where = where[key]
                continue
            match chance.randrange(5):
                case 0:
                    del where[key]
                case 1 if isinstance(where, list):
                    where.append(copy.deepcopy(where[key]))
                case 2 if isinstance(where, dict):
                    where[chance.choice(keys)] = copy.deepcopy(where[key])
                case _:
                    where[key] = copy.deepcopy(chance.choice(ODD))
            break
    return found


async def test_no_mutated_object_of_a_recording_ends_the_server() -> None:
    survive(MUTATIONS)


def survive(mutations: int) -> None:
    """Take so many mutated lines in; AssertionError at the first that is not survived."""
    chance = random.Random(20261129)
    lines = [
        (resource, orjson.loads(line))
        for name in sorted(path.name.removesuffix(".jsonl.gz") for path in TRACES.glob("0[1246]*"))
        for _, resource, line in _lines(name)
    ]
    life = Life()
    for number in range(mutations):
        if number % LIFE == 0:
            life = Life()
            for resource, event in lines[:120]:
                life.hear(resource, orjson.dumps(event))
            life.tell(_cut("node3", life.now, cast("Any", "power")))
        resource, event = chance.choice(lines)
        mutated = mutate(event, chance)
        try:
            life.hear(resource, orjson.dumps(mutated))
            if number % 10 == 0:
                life.tell(Tick(life.now))
                orjson.dumps(life.hub.state)  # what a page is sent
        except Exception as error:
            raise AssertionError(f"mutation {number} of {resource}: {mutated}") from error


async def test_no_mutated_list_ends_the_server() -> None:
    chance = random.Random(20261130)
    by_resource: dict[str, list[Any]] = {}
    for _, resource, line in _lines("02-power-cut-grace8"):
        by_resource.setdefault(resource, []).append(orjson.loads(line)["object"])
    life = Life()
    for number in range(MUTATIONS // 40):
        resource = chance.choice(sorted(by_resource))
        items = chance.sample(by_resource[resource], min(12, len(by_resource[resource])))
        page = {"metadata": {"resourceVersion": "1"}, "items": items}
        mutated = mutate(page, chance)
        try:
            found = decoding.read_page(orjson.dumps(mutated), DECODERS[resource])
        except MalformedResponse:
            continue
        try:
            list(life.caches[resource].replace(found.entries, life.now))
        except Exception as error:
            raise AssertionError(f"list {number} of {resource}: {mutated}") from error


if __name__ == "__main__":

    async def main() -> None:
        survive(int(sys.argv[1]))

    asyncio.run(main())
