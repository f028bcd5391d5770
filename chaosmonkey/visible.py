r"""Escapes what is invisible in untrusted text before a terminal or a log shows it.

A name may come from a URL, a cluster, a device or a phone. Written raw, it could move the cursor,
set the window's title, reverse the reading direction, or start a line that looks like ours. So
everything that this program prints, logs, or answers as plain text passes through here, line by
line, with control characters shown as git, kubectl and systemd do: `\x1b`, `\n`.
"""

from __future__ import annotations

import unicodedata

HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Categories without a glyph: controls, formats (including those that reverse the direction),
unassigned, private, lone surrogates, line separators."""

BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\u2800"
)  # fmt: skip
"""Letters and marks that show nothing: Unicode's Default_Ignorable_Code_Point without what HIDDEN
has and without variation selectors, which choose a glyph; and the empty braille pattern."""

JOINERS = frozenset("\u200c\u200d")
"""They choose how two visible characters join, as in emoji of families, in Persian and Hindi."""

_SHORT = {"\n": r"\n", "\r": r"\r"}


def visible(text: str) -> str:
    """Text as one line, with everything invisible escaped except tabs."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if _is_seen(text, at) else _escape(character) for at, character in enumerate(text)
    )


def visible_rows(text: str) -> list[str]:
    """Text that really has several lines, such as a traceback, each as `visible`."""
    return [visible(row) for row in text.split("\n")]


def _is_seen(text: str, at: int) -> bool:
    character = text[at]
    if character in JOINERS:
        around = text[at - 1 : at] + text[at + 1 : at + 2]
        return len(around) == 2 and all(not one.isascii() and has_glyph(one) for one in around)
    return character == "\t" or has_glyph(character)


def has_glyph(character: str) -> bool:
    """Whether a character is visible, if only as a space."""
    return unicodedata.category(character) not in HIDDEN and character not in BLANK


def _escape(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
