"""Nicknames: wanted or not, tidied, free of the worst words, and each of one seat only."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable, Mapping

from chaosmonkey.audience.rounds import RoundRefused
from chaosmonkey.audience.seats import tag
from chaosmonkey.errors import BadInput

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

_LOOKALIKES = str.maketrans("0134578@$!|€", "oieastba" + "siie")


def tidy(typed: str) -> str:
    """A name as it is shown.

    Raises:
        BadInput: it is too short, too long, of other characters, misleading, or offensive.
    """
    name = " ".join(unicodedata.normalize("NFKC", typed[:200]).split())
    if not SHORTEST <= len(name) <= LONGEST:
        raise BadInput(
            f"A name has {SHORTEST} to {LONGEST} characters.", remedy="Choose another, or none."
        )
    marks = 0
    for character in name:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind == "Mn" else 0
        if marks > 1 or not (kind[0] == "L" or kind in ("Mn", "Mc", "Nd") or character in EXTRA):
            raise BadInput(
                "A name is made of letters, digits, spaces and . - _ '",
                remedy="Choose another, or none.",
            )
    if not any(unicodedata.category(character)[0] == "L" for character in name):
        raise BadInput("A name has a letter.", remedy="Choose another, or none.")
    if _skeleton(name).startswith("ticket"):
        raise BadInput("That could be taken for a ticket.", remedy="Choose another, or none.")
    if is_offensive(name):
        raise BadInput("That name may offend somebody.", remedy="Choose another, or none.")
    return name


def is_offensive(name: str) -> bool:
    """Whether a name holds one of the worst words, also written a1ittle differently."""
    plain = _skeleton(name)
    run = "".join(letter for letter in plain if letter.isalpha())
    squeezed = _squeezed(run)
    if any(word in run or word in squeezed for word in _ANYWHERE):
        return True
    return any(word in _ALONE or _squeezed(word) in _ALONE for word in [*plain.split(), run])


def _skeleton(name: str) -> str:
    """Lower case, without accents, look-alike digits as letters, other characters as spaces."""
    bare = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    letters = letters.translate(_LOOKALIKES)
    return "".join(letter if letter.isalpha() else " " for letter in letters)


def _squeezed(word: str) -> str:
    """Without letters that repeat the one before."""
    return "".join(letter for at, letter in enumerate(word) if at == 0 or letter != word[at - 1])


class Names:
    """The nicknames of this room, by `Seats.who`. `keep` is told each change; "" is none."""

    def __init__(self, *, wanted: bool, keep: Callable[[str, str], None]) -> None:
        self.wanted = wanted
        self._keep = keep
        self._by_who: dict[str, str] = {}

    def recall(self, names: Mapping[str, str]) -> None:
        """Take up those that were kept."""
        self._by_who = dict(names)

    def of(self, who: str) -> str:
        """The nickname of a seat; "" without one, or where none are wanted."""
        return self._by_who.get(who, "") if self.wanted else ""

    def give(self, who: str, typed: str) -> str:
        """Give a seat a name, with a number if somebody has it already; "" takes it away.

        Raises:
            RoundRefused: nicknames are off.
            BadInput: that is none.
        """
        if not self.wanted:
            raise RoundRefused("Nicknames are off here.", remedy="Your ticket is your name.")
        name = tidy(typed) if typed.strip() else ""
        others = {_key(other) for seat, other in self._by_who.items() if seat != who}
        free, number = name, 1
        while free and _key(free) in others:
            number += 1
            free = f"{name} {number}"
        self._put(who, free)
        return free

    def clear(self, public: str) -> list[str]:
        """Take the name away from whoever has this tag; return what they were called."""
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
