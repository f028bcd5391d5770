"""Nicknames: wanted or not, tidied, free of the worst words, and each of one seat only.

Two names are the same if a hall takes them for the same: what they are compared by has no case, no
accents, no repeated letters, and Latin letters for all that look like them (UTS #39).
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache

from chaosmonkey.audience.rounds import RoundRefused
from chaosmonkey.audience.seats import tag
from chaosmonkey.errors import BadInput
from chaosmonkey.visible import BLANK, has_glyph

SHORTEST = 2
LONGEST = 16
"""Characters, after tidying."""

EXTRA = " .-_'"
"""Characters besides letters, their marks, and digits."""

# Written in ROT13, so that this file can be shown on a projector. Wherever they stand in a name:
_ANYWHERE = codecs.decode(
    "shpx ohyyfuvg nffubyr ovgpu qvpxurnq jnaxre gjng fyhg juber avttre avttn snttbg "
    "genaal uvgyre fvrturvy urvyuvgyre jvpufre uherafbua uher sbgmr nefpuybpu fpurvff "
    "fpujhpugry zvfgfghrpx fpuynzcr chgnva fnybcr raphyr pbaaneq pnmmb fgebamb chggnan "
    "zvreqn pnoeba encvfg ",
    "rot13",
).split()
# Only as words of their own, because names of decent people and places hold them:
_ALONE = codecs.decode(
    "nff nany nahf phz qvpx pbpx gvg gvgf frk snt ubzb fuvg fuvggl penc shx phag cnxv "
    "puvax xvxr fcvp tbbx ergneq anmv anmvf artre chgn zreqr encr cbea cbeab nefpu ",
    "rot13",
).split()

RESERVED = frozenset(["audience", "crowd", "halt", "kubernetes", "nobody", "presenter"])
"""Of these the stage speaks itself; with or without "the" before them they are no nickname."""

_SMALL_CAPITAL = "LATIN LETTER SMALL CAPITAL "

_LOOKALIKES = str.maketrans("0134578@$!|€", "oieastba" + "siie")


def tidy(typed: str) -> str:
    """A name as it is shown.

    Raises:
        BadInput: it is too short, too long, of other characters, misleading, or offensive.
    """
    shown = "".join(
        character
        for character in unicodedata.normalize("NFKC", typed[:200])
        if character not in BLANK
    )
    name = " ".join(shown.split())
    if typed.strip() and not any(has_glyph(one) and not one.isspace() for one in name):
        raise BadInput(
            "That name has no visible characters.", remedy="Choose one with letters, or none."
        )
    if not SHORTEST <= len(name) <= LONGEST:
        raise BadInput(
            f"A name needs {SHORTEST} to {LONGEST} characters.", remedy="Choose another, or none."
        )
    marks = 0
    for character in name:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind == "Mn" else 0
        if marks > 1 or not (kind[0] == "L" or kind in ("Mn", "Mc", "Nd") or character in EXTRA):
            raise BadInput(
                "A name can have letters, digits, spaces and . - _ '",
                remedy="Choose another, or none.",
            )
    if not any(unicodedata.category(character)[0] == "L" for character in name):
        raise BadInput("A name needs a letter.", remedy="Choose another, or none.")
    if _is_reserved(name):
        raise BadInput(
            "That name looks like a ticket or like the stage.",
            remedy="Choose another, or none.",
        )
    if is_offensive(name):
        raise BadInput("That name may be offensive.", remedy="Choose another, or none.")
    return name


def is_offensive(name: str) -> bool:
    """Whether a name holds one of the worst words, also written a1ittle differently."""
    plain = _skeleton(name)
    run = "".join(letter for letter in plain if letter.isalpha())
    squeezed = _squeezed(run)
    if any(word in run or word in squeezed for word in _ANYWHERE):
        return True
    return any(word in _ALONE or _squeezed(word) in _ALONE for word in [*plain.split(), run])


def _is_reserved(name: str) -> bool:
    run = "".join(letter for letter in _skeleton(name) if letter.isalpha())
    run = _squeezed(run.replace("l", "i"))  # a small L is taken for a large i
    if "ticket" in run:
        return True
    return run.removeprefix("the") in {_squeezed(word.replace("l", "i")) for word in RESERVED}


def _skeleton(name: str) -> str:
    """Lower case Latin, without accents, of what looks like it; other characters as spaces."""
    letters = "".join(map(_latin, _bare(name))).translate(_LOOKALIKES)
    return "".join(
        letter if letter.isalpha() or unicodedata.category(letter)[0] == "M" else " "
        for letter in letters
    )


def _bare(text: str) -> str:
    """Without accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@cache
def _prototypes() -> Mapping[int, str]:
    """What a character looks like, by the Unicode Consortium's table of confusables."""
    # Imported here: the table takes a small Pi a second, and not every show wants names.
    from confusable_homoglyphs.confusables import confusables_data  # noqa: PLC0415

    return {
        ord(character): like[0]["c"]
        for character, like in confusables_data.items()
        if len(character) == 1 and not character.isascii() and len(like) == 1
    }


def _latin(character: str) -> str:
    """What a character is taken for: a Latin letter if in any case it looks like one."""
    plain = character.casefold()
    for form in (plain, character, character.upper()):
        like = _bare(form.translate(_prototypes()))
        if like.isascii():
            return like.casefold()
    _, small, capital = unicodedata.name(character, "").partition(_SMALL_CAPITAL)
    return capital.casefold() if small and len(capital) == 1 else plain


def _squeezed(word: str) -> str:
    """Without letters that repeat the one before."""
    return "".join(letter for at, letter in enumerate(word) if at == 0 or letter != word[at - 1])


class Nicknames:
    """The nicknames of this room, by `Seats.who`. `keep` is told each change; "" is none."""

    def __init__(self, *, wanted: bool, keep: Callable[[str, str], None]) -> None:
        self.wanted = wanted
        if wanted:
            _prototypes()  # now, and not while a hall votes
        self._keep = keep
        self._by_who: dict[str, str] = {}

    def recall(self, names: Mapping[str, str]) -> None:
        """Take up those that were kept."""
        self._by_who = dict(names)

    def of(self, who: str) -> str:
        """The nickname of a seat; "" without one, or where none are wanted."""
        return self._by_who.get(who, "") if self.wanted else ""

    def give(self, who: str, typed: str) -> str:
        """Give a seat a name, with a number if it is taken; "" takes it away.

        Raises:
            RoundRefused: nicknames are off.
            BadInput: that is none.
        """
        if not self.wanted:
            raise RoundRefused("Nicknames are turned off.", remedy="Your ticket is your name.")
        name = tidy(typed) if typed.strip() else ""
        others = {_key(other) for seat, other in self._by_who.items() if seat != who}
        free, number = name, 1
        while free and _key(free) in others:
            number += 1
            free = f"{name} {number}"
        self._put(who, free)
        return free

    def clear(self, public: str) -> list[str]:
        """Take the name away from the seat with this tag; return what it was called."""
        found = {who: name for who, name in self._by_who.items() if tag(who) == public}
        for who in found:
            self._put(who, "")
        return list(found.values())

    def _put(self, who: str, name: str) -> None:
        if name:
            self._by_who[who] = name
        else:
            self._by_who.pop(who, None)
        self._keep(who, name)


def _key(name: str) -> str:
    return _squeezed(_skeleton(name)).replace(" ", "") + "".join(filter(str.isdigit, name))
