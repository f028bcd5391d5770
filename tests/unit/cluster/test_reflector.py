"""The sink stays equal to what the server says, whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from chaosmonkey.cluster.cache import SLICE
from chaosmonkey.cluster.errors import MalformedResponse, ReadTimeout, Replaced, Unreachable
from chaosmonkey.cluster.protocols import Position
from chaosmonkey.cluster.resources import ENDPOINT_SLICES


async def test_it_lists_once_and_then_follows_the_watch(bench: Any, server: Any, say: Any) -> None:
    server.will_list(say.pod("a"), version=10)
    server.will_watch(
        [
            say.line("ADDED", say.pod("b", version=11)),
            say.line("DELETED", say.pod("a", version=12)),
        ],
        say.HANG,
    )
    async with bench.running():
        assert server.asked == ["list pods", "watch pods 10"]
        assert bench.news == ["+a", "+b", "-a"]
        assert bench.reflector.health.version == "12"
        assert bench.reflector.health.current


async def test_a_clean_end_goes_on_from_the_last_version_without_listing(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    server.will_watch([say.line("ADDED", say.pod("b", version=11))], say.END)
    server.will_watch(say.HANG)
    async with bench.running():
        await bench.clock.advance(1)
        assert server.asked == ["list pods", "watch pods 10", "watch pods 11"]
        assert bench.reflector.health.current


async def test_a_bookmark_advances_the_version_and_is_no_news(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    server.will_watch([say.bookmark(40)], say.END)
    async with bench.running():
        await bench.clock.advance(1)
        assert server.asked[-1] == "watch pods 40"
        assert bench.news == []


async def test_an_expired_version_in_the_stream_lists_again_at_once(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(say.pod("a"), version=10)
    server.will_watch(say.END)
    server.will_watch([say.EXPIRED])
    server.will_list(say.pod("b", version=99), version=100)
    async with bench.running():
        await bench.clock.advance(0.3)
        assert server.asked == [
            "list pods", "watch pods 10", "watch pods 10", "list pods", "watch pods 100",
        ]  # fmt: skip
        assert bench.news == ["+a", "-a", "+b"]
        assert bench.reflector.health.trouble is None


async def test_an_expired_version_in_the_answer_lists_again_too(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    server.will_watch(say.END)
    server.watches.append(say.refused(410))
    server.will_list(version=100)
    async with bench.running():
        await bench.clock.advance(0.3)
        assert server.asked[-1] == "watch pods 100"


async def test_versions_that_always_expire_do_not_make_it_spin(
    bench: Any, server: Any, say: Any
) -> None:
    for version in range(1000):
        server.will_list(version=version)
        server.will_watch([say.EXPIRED])
    async with bench.running():
        await bench.clock.advance(60)
        assert 30 < len(server.asked) < 150


async def test_watches_that_end_at_once_do_not_make_it_spin(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    for _ in range(1000):
        server.will_watch(say.END)
    async with bench.running():
        await bench.clock.advance(60)
        assert 30 < len(server.asked) < 80


async def test_a_busy_server_is_left_alone_as_long_as_it_asks_and_not_listed_again(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    server.will_watch([say.bookmark(20)], say.END)
    server.watches.append(say.refused(429, retry_after=7))
    server.will_watch(say.HANG)
    async with bench.running():
        await bench.clock.advance(6.9)
        assert server.asked == ["list pods", "watch pods 10", "watch pods 20"]
        await bench.clock.advance(0.5)
        assert server.asked == ["list pods", "watch pods 10", "watch pods 20", "watch pods 20"]
        assert bench.reflector.health.trouble is None


async def test_a_server_that_is_busy_again_and_again_is_not_believed(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    for _ in range(100):
        server.watches.append(say.refused(429, retry_after=1))
    async with bench.running():
        await bench.clock.advance(3)
        assert bench.reflector.health.trouble is not None
        assert bench.reflector.health.version == "10"


async def test_a_broken_connection_lists_again_with_growing_waits(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    server.will_watch([say.bookmark(20)], Unreachable("broke"))
    server.lists.extend([Unreachable("refused")] * 5)
    server.will_list(say.pod("a", version=15), version=20)
    server.will_watch(say.HANG)
    async with bench.running():
        assert isinstance(bench.reflector.health.trouble, Unreachable)
        await bench.clock.advance(12)
        assert server.asked[2:] == [*["list pods"] * 6, "watch pods 20"]
        assert bench.reflector.health.current
        assert bench.news == ["+a"]


@pytest.mark.parametrize("what", ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"])
async def test_a_version_below_the_known_one_in_a_watch_lists_again_and_says_so(
    bench: Any, server: Any, say: Any, what: str
) -> None:
    said = say.bookmark(7) if what == "BOOKMARK" else say.line(what, say.pod("old", version=7))
    server.will_list(say.pod("a", version=900), version=900)
    server.will_watch([said], say.HANG)
    server.will_list(say.pod("b", version=5), version=7)
    async with bench.running():
        trouble = bench.reflector.health.trouble
        assert isinstance(trouble, Replaced)
        assert "900" in trouble.message
        await bench.clock.advance(0.3)
        assert server.asked[-2:] == ["list pods", "watch pods 7"]
        assert bench.news == ["+a", "-a", "+b"]
        assert bench.reflector.health.current


async def test_an_equal_version_is_no_step_back(bench: Any, server: Any, say: Any) -> None:
    server.will_list(say.pod("a", version=10), version=10)
    server.will_watch([say.bookmark(10)], [say.bookmark(10)], Unreachable("broke"))
    server.will_list(say.pod("a", version=10), version=10)
    async with bench.running():
        await bench.clock.advance(0.3)
        assert bench.told == ["NoneType", "NoneType", "Unreachable", "NoneType"]


async def test_a_list_below_the_known_version_is_said_before_it_is_believed(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(say.pod("a", version=900), version=900)
    server.will_watch(Unreachable("broke"))
    server.will_list(say.pod("b", version=5), version=7)
    server.will_list(say.pod("b", version=5), version=7)
    async with bench.running():
        await bench.clock.advance(2)
        assert bench.told[2:4] == ["Unreachable", "Replaced"]
        assert bench.news == ["+a", "-a", "+b"]
        assert bench.reflector.health.current


@pytest.mark.parametrize(
    ("now", "says"),
    [(Position("a", "3"), "went back in time"), (Position("b", "900"), "another cluster")],
)
async def test_a_watch_is_not_gone_on_with_at_a_server_that_is_not_the_one_it_was(
    bench: Any,
    server: Any,
    say: Any,
    caplog: pytest.LogCaptureFixture,
    now: Position,
    says: str,
) -> None:
    caplog.set_level("INFO")
    server.at = Position("a", "10")
    server.will_list(say.pod("a"), version=10)
    server.will_watch(say.END)
    server.will_list(say.pod("b", version=2), version=3)
    async with bench.running():
        server.at = now
        await bench.clock.advance(1)
        assert "Replaced" in bench.told
        assert says in caplog.text
        assert server.asked == ["list pods", "watch pods 10", "list pods", "watch pods 3"]
        assert bench.news == ["+a", "-a", "+b"]


async def test_who_may_not_read_the_clusters_uid_goes_by_versions_alone(
    bench: Any, server: Any, say: Any
) -> None:
    server.at = Position("", "10")
    server.will_list(version=10)
    server.will_watch(say.END)
    async with bench.running():
        await bench.clock.advance(1)
        assert server.asked == ["list pods", "watch pods 10", "watch pods 10"]


async def test_a_resumed_watch_is_believed_only_when_it_has_settled(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    server.watches.append(say.refused(503))
    server.will_watch(say.HANG)
    async with bench.running():
        await bench.clock.advance(0.3)
        assert server.asked[-1] == "watch pods 10"
        assert not bench.reflector.health.current
        await bench.clock.advance(1.0)
        assert bench.reflector.health.current


async def test_a_resumed_watch_is_believed_at_its_first_word(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    server.watches.append(say.refused(503))
    server.will_watch([say.bookmark(11)], say.HANG)
    async with bench.running():
        await bench.clock.advance(0.3)
        assert bench.reflector.health.current


async def test_blank_lines_do_not_keep_a_silent_watch_believed(
    bench: Any, server: Any, say: Any
) -> None:
    async def blank_lines(steps: Any) -> Any:
        while True:
            await bench.clock.sleep(1)
            yield []

    server._play = blank_lines
    server.will_list(version=10)
    server.will_list(version=11)
    async with bench.running():
        await bench.clock.advance(74)
        assert server.asked == ["list pods", "watch pods 10"]
        await bench.clock.advance(15)
        assert server.asked == ["list pods", "watch pods 10", "list pods", "watch pods 11"]


async def test_silence_for_too_long_ends_the_watch_and_lists_again(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    server.will_watch(say.HANG)
    server.will_list(version=11)
    async with bench.running():
        await bench.clock.advance(74)
        assert server.asked == ["list pods", "watch pods 10"]
        await bench.clock.advance(1.1)
        assert isinstance(bench.reflector.health.trouble, ReadTimeout)
        assert bench.reflector.health.received_at == bench.start
        await bench.clock.advance(1)
        assert server.asked == ["list pods", "watch pods 10", "list pods", "watch pods 11"]
        assert bench.reflector.health.current


async def test_garbage_lists_again_and_crashes_nothing(bench: Any, server: Any, say: Any) -> None:
    server.will_list(say.pod("a"), version=10)
    server.will_watch([b"<html>"])
    server.will_list(say.pod("a"), version=20)
    server.will_watch(say.HANG)
    async with bench.running():
        assert isinstance(bench.reflector.health.trouble, MalformedResponse)
        await bench.clock.advance(1)
        assert server.asked == ["list pods", "watch pods 10", "list pods", "watch pods 20"]
        assert bench.news == ["+a"]
        assert bench.reflector.health.current


async def test_what_came_before_the_garbage_counts(bench: Any, server: Any, say: Any) -> None:
    server.will_list(version=10)
    server.will_watch([say.line("ADDED", say.pod("a", version=11)), b"{"])
    server.will_list(say.pod("a", version=11), version=11)
    async with bench.running():
        await bench.clock.advance(1)
        assert bench.news == ["+a"]


async def test_pages_are_put_together(bench: Any, server: Any, say: Any) -> None:
    server.will_list(say.pod("a"), version=10, token="two")
    server.will_list(say.pod("b"), version=10)
    async with bench.running():
        assert server.asked == ["list pods", "list pods from two", "watch pods 10"]
        assert bench.news == ["+a", "+b"]


async def test_a_list_is_made_again_if_all_was_to_be_forgotten_while_it_was_told(
    bench: Any, server: Any, say: Any
) -> None:
    """Another collection found that this is another cluster, in the middle of a long list."""
    server.will_list(*(say.pod(f"a{number}") for number in range(3 * SLICE)), version=10)
    server.will_list(say.pod("b", version=2), version=3)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bench.reflector.run())
        while not bench.news:
            await asyncio.sleep(0)
        assert len(bench.news) == SLICE
        bench.reflector.start_over(Replaced("This is another cluster."))
        await bench.clock.advance(1)
        running.cancel()
    assert server.asked == ["list pods", "list pods", "watch pods 3"]
    assert bench.news[-1] == "+b"
    assert bench.reflector.health.current


async def test_an_expired_page_asks_for_all_at_once(bench: Any, server: Any, say: Any) -> None:
    server.will_list(say.pod("a"), version=10, token="two")
    server.lists.append(say.refused(410))
    server.will_list(say.pod("b"), version=30)
    async with bench.running():
        assert server.asked == [
            "list pods", "list pods from two", "list pods at once", "watch pods 30",
        ]  # fmt: skip
        assert bench.news == ["+b"]


@pytest.mark.parametrize("code", [403, 404])
async def test_what_is_forbidden_or_absent_is_asked_for_rarely_and_told_once(
    bench: Any, server: Any, say: Any, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    server.lists.extend([say.refused(code)] * 100)
    async with bench.running():
        await bench.clock.advance(599)
        assert len(server.asked) == 10
        assert len(caplog.records) == 1
        assert bench.reflector.health.known


async def test_it_comes_when_it_is_allowed_or_installed_at_last(
    bench: Any, server: Any, say: Any
) -> None:
    server.lists.append(say.refused(403))
    server.will_list(say.pod("a"), version=10)
    async with bench.running():
        await bench.clock.advance(61)
        assert bench.news == ["+a"]
        assert bench.reflector.health.current


async def test_an_old_server_is_asked_for_the_older_form(
    make_bench: Callable[..., Any], server: Any, say: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bench = make_bench(server, ENDPOINT_SLICES)
    server.lists.append(say.refused(404))
    server.will_list(say.pod("shop"), version=10)
    async with bench.running():
        await bench.clock.advance(1)
        assert server.asked == ["list endpointslices", "list endpoints", "watch endpoints 10"]
        assert bench.reflector.health.path == "/api/v1/endpoints"
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("code", [400, 401, 409, 500])
async def test_other_refusals_list_again_after_a_wait(
    bench: Any, server: Any, say: Any, code: int
) -> None:
    server.will_list(version=10)
    server.watches.append(say.refused(code))
    server.will_list(version=20)
    async with bench.running():
        assert server.asked == ["list pods", "watch pods 10"]
        await bench.clock.advance(0.3)
        assert server.asked == ["list pods", "watch pods 10", "list pods", "watch pods 20"]


async def test_a_server_that_starts_is_waited_for_without_listing_again(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    server.watches.extend([say.refused(503)] * 3)
    async with bench.running():
        await bench.clock.advance(5)
        assert server.asked == ["list pods", *["watch pods 10"] * 4]


async def test_an_interrupted_watch_is_opened_again(bench: Any, server: Any, say: Any) -> None:
    server.will_list(version=10)
    server.will_watch(say.HANG)
    server.will_list(version=12)
    async with bench.running():
        bench.reflector.interrupt(Unreachable("no pulse"))
        await bench.clock.advance(0.3)
        assert server.asked == ["list pods", "watch pods 10", "list pods", "watch pods 12"]


async def test_waits_begin_short_again_after_a_watch_that_lasted(
    bench: Any, server: Any, say: Any
) -> None:
    server.will_list(version=10)
    for _ in range(6):
        server.will_watch(say.END)
    server.will_watch(say.HANG)
    server.will_list(version=10)
    async with bench.running():
        await bench.clock.advance(30)
        bench.reflector.interrupt(Unreachable("broke"))
        before = len(server.asked)
        await bench.clock.advance(0.3)
        assert server.asked[before:] == ["list pods", "watch pods 10"]


async def test_a_bug_in_the_sink_is_not_swallowed(
    make_bench: Callable[..., Any], server: Any, say: Any
) -> None:
    bench = make_bench(server)
    server.will_list(version=10)
    server.will_watch([say.line("ADDED", say.pod("a", version=11))])

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    bench.cache.put = broken
    with pytest.raises(ExceptionGroup) as raised:
        await bench.reflector.run()
    assert raised.group_contains(ZeroDivisionError)


async def test_of_an_answer_that_makes_no_sense_only_words_are_kept(
    bench: Any, server: Any, say: Any
) -> None:
    """Its traceback would keep the whole of it, for each collection, until the next one."""
    server.will_list(say.pod("a"), version=10)
    server.will_watch([b"<html>not a watch event"], say.HANG)
    server.will_list(say.pod("a"), version=11)
    async with bench.running():
        trouble = bench.reflector.health.trouble
        assert isinstance(trouble, MalformedResponse)
        assert trouble.__traceback__ is None
        assert trouble.__context__ is None
        assert trouble.__cause__ is None
