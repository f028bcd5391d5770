"""Recipes are filled in and answers understood here, without talking to anybody."""

from __future__ import annotations

import math
from collections.abc import Mapping

from chaosmonkey.config import HttpRecipe
from chaosmonkey.model import Feed

TASMOTA_DELAY = 3600
"""The longest Delay in tenths of a second; longer times take several."""


def timer_words(seconds: float) -> dict[str, str]:
    """The same time as devices want it: whole seconds, milliseconds, or Delays of Tasmota."""
    tenths = max(2, math.ceil(seconds * 10))
    whole, rest = divmod(tenths, TASMOTA_DELAY)
    delays = [TASMOTA_DELAY] * whole + [max(2, rest)] * (rest > 0)
    return {
        "seconds": str(math.ceil(seconds)),
        "milliseconds": str(math.ceil(seconds * 1000)),
        "delays": ";".join(f"Delay {delay}" for delay in delays),
    }


def filled(text: str, words: Mapping[str, str]) -> str:
    """The text with every {word} replaced."""
    for key, word in words.items():
        text = text.replace(f"{{{key}}}", word)
    return text


def feed_told(answer: object, recipe: HttpRecipe, outlet: str) -> Feed:
    """What a device's answer says about an outlet; unknown if it fits neither state, or both."""
    on, off = (
        all(
            _at(answer, place.replace("{outlet}", outlet))
            in (wanted if isinstance(wanted, tuple) else (wanted,))
            for place, wanted in said.items()
        )
        for said in (recipe.on, recipe.off)
    )
    match on, off:
        case True, False:
            return Feed.ON
        case False, True:
            return Feed.OFF
        case _:
            return Feed.UNKNOWN


def _at(answer: object, places: str) -> object:
    """What stands at a place such as "response.0.node1", or at the next one behind a |."""
    for place in places.split("|"):
        found = answer
        for step in place.split("."):
            if isinstance(found, dict):
                found = found.get(step)
            elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
                found = found[int(step)]
            else:
                found = None
        if found is not None:
            return found
    return None
