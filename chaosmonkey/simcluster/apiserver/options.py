"""The parameters of a write: dry run, and how strictly fields are checked."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.lists import Query
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors

_STRICTNESS = ("", "Ignore", "Strict", "Warn")
_LONGEST_MANAGER = 128


def check_options(kind: str, query: Query) -> None:
    """Refuse parameters that do not exist with 422."""
    errors = FieldErrors()
    if len(query.get("fieldManager", "")) > _LONGEST_MANAGER:
        errors.too_long("fieldManager", _LONGEST_MANAGER)
    if query.get("dryRun", "All") not in {"", "All"}:
        errors.not_supported("dryRun", [query["dryRun"]], ("All",))
    if query.get("fieldValidation", "") not in _STRICTNESS:
        errors.not_supported("fieldValidation", query["fieldValidation"], _STRICTNESS)
    if errors:
        raise refusals.invalid_options(kind, *errors)


def is_dry(query: Query) -> bool:
    """Whether nothing is to be stored."""
    return query.get("dryRun") == "All"


def is_strict(query: Query) -> bool:
    """Whether unknown and repeated fields are refused."""
    return query.get("fieldValidation") == "Strict"


def warns(problems: list[str], query: Query) -> tuple[str, ...]:
    """The warnings about unknown and repeated fields, unless the client ignores them."""
    return () if query.get("fieldValidation") == "Ignore" else tuple(problems)


def signed(text: str) -> int:
    """Parse a whole number in a query. Refuses anything else with 400."""
    try:
        return int(text)
    except ValueError:
        raise refusals.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def seconds(text: str) -> float:
    """Parse the seconds of a query, 0 if there are none. Refuses anything else with 400."""
    return float(signed(text)) if text else 0.0
