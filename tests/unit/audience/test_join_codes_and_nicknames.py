# ruff: noqa: RUF001 - characters that look like others are what is tested
"""The code on the stage, and what phones may call themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.audience.join_codes import (
    ALPHABET,
    LENGTH,
    CodeWanted,
    JoinCodes,
    check_code,
    scanned_url,
    typed_url,
)
from chaosmonkey.audience.nicknames import LONGEST, Nicknames, is_offensive, tidy
from chaosmonkey.audience.rounds import RoundRefused
from chaosmonkey.clock import ManualClock
from chaosmonkey.config import Audience
from chaosmonkey.errors import BadInput

SETTINGS = Audience(rotate=300)


def codes(clock: ManualClock, key: bytes = b"key") -> JoinCodes:
    return JoinCodes(key, SETTINGS, clock)


async def test_the_code_changes_and_the_one_before_is_still_good() -> None:
    clock = ManualClock(300_000.0)
    made = codes(clock)
    first = made.current
    assert len(first) == LENGTH
    assert set(first) <= set(ALPHABET)
    await clock.advance(299)
    assert made.current == first
    await clock.advance(1)
    assert made.current != first
    made.check(first)
    await clock.advance(300)
    with pytest.raises(CodeWanted, match="wrong or has expired"):
        made.check(first)


async def test_an_edge_knows_a_code_before_the_stage_shows_it() -> None:
    clock = ManualClock(300_000.0)
    made = codes(clock)
    sent = made.for_edges
    before = made.current
    await clock.advance(300)
    check_code(made.current, sent)
    check_code(before, sent)
    await clock.advance(300)
    with pytest.raises(CodeWanted):
        check_code(made.current, sent)


def test_a_restart_with_the_same_key_shows_the_same_code_and_another_key_another() -> None:
    clock = ManualClock()
    assert codes(clock).current == codes(clock).current
    assert codes(clock).current != codes(clock, b"other").current


@pytest.mark.parametrize("typed", [None, "", "wrong", "💩", "C" * 40])
def test_what_is_no_code_is_refused_with_what_to_do(typed: str | None) -> None:
    with pytest.raises(CodeWanted) as refused:
        codes(ManualClock()).check(typed)
    assert "on the big screen" in refused.value.remedy


def test_how_somebody_types_it_does_not_matter() -> None:
    made = codes(ManualClock())
    code = made.current
    made.check(f" {code[:2].lower()}-{code[2:].lower()} ")


def test_without_codes_anybody_joins() -> None:
    made = JoinCodes(b"key", Audience(join_code="off"), ManualClock())
    made.check(None)
    assert (made.current, made.for_edges) == ("", None)


def test_the_address_to_type_is_short_and_the_scanned_one_holds_the_code() -> None:
    assert typed_url("http://pi:8080/play", "CDFGH") == "http://pi:8080/j"
    assert scanned_url("http://pi:8080/play", "CDFGH") == "http://pi:8080/j/CDFGH"
    assert typed_url("http://pi:8080/play", "") == scanned_url("http://pi:8080/play", "")


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Ana", "Ana"),
        ("  Ana   Lena ", "Ana Lena"),
        ("Jürgen", "Jürgen"),
        ("O'Hara", "O'Hara"),
        ("Ａｎａ", "Ana"),
        ("李小龙", "李小龙"),
        ("नमिता", "नमिता"),
    ],
)
def test_a_name_is_tidied(typed: str, shown: str) -> None:
    assert tidy(typed) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "x",
        "x" * (LONGEST + 1),
        "<b>hi</b>",
        "a\u202eb",
        "a\u200bb",
        "🐒🐒",
        "12 34",
        "Ticket 17",
        "Z͑ͫ̓algo",
    ],
)
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        tidy(typed)


@pytest.mark.parametrize(
    "typed",
    ["Łukasz", "Søren", "田中", "Даша", "محمد", "नेहा", "Ольга", "Тит", "Γιώργος", "김민준", "ไทย",
     "Trick", "Cricket", "Halter", "Crowder", "葛\U000e0100城"],
)  # fmt: skip
def test_names_of_all_scripts_stay_as_they_are(typed: str) -> None:
    assert tidy(typed) == typed


@pytest.mark.parametrize(
    "typed",
    ["Ticket 4", "Тicket 4", "T.icket 4", "тіскет", "ТІСКЕТ 4", "Tlcket 4", "T i c k e t", "ᴛicĸet",
     "Ｔｉｃｋｅｔ 4", "𝐓𝐢𝐜𝐤𝐞𝐭", "Tickёt 9", "Tick\u3164et", "My ticket", "Nobody", "Nоbоdy",
     "ɴᴏʙᴏᴅʏ", "The Presenter", "Н.А.L.Т", "Kubernetes"],
)  # fmt: skip
def test_what_a_hall_takes_for_a_ticket_or_for_the_stage_is_no_name(typed: str) -> None:
    with pytest.raises(BadInput, match="looks like a ticket"):
        tidy(typed)


@pytest.mark.parametrize(
    "typed", ["\u3164\u3164", "\uffa0", "\u115f\u1160", "\u200b\u200b", "\u2800\u2800"]
)
def test_a_name_of_which_nothing_can_be_seen_is_told_so(typed: str) -> None:
    with pytest.raises(BadInput, match="no visible characters"):
        tidy(typed)


def test_who_looks_like_another_one_gets_a_number() -> None:
    names, _ = named()
    assert names.give("a" * 32, "Roma") == "Roma"
    assert names.give("b" * 32, "Rоmа") == "Rоmа 2"
    assert names.give("c" * 32, "नेहा") == "नेहा"
    assert names.give("d" * 32, "नाहि") == "नाहि"


@pytest.mark.parametrize(
    "typed", ["Fuck you", "fυck", "Fuсk", "ѕhіt", "f.u.c.k", "FUUUCK", "H1tler", "wh0re", "a$$"]
)
def test_offensive_names_are_refused_also_when_they_are_disguised(typed: str) -> None:
    assert is_offensive(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "Scunthorpe", "Ishita", "Harshit", "Grape", "Cassandra", "Dickens", "Gokhan", "Fukuda",
        "Schwarzenegger", "Pakistan", "Spicer", "Laputa", "Judith", "Sau Ling", "Analena", "Sussex",
    ],
)  # fmt: skip
def test_decent_names_that_hold_such_words_are_not(typed: str) -> None:
    assert not is_offensive(typed)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_name_or_refused(typed: str) -> None:
    try:
        name = tidy(typed)
    except BadInput:
        return
    assert 2 <= len(name) <= LONGEST
    assert not set(name) & set('<>&"\n\u202e')


def named() -> tuple[Nicknames, dict[str, str]]:
    kept: dict[str, str] = {}
    return Nicknames(wanted=True, keep=kept.__setitem__), kept


def test_nobody_has_the_name_of_another_one() -> None:
    names, kept = named()
    assert [names.give(who, "Ana") for who in ("a" * 32, "b" * 32, "a" * 32)] == [
        "Ana",
        "Ana 2",
        "Ana",
    ]
    assert names.give("c" * 32, "aNA") == "aNA 3"
    assert kept["b" * 32] == "Ana 2"


def test_the_presenter_takes_a_name_away_by_its_tag() -> None:
    names, kept = named()
    names.give("abcdef" + "0" * 26, "Ana")
    assert names.clear("abcdef") == ["Ana"]
    assert names.of("abcdef" + "0" * 26) == ""
    assert kept == {"abcdef" + "0" * 26: ""}
    assert names.clear("000000") == []


def test_where_they_are_off_there_are_none() -> None:
    names = Nicknames(wanted=False, keep=lambda *_: None)
    names.recall({"a" * 32: "Ana"})
    assert names.of("a" * 32) == ""
    with pytest.raises(RoundRefused, match="Nicknames are turned off"):
        names.give("a" * 32, "Ana")
