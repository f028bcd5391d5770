"""Nicknames: optional, normalised, free of the worst words, and unique per seat.

Two names are equal if they look alike on a stage: the comparison ignores case, accents and
repeated letters, and maps lookalike characters to Latin letters (UTS #39).
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
"""Characters allowed besides letters, their marks, and digits."""

# Written in ROT13, so that this file can be shown on a projector. Refused anywhere in a name:
_ANYWHERE = codecs.decode(
    "shpx ohyyfuvg nffubyr ovgpu qvpxurnq jnaxre gjng fyhg juber avttre avttn snttbg "
    "genaal uvgyre fvrturvy urvyuvgyre jvpufre uherafbua uher sbgmr nefpuybpu fpurvff "
    "fpujhpugry zvfgfghrpx fpuynzcr chgnva fnybcr raphyr pbaaneq pnmmb fgebamb chggnan "
    "zvreqn pnoeba encvfg ",
    "rot13",
).split()
# Refused only as whole words, because real names of people and places contain them:
_ALONE = codecs.decode(
    "nff nany nahf phz qvpx pbpx gvg gvgf frk snt ubzb fuvg fuvggl penc shx phag cnxv "
    "puvax xvxr fcvp tbbx ergneq anmv anmvf artre chgn zreqr encr cbea cbeab nefpu ",
    "rot13",
).split()

RESERVED = frozenset(["audience", "crowd", "halt", "kubernetes", "nobody", "presenter"])
"""Names that the stage uses itself; refused as nicknames, with or without "the"."""

_SMALL_CAPITAL = "LATIN LETTER SMALL CAPITAL "

_LOOKALIKES = str.maketrans("0134578@$!|€ĸ", "oieastba" + "siiek")


def tidy(typed: str) -> str:
    """Return a name as it is shown.

    Raises:
        BadInput: it is too short, too long, misleading or offensive, or has other characters.
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
    """Whether a name contains one of the worst words, also with lookalike characters."""
    plain = _skeleton(name)
    run = "".join(letter for letter in plain if letter.isalpha())
    squeezed = _squeezed(run)
    if any(word in run or word in squeezed for word in _ANYWHERE):
        return True
    return any(word in _ALONE or _squeezed(word) in _ALONE for word in [*plain.split(), run])


def _is_reserved(name: str) -> bool:
    run = "".join(letter for letter in _skeleton(name) if letter.isalpha())
    run = _squeezed(run.replace("l", "i"))  # a small L looks like a capital i
    if "ticket" in run:
        return True
    return run.removeprefix("the") in {_squeezed(word.replace("l", "i")) for word in RESERVED}


def _skeleton(name: str) -> str:
    """Map a name to lower-case Latin without accents; other characters become spaces."""
    letters = "".join(map(_latin, _bare(name))).translate(_LOOKALIKES)
    return "".join(
        letter if letter.isalpha() or unicodedata.category(letter)[0] == "M" else " "
        for letter in letters
    )


def _bare(text: str) -> str:
    """Strip accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@cache
def _prototypes() -> Mapping[int, str]:
    """Map characters to their lookalikes, by the Unicode Consortium's list of confusables."""
    # Imported here: loading takes a second on a small Pi, and not every show uses nicknames.
    from confusable_homoglyphs.confusables import confusables_data  # noqa: PLC0415

    return {
        ord(character): like[0]["c"]
        for character, like in confusables_data.items()
        if len(character) == 1 and not character.isascii() and len(like) == 1
    }


def _latin(character: str) -> str:
    """Return the Latin letter that a character looks like in either case, or its lower case."""
    plain = character.casefold()
    for form in (plain, character, character.upper()):
        like = _bare(form.translate(_prototypes()))
        if like.isascii():
            return like.casefold()
    _, small, capital = unicodedata.name(character, "").partition(_SMALL_CAPITAL)
    return capital.casefold() if small and len(capital) == 1 else plain


def _squeezed(word: str) -> str:
    """Collapse repeated letters."""
    return "".join(letter for at, letter in enumerate(word) if at == 0 or letter != word[at - 1])


class Nicknames:
    """The nicknames of this room, by `Seats.who`. `keep` receives each change; "" is none."""

    def __init__(self, *, wanted: bool, keep: Callable[[str, str], None]) -> None:
        self.wanted = wanted
        if wanted:
            _prototypes()  # load it now rather than during a vote
        self._keep = keep
        self._by_who: dict[str, str] = {}

    def recall(self, names: Mapping[str, str]) -> None:
        """Restore the stored nicknames."""
        self._by_who = dict(names)

    def of(self, who: str) -> str:
        """Return the nickname of a seat; "" without one, or if nicknames are off."""
        return self._by_who.get(who, "") if self.wanted else ""

    def give(self, who: str, typed: str) -> str:
        """Give a seat a name, with a number appended if it is taken; "" removes it.

        Raises:
            RoundRefused: nicknames are off.
            BadInput: the name is not allowed.
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
        """Remove the name of the seat with this tag; return the removed names."""
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
