"""What a hall is told of an error: a short sentence, without addresses or configuration.

The full text is for those who can act on it: the presenter and scripts get it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from chaosmonkey.errors import (
    ChaosMonkeyError,
    ClusterUnavailable,
    PlugFailed,
    StoreFailed,
    Unavailable,
)

SAID: Mapping[str, str] = {
    "halted": "HALT holds.",
    "not-armed": "The presenter has not armed the table yet.",
    "quiet-hours": "These are quiet hours.",
    "machine-cooldown": "The last cut is only a moment ago.",
    "cooldown": "The last cut is only a moment ago.",
    "still-recovering": "The last outage is not over yet.",
}
"""Rule → what is told to a hall. The rule's own words count seconds, or name what no hall knows."""

UNAVAILABLE: Mapping[type[ChaosMonkeyError], str] = {
    ClusterUnavailable: "The cluster does not answer.",
    PlugFailed: "Its plug does not switch.",
    StoreFailed: "The server cannot write to its disk.",
}
"""What does not answer, in place of the device's or library's own words."""

PHONES = frozenset({"code", "seat", "round", "another-press", ""})
"""Rules about phones: their remedies are for those who hold one."""

_ADDRESS = re.compile(
    r"""
    \b[a-z][a-z0-9+.-]*://\S+[^\s.,:;)]                        # a URL
    | \b(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?\b                 # IPv4, and its port
    | \[?(?:[0-9a-f]{1,4}:){3,7}:?[0-9a-f]{1,4}\]?(?::\d+)?    # IPv6, or a MAC address
    | \[?(?<![\w:])(?:[0-9a-f]{1,4}:)*[0-9a-f]{0,4}::(?:[0-9a-f]{1,4}:?)*\]?
    | \b(?=[\w.-]*[a-z])[\w.-]+:\d{2,5}\b                      # a host and its port
    """,
    re.VERBOSE | re.IGNORECASE,
)


def without_addresses(text: str) -> str:
    """A text with "(address)" in place of each address."""
    return _ADDRESS.sub("(address)", text)


def has_address(text: str) -> bool:
    """Whether a text tells where something is on the network."""
    return _ADDRESS.search(text) is not None


def sentence_for_the_hall(error: ChaosMonkeyError) -> str:
    """What forbids or fails, in a sentence without a clock."""
    for kind, sentence in UNAVAILABLE.items():
        if isinstance(error, kind):
            return sentence
    return SAID.get(getattr(error, "rule", ""), without_addresses(error.message))


def remedy_for_the_hall(error: ChaosMonkeyError) -> str:
    """What to do about it, for those who hold a phone."""
    if isinstance(error, Unavailable):
        return "Tell the presenter."
    if getattr(error, "rule", "") in PHONES:
        return without_addresses(error.remedy)
    return "Wait, or choose another machine."
