"""Errors as the audience sees them: a short sentence, without addresses or configuration.

The presenter and scripts get the full text: they can act on it.
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
    """Replace each address in a text by "(address)"."""
    return _ADDRESS.sub("(address)", text)


def has_address(text: str) -> bool:
    """Whether a text contains a network address."""
    return _ADDRESS.search(text) is not None


def sentence_for_the_hall(error: ChaosMonkeyError) -> str:
    """Return an error as a sentence without a time."""
    return error.hall or without_addresses(error.message)


def remedy_for_the_hall(error: ChaosMonkeyError) -> str:
    """Return what to do about an error, for people with a phone."""
    return without_addresses(error.remedy) if error.hall_remedy is None else error.hall_remedy
