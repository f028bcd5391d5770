"""Quantities are exact, and written as the API server writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.simcluster.quantities import (
    NotAQuantity,
    canonical,
    nanos,
    quantity,
    round_up_to_milli,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", 5 * 10**8),
        ("4", 4 * 10**9),
        ("32Mi", 32 * 1024**2 * 10**9),
        ("1E", 10**27),
        ("2Ei", 2 * 1024**6 * 10**9),
        ("1e3", 10**12),
        (".5", 5 * 10**8),
        ("-1u", -1000),
        ("0.1n", 1),
    ],
)
def test_a_quantity_has_its_exact_value(text: str, value: int) -> None:
    assert nanos(text) == value
    assert quantity(text) == value / 10**9


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Ki", "512"),
        ("1025Ki", "1025Ki"),
        ("1000000", "1M"),
        ("100", "100"),
        ("0Mi", "0"),
        ("1e3", "1e3"),
    ],
)
def test_a_quantity_is_written_in_its_canonical_form(text: str, written: str) -> None:
    assert canonical(text) == written


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "5x", " 1", "1 Mi", "five"])
def test_other_texts_are_no_quantities(text: str) -> None:
    with pytest.raises(NotAQuantity, match="quantities must match the regular expression"):
        nanos(text)


def test_an_unknown_suffix_is_named_as_such() -> None:
    with pytest.raises(NotAQuantity, match="unable to parse quantity's suffix"):
        nanos("5i")


@given(
    st.integers(-(10**6), 10**6),
    st.sampled_from(["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E"]),
)
def test_the_canonical_form_keeps_the_value_and_itself(number: int, suffix: str) -> None:
    written = canonical(f"{number}{suffix}")
    assert nanos(written) == nanos(f"{number}{suffix}")
    assert canonical(written) == written


def test_amounts_are_rounded_up_to_thousandths() -> None:
    assert round_up_to_milli("1500u") == "2m"
    assert round_up_to_milli("5m") == "5m"
