"""Whatever a stranger wrote is one row, in which nothing is hidden."""

import logging
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.cli.board import seen
from chaosmonkey.cli.logs import Format
from chaosmonkey.cli.say import say
from chaosmonkey.visible import HIDDEN, JOINERS, visible, visible_rows

CLEAR = "\x1b[2J"
TITLE = "\x1b]0;pwned\x07"
FORGED = "node3\n12:00:00  presenter ada  kill node1  ok"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (CLEAR, r"\x1b[2J"),
        (TITLE, r"\x1b]0;pwned\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("\x7f\x00", r"\x7f\x00"),
        ("a\nb\r\nc", r"a\nb\r\nc"),
        ("a\u2028b\u2029c\x85d\vd", r"a\u2028b\u2029c\x85d\x0bd"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\u2066x\u2069\u200e\u061c", r"\u2066x\u2069\u200e\u061c"),
        ("\ud83d", r"\ud83d"),
        ("\ue000\ufeff\u00ad\u200b", r"\ue000\ufeff\xad\u200b"),
        ("\U000e0041\U0003ffff", r"\U000e0041\U0003ffff"),
        ("\u3164\u115f", r"\u3164\u115f"),
        ("a\u200db", r"a\u200db"),
    ],
)
def test_what_cannot_be_seen_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    ["", "node3 lost its power", "Łukasz", "Søren", "田中", "Даша", "محمد", "नेहा", "क्‍ष", "می‌خواهم",
     "👩‍👩‍👧", "🏳️‍🌈", "tab\there", "1 × 2 → 3 …"],
)  # fmt: skip
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.text(st.characters(codec=None)))
def test_a_row_is_a_row_and_can_be_printed(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    shown.encode()  # no lone half of a character is left
    left = {one for one in shown if unicodedata.category(one) in HIDDEN}
    assert left <= {"\t", *JOINERS}


def test_rows_that_are_meant_stay_rows() -> None:
    assert visible_rows(f"a\nb{CLEAR}") == ["a", r"b\x1b[2J"]


def record(message: str, *args: Any, **more: Any) -> str:
    return Format().format(
        logging.LogRecord(
            "uvicorn.error", logging.ERROR, "x.py", 1, message, args, more.get("exc_info")
        )
    )


def test_a_log_record_is_one_row_whatever_it_tells() -> None:
    (row,) = record("node %s is gone", FORGED + CLEAR).splitlines()
    assert row.endswith(
        r"error uvicorn.error: node node3\n12:00:00  presenter ada  kill node1  ok\x1b[2J is gone"
    )


def test_no_row_of_a_traceback_looks_like_a_record() -> None:
    try:
        raise ValueError(FORGED + TITLE)
    except ValueError as error:
        text = record("It failed.", exc_info=(type(error), error, error.__traceback__))
    head, *rows = text.split("\n")
    assert head.endswith("It failed.")
    assert rows
    assert all(row.startswith("    ") for row in rows)
    assert "\x1b" not in text
    assert "\x07" not in text


def test_commands_print_row_by_row(capsys: pytest.CaptureFixture[str]) -> None:
    say("first", FORGED + CLEAR)
    said = capsys.readouterr().out
    assert said.splitlines() == ["first", visible(FORGED + CLEAR)]


def test_the_board_in_a_terminal_shows_what_a_cluster_calls_things() -> None:
    state = {"pods": {"u": {"name": f"web{CLEAR}", "restarts": 3, "why": [TITLE, None]}}}
    assert seen(state) == {
        "pods": {"u": {"name": r"web\x1b[2J", "restarts": 3, "why": [r"\x1b]0;pwned\x07", None]}}
    }
