"""All phones get the same bytes, the latest only, and nobody waits for them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
import pytest

from chaosmonkey.hub.phone_stream import AT_ONCE, PAUSE, PhoneStream
from chaosmonkey.hub.phone_views import Play
from chaosmonkey.model import FeedKind
from tests.patience import until


@dataclass(eq=False)
class Phone:
    """Writes down what it is told, and tells others."""

    heard: list[bytes] = field(default_factory=list)
    beats: list[bytes] = field(default_factory=list)
    then: Callable[[], None] = lambda: None

    def offer(self, frame: bytes) -> None:
        self.heard.append(frame)
        self.then()

    def beat(self, frame: bytes) -> None:
        self.beats.append(frame)


def play(title: str) -> Play:
    return Play(
        type="play", seq=1, at=1000.0, speed=1.0, title=title, round=None, nicknames=False,
        feed=FeedKind.POWER, phones=0, outage=None, table_lost_at=None,
    )  # fmt: skip


def framed(message: bytes) -> bytes:
    return b"frame:" + message


def titles(phone: Phone) -> list[str]:
    return [orjson.loads(frame.removeprefix(b"frame:"))["title"] for frame in phone.heard]


@pytest.fixture
async def stream() -> PhoneStream:
    return PhoneStream(lambda: 1000.0, framed)


async def test_a_message_is_framed_once_and_its_bytes_are_the_same_for_all(
    stream: PhoneStream,
) -> None:
    one, two = Phone(), Phone()
    with stream.subscribed(one), stream.subscribed(two):
        stream.show(play("hello"))
        await until(lambda: two.heard)
        assert titles(one) == ["hello"]
        assert one.heard[0] is two.heard[0]


async def test_a_newcomer_is_told_the_latest_at_once(stream: PhoneStream) -> None:
    first, late = Phone(), Phone()
    with stream.subscribed(first):
        stream.show(play("hello"))
        await until(lambda: first.heard)
        with stream.subscribed(late):
            assert late.heard == first.heard


async def test_what_changes_often_is_told_seldom_and_the_last_of_it_always(
    stream: PhoneStream,
) -> None:
    phone = Phone()
    with stream.subscribed(phone):
        for number in range(100):
            stream.show(play(f"{number}"))
            await asyncio.sleep(PAUSE / 20)
        await until(lambda: titles(phone)[-1:] == ["99"])
        assert 5 <= len(phone.heard) <= 6


async def test_what_may_wait_is_replaced_by_what_may_not(stream: PhoneStream) -> None:
    phone = Phone()
    loop = asyncio.get_running_loop()
    with stream.subscribed(phone):
        stream.show(play("first"))
        await until(lambda: phone.heard)
        began = loop.time()
        stream.show(play("lazy"), within=10 * PAUSE)
        await asyncio.sleep(2 * PAUSE)
        assert titles(phone) == ["first"]
        stream.show(play("urgent"))
        stream.show(play("the same, counted anew"), within=10 * PAUSE)
        await until(lambda: len(phone.heard) > 1)
        assert titles(phone) == ["first", "the same, counted anew"]
        assert loop.time() - began < 10 * PAUSE
        stream.show(play("lazy again"), within=4 * PAUSE)
        await until(lambda: len(phone.heard) > 2)
        assert titles(phone)[2:] == ["lazy again"]


async def test_between_two_hundreds_of_phones_others_have_their_turn(stream: PhoneStream) -> None:
    told: list[int] = []
    phones = [Phone(then=lambda: told.append(0)) for _ in range(3 * AT_ONCE)]
    turns: list[int] = []

    def turn() -> None:
        turns.append(len(told))
        if len(told) < len(phones):
            asyncio.get_running_loop().call_soon(turn)

    for phone in phones:
        stream._listeners[phone] = None
    stream.show(play("hello"))
    asyncio.get_running_loop().call_soon(turn)
    await until(lambda: len(told) == len(phones))
    assert {AT_ONCE, 2 * AT_ONCE} <= set(turns)


async def test_news_that_comes_while_the_last_is_on_its_way_waits_for_its_end(
    stream: PhoneStream,
) -> None:
    phones = [Phone() for _ in range(3 * AT_ONCE)]
    phones[0].then = lambda: stream.show(play("second")) if len(phones[0].heard) == 1 else None
    for phone in phones:
        stream._listeners[phone] = None
    stream.show(play("first"))
    await until(lambda: len(phones[-1].heard) == 2)
    assert all(titles(phone) == ["first", "second"] for phone in phones)


async def test_whoever_leaves_is_told_nothing_more(stream: PhoneStream) -> None:
    phone, other = Phone(), Phone()
    with stream.subscribed(other):
        with stream.subscribed(phone):
            pass
        stream.show(play("hello"))
        await until(lambda: other.heard)
    assert phone.heard == []
    assert stream.listening == 0


async def test_after_a_silence_all_get_a_sign_of_life_and_it_is_not_the_latest(
    stream: PhoneStream,
) -> None:
    phone, late = Phone(), Phone()
    with stream.subscribed(phone):
        stream.show(play("hello"))
        await until(lambda: len(phone.beats) == 2)
        assert phone.beats[0] == b'frame:{"type":"beat","at":1000.0}'
        with stream.subscribed(late):
            assert titles(late) == titles(phone) == ["hello"]


async def test_without_phones_nothing_goes_on_and_the_first_one_starts_the_heart_again(
    stream: PhoneStream,
) -> None:
    with stream.subscribed(Phone()):
        pass
    await until(lambda: stream._heart is None)
    phone = Phone()
    with stream.subscribed(phone):
        await until(lambda: phone.beats)


async def test_a_closed_stream_says_nothing(stream: PhoneStream) -> None:
    phone = Phone()
    with stream.subscribed(phone):
        stream.show(play("hello"))
        stream.close()
        stream.show(play("again"))
        await asyncio.sleep(2 * PAUSE)
        assert phone.heard == []
