"""Fill in recipes and interpret answers. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

from chaosmonkey.config import HttpRecipe
from chaosmonkey.config.http_recipe import Expected, Trouble
from chaosmonkey.model import FeedState

TASMOTA_DELAY = 3600
"""The longest Delay in tenths of a second; longer times need several."""

_NOTHING: tuple[object, ...] = (None, False, "", [], {})

_PLACE = re.compile(r"\{([^{}]+)\}")


def timer_words(seconds: float) -> dict[str, str]:
    """A time in the forms that devices need: whole seconds, milliseconds, Tasmota's Delays."""
    tenths = max(2, math.ceil(seconds * 10))
    whole, rest = divmod(tenths, TASMOTA_DELAY)
    delays = [TASMOTA_DELAY] * whole + [max(2, rest)] * (rest > 0)
    return {
        "seconds": str(math.ceil(seconds)),
        "milliseconds": str(math.ceil(seconds * 1000)),
        "delays": ";".join(f"Delay {delay}" for delay in delays),
    }


def fill_in(text: str, words: Mapping[str, str]) -> str:
    """The text with every {word} replaced."""
    for key, word in words.items():
        text = text.replace(f"{{{key}}}", word)
    return text


def classify_answer(answer: object, recipe: HttpRecipe, outlet: str) -> FeedState:
    """The state of an outlet in a device's answer; unknown if it matches neither or both."""
    match _fits(answer, recipe.on, outlet), _fits(answer, recipe.off, outlet):
        case True, False:
            return FeedState.ON
        case False, True:
            return FeedState.OFF
        case _:
            return FeedState.UNKNOWN


def find_trouble(answer: object, recipe: HttpRecipe, outlet: str) -> Trouble | None:
    """The first trouble in the answer, its sentence filled in with the device's own words."""
    for trouble in recipe.troubles:
        if _fits(answer, trouble.seen, outlet):
            says = _PLACE.sub(lambda found: _words(_at(answer, found[1])), trouble.says)
            return trouble.model_copy(update={"says": says})
    return None


def _fits(answer: object, places: Mapping[str, Expected], outlet: str) -> bool:
    return all(
        _is(_at(answer, place.replace("{outlet}", outlet)), expected)
        for place, expected in places.items()
    )


def _is(found: object, expected: Expected) -> bool:
    if isinstance(expected, tuple):
        return any(_is(found, one) for one in expected)
    match expected:
        case "*":
            return found not in _NOTHING
        case "!*":
            return found in _NOTHING
        case _:
            return found == expected


def _words(found: object) -> str:
    if isinstance(found, list):
        return ", ".join(map(_words, found))
    return found if isinstance(found, str) else json.dumps(found)


def _at(answer: object, places: str) -> object:
    """The value at a place such as "response.0.node1", or at the next one after a |."""
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
