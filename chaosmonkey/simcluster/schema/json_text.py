"""JSON text, read so that repeated names survive, with Go's words for what is malformed.

Python's parser reads; only text that it refuses is read again, character by character, to say what
Go's would have said.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from chaosmonkey.simcluster.schema.decoding import Members

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_HEX = re.compile(r"[0-9a-fA-F]{0,4}")
_DEEPEST = 10_000


class BadJson(ValueError):
    """The text is no JSON; the message is Go's."""


def read(body: bytes) -> Any:
    """Parse JSON; objects become `Members`. Raises `BadJson`."""
    text = body.decode("utf-8", errors="replace")
    try:
        return json.loads(text, object_pairs_hook=Members, parse_constant=_constant)
    except RecursionError:
        raise BadJson("exceeded max depth") from None
    except ValueError:
        _Scanner(text).explain()


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


class _Scanner:
    """Reads text up to the first character that Go's scanner refuses."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def explain(self) -> NoReturn:
        self._value(0)
        self._space()
        self._refuse("after top-level value")

    def _value(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise BadJson("exceeded max depth")
        self._space()
        match self._next():
            case "{":
                self._object(depth)
            case "[":
                self._array(depth)
            case '"':
                self._string()
            case "t":
                self._word("true")
            case "f":
                self._word("false")
            case "n":
                self._word("null")
            case "-" | "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9":
                self._number()
            case _:
                self._refuse("looking for beginning of value")

    def _object(self, depth: int) -> None:
        self._at += 1
        first = True
        while True:
            self._space()
            if first and self._next() == "}":
                break
            if self._next() != '"':
                self._refuse("looking for beginning of object key string")
            self._string()
            self._expect(":", "after object key")
            self._value(depth + 1)
            first = False
            self._space()
            if self._next() == "}":
                break
            self._expect(",", "after object key:value pair")
        self._at += 1

    def _array(self, depth: int) -> None:
        self._at += 1
        self._space()
        if self._next() == "]":
            self._at += 1
            return
        while True:
            self._value(depth + 1)
            self._space()
            if self._next() == "]":
                break
            self._expect(",", "after array element")
        self._at += 1

    def _string(self) -> None:
        self._at += 1
        while True:
            self._skip(_PLAIN)
            match self._next():
                case '"':
                    self._at += 1
                    return
                case "\\":
                    self._at += 1
                    self._escape()
                case _:
                    self._refuse("in string literal")

    def _escape(self) -> None:
        letter = self._next()
        if letter not in 'bfnrt\\/"u':
            self._refuse("in string escape code")
        self._at += 1
        if letter == "u":
            before = self._at
            self._skip(_HEX)
            if self._at - before < 4:
                self._next()
                self._refuse("in \\u hexadecimal character escape")

    def _number(self) -> None:
        before = self._at
        self._skip(_NUMBER)
        read = self._text[before : self._at]
        if not read:
            self._at += 1
            self._next()
            self._refuse("in numeric literal")
        follows = self._text[self._at : self._at + 1]
        if follows == "." and "." not in read and "e" not in read.lower():
            self._at += 1
            self._next()
            self._refuse("after decimal point in numeric literal")
        if follows in {"e", "E"} and "e" not in read.lower():
            self._at += 1
            if self._next() in "+-":
                self._at += 1
            self._next()
            self._refuse("in exponent of numeric literal")

    def _word(self, word: str) -> None:
        for letter in word:
            if self._next() != letter:
                self._refuse(f"in literal {word} (expecting '{letter}')")
            self._at += 1

    def _expect(self, letter: str, where: str) -> None:
        self._space()
        if self._next() != letter:
            self._refuse(where)
        self._at += 1

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise BadJson("unexpected end of JSON input")
        return self._text[self._at]

    def _space(self) -> None:
        self._skip(_SPACE)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if found := pattern.match(self._text, self._at):
            self._at = found.end()

    def _refuse(self, where: str) -> NoReturn:
        raise BadJson(f"invalid character {_quoted(self._next())} {where}")


def _quoted(letter: str) -> str:
    match letter:
        case "'":
            return "'\\''"
        case '"':
            return "'\"'"
        case _:
            return "'" + json.dumps(letter, ensure_ascii=False)[1:-1] + "'"
