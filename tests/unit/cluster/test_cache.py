"""Whatever the server says comes out as the same news."""

from chaosmonkey.cluster.cache import SLICE, Cache, older
from chaosmonkey.cluster.decoding import DecodedObject
from chaosmonkey.model import Changed, Pod, Removed


def entry(name: str, uid: str = "", version: int = 1, node: str | None = None) -> DecodedObject:
    uid = uid or f"uid-{name}"
    found = Pod(uid=uid, namespace="demo", name=name, node=node)
    return DecodedObject(uid, f"demo/{name}", str(version), found)


def nodes(cache: Cache) -> list[str | None]:
    """Where the pods in it are."""
    return [found.node for found in cache if isinstance(found, Pod)]


class Recorder:
    def __init__(self) -> None:
        self.events: list[Changed | Removed] = []

    def __call__(self, event: Changed | Removed) -> None:
        self.events.append(event)

    def take(self) -> list[str]:
        found = [
            f"{'+' if isinstance(event, Changed) else '-'}{event.object.uid}"
            for event in self.events
        ]
        self.events.clear()
        return found


def test_the_first_list_is_news_in_its_order() -> None:
    news = Recorder()
    list(Cache(news).replace([entry("b"), entry("a")], at=5.0))
    assert news.events[0].at == 5.0
    assert news.take() == ["+uid-b", "+uid-a"]


def test_a_long_list_is_told_in_slices_and_so_is_what_is_gone() -> None:
    news = Recorder()
    cache = Cache(news)
    listed = [entry(str(number)) for number in range(2 * SLICE + 1)]
    told = [len(news.take()) for _ in cache.replace(listed, at=5.0)]
    assert [*told, len(news.take())] == [SLICE, SLICE, 1]
    gone = [len(news.take()) for _ in cache.replace([], at=6.0)]
    assert [*gone, len(news.take())] == [SLICE, SLICE, 1]


def test_a_new_list_becomes_what_was_missed_deletions_first() -> None:
    news = Recorder()
    cache = Cache(news)
    list(cache.replace([entry("a"), entry("b"), entry("c")], 1.0))
    news.take()
    list(cache.replace([entry("b", version=9, node="n2"), entry("c", version=9), entry("d")], 2.0))
    assert news.take() == ["-uid-a", "+uid-b", "+uid-d"]


def test_after_a_gap_what_is_new_is_told_after_what_was_known() -> None:
    """Else a pod would be there before the one that it replaces was given up."""
    news = Recorder()
    cache = Cache(news)
    list(cache.replace([entry("z")], 1.0))
    news.take()
    list(cache.replace([entry("a"), entry("z", version=2, node="n2")], 2.0))
    assert news.take() == ["+uid-z", "+uid-a"]


def test_the_same_name_with_another_uid_is_one_gone_and_one_new() -> None:
    news = Recorder()
    cache = Cache(news)
    list(cache.replace([entry("a", "first")], 1.0))
    list(cache.replace([entry("a", "second", 7)], 2.0))
    assert news.take() == ["+first", "-first", "+second"]
    cache.put(entry("a", "third", 8), 3.0)
    assert news.take() == ["-second", "+third"]
    assert len(cache) == 1


def test_nothing_is_said_where_the_model_sees_no_difference() -> None:
    news = Recorder()
    cache = Cache(news)
    cache.put(entry("a", version=1), 1.0)
    cache.put(entry("a", version=2), 2.0)
    assert news.take() == ["+uid-a"]


def test_an_older_version_of_an_object_is_left_aside() -> None:
    news = Recorder()
    cache = Cache(news)
    cache.put(entry("a", version=10, node="new"), 1.0)
    cache.put(entry("a", version=9, node="old"), 2.0)
    assert nodes(cache) == ["new"]


def test_versions_that_look_the_same_to_the_model_still_count_as_newer() -> None:
    cache = Cache(Recorder())
    cache.put(entry("a", version=1, node="x"), 1.0)
    cache.put(entry("a", version=5, node="x"), 2.0)
    cache.put(entry("a", version=3, node="y"), 3.0)
    assert nodes(cache) == ["x"]


def test_a_list_is_believed_even_if_its_versions_are_older() -> None:
    cache = Cache(Recorder())
    cache.put(entry("a", version=100, node="before"), 1.0)
    list(cache.replace([entry("a", version=7, node="restored from a backup")], 2.0))
    assert nodes(cache) == ["restored from a backup"]


def test_a_removal_tells_the_last_state_and_happens_once() -> None:
    news = Recorder()
    cache = Cache(news)
    cache.put(entry("a", version=1), 1.0)
    cache.remove(entry("a", version=2, node="last"), 2.0)
    cache.remove(entry("a", version=2, node="last"), 3.0)
    (_, removed) = news.events
    assert isinstance(removed.object, Pod)
    assert removed.object.node == "last"
    assert len(cache) == 0


def test_what_is_history_at_the_start_is_no_news_but_what_comes_later_is() -> None:
    news = Recorder()
    cache = Cache(news, history=True)
    list(cache.replace([entry("old")], 1.0))
    assert news.take() == []
    list(cache.replace([entry("old"), entry("missed")], 2.0))
    assert news.take() == ["+uid-missed"]


def test_versions_that_are_no_numbers_are_never_older() -> None:
    assert older("9", "10")
    assert not older("10", "10")
    assert not older("abc", "abd")
