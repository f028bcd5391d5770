"""What a test knows to be there, although its type says that it may be missing."""

from typing import TypeVar

T = TypeVar("T")


def sure(found: T | None) -> T:
    """The thing itself; the test fails if there is none."""
    assert found is not None
    return found
