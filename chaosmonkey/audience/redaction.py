"""What a hall is told of an error: a short sentence, without addresses or configuration.

The full text is for those who can act on it: the presenter and scripts get it.
"""

from __future__ import annotations

import re

from chaosmonkey.errors import ChaosMonkeyError

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
    return error.hall or without_addresses(error.message)


def remedy_for_the_hall(error: ChaosMonkeyError) -> str:
    """What to do about it, for those who hold a phone."""
    return without_addresses(error.remedy) if error.hall_remedy is None else error.hall_remedy
