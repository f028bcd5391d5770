"""What a server and its edges send each other, as JSON.

`instance` names one run of the server. Edges listen only to the instance that holds the lease.
"""

from __future__ import annotations

import gzip
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Message = TypeVar("Message", bound="LinkMessage")


class BadMessage(Exception):
    """A message on NATS is not what its subject promises; it is logged and dropped."""


class LinkMessage(BaseModel):
    """A message between a server and its edges; unknown fields are those of a newer version."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def decode(cls: type[Message], data: bytes) -> Message:
        """Raises BadMessage."""
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise BadMessage(f"{cls.__name__}: {error.error_count()} errors") from None

    def encode(self) -> bytes:
        """Return the message as JSON."""
        return orjson.dumps(self.model_dump(exclude_none=True))


class TableLease(LinkMessage):
    """Which server is the table's.

    Attributes:
        owner: names the server across its restarts.
        host: its machine's name, for people.
    """

    owner: str
    instance: str
    host: str


class Pulse(LinkMessage):
    """The table's time; it also shows that the link works.

    Attributes:
        at: the server's time, in seconds since 1970.
        speed: how many times faster than real time its clock runs.
    """

    instance: str
    at: float
    speed: float


class SeatRules(LinkMessage):
    """How edges verify seats.

    Attributes:
        key: signs the seats that edges give, as hexadecimal digits.
        salt: makes the public tag of a seat, as hexadecimal digits.
        codes: the join codes that an edge accepts; None if phones need none.
    """

    key: str
    salt: str
    codes: tuple[str, ...] | None = None


class EdgeRequest(LinkMessage):
    """What a phone requests.

    Attributes:
        number: the edge's number for it; the answer has the same.
        seat: the phone's seat: a secret, which proves that the phone sent it.
        at: the table's time when the phone sent it, as far as the edge knows it.
        request: the phone's message, as docs/protocol.md describes it.
    """

    number: int
    seat: str = Field(max_length=64)
    at: float
    request: dict[str, Any]


class EdgeReport(LinkMessage):
    """Whom an edge serves: seats with a connection, and stages."""

    phones: int = Field(ge=0)
    stages: int = Field(ge=0)


class Answer(LinkMessage):
    """The answer to an EdgeRequest.

    Attributes:
        you: the seat's part in the round, without what is null; None if the request was refused.
        refused: the fields of the refusal.
    """

    number: int
    you: dict[str, Any] | None = None
    refused: dict[str, Any] | None = None


class Answers(LinkMessage):
    """Answers to one edge, all that were ready at the same time."""

    instance: str
    answers: tuple[Answer, ...]


class Stored(LinkMessage):
    """A message for phones or stages, and the instance that made it."""

    instance: str
    value: dict[str, Any]


def stored(instance: str, value: bytes) -> bytes:
    """Encode a Stored message whose value is JSON already."""
    return orjson.dumps({"instance": instance, "value": orjson.Fragment(value)})


def packed(data: bytes) -> bytes:
    """Compress a snapshot: some 15 KB instead of 150."""
    return gzip.compress(data, 1, mtime=0)


def unpacked(data: bytes) -> bytes:
    """Decompress a snapshot; raises BadMessage."""
    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise BadMessage(f"a snapshot: {error}") from None
