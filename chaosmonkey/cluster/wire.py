"""Kubernetes' JSON becomes the model here, and nowhere else.

    bytes of a list  ─► read_page ─► Page(entries, version, token)
    line of a watch  ─► read_line ─► Present | Deleted | Bookmark | Status
    body of an error ─► read_status ─► Status

Pure: no I/O, no time. Only what identifies an object must be there (uid and name); whatever else is
missing gets the model's default. What makes no sense raises `Garbled`, and nothing but `Garbled`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import orjson

from chaosmonkey.cluster.trouble import Garbled, Status
from chaosmonkey.model import ClusterObject

Json = dict[str, Any]
Decode = Callable[[Json], ClusterObject]


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as the server holds it.

    Attributes:
        uid: what makes it this object and no other.
        key: namespace/name, which a successor may bear again.
        version: its resourceVersion.
        object: what the model sees of it.
    """

    uid: str
    key: str
    version: str
    object: ClusterObject


@dataclass(frozen=True, slots=True)
class Page:
    """A list, or a part of one; `token` asks for the next part, "" at the end."""

    entries: tuple[Entry, ...]
    version: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """The object is new or changed."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Deleted:
    """The object is gone; the entry is its last state."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Nothing happened up to this version."""

    version: str


Line = Present | Deleted | Bookmark | Status

_NONSENSE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)


def read_line(line: bytes, decode: Decode) -> Line:
    """One line of a watch.

    Raises:
        Garbled: it is no watch event, or not one of such an object.
    """
    try:
        event = _load(line)
        match event["type"]:
            case "ADDED" | "MODIFIED":
                return Present(_entry(event["object"], decode))
            case "DELETED":
                return Deleted(_entry(event["object"], decode))
            case "BOOKMARK":
                return Bookmark(_text(event["object"]["metadata"]["resourceVersion"]))
            case "ERROR":
                return _status(event["object"], code=500)
            case unknown:
                raise _garbled(f"a watch event of type {str(unknown)[:40]!r}", line)
    except _NONSENSE as error:
        raise _garbled("a watch event", line, error) from error


def read_page(body: bytes, decode: Decode) -> Page:
    """The body of an answer to a list.

    Raises:
        Garbled: it is no list, or not one of such objects.
    """
    try:
        page = orjson.loads(body)
        metadata = page["metadata"]
        return Page(
            tuple(_entry(item, decode) for item in page.get("items") or ()),
            _text(metadata["resourceVersion"]),
            metadata.get("continue") or "",
        )
    except _NONSENSE as error:
        raise _garbled("a list", body, error) from error


def read_object(body: bytes) -> Json:
    """The body of an answer that is one object, for those who only look at a field or two.

    Raises:
        Garbled: it is no JSON object.
    """
    try:
        found = orjson.loads(body)
    except ValueError as error:
        raise _garbled("an object", body, error) from error
    if not isinstance(found, dict):
        raise _garbled("an object", body)
    return found


def read_status(code: int, body: bytes) -> Status:
    """What an answer of HTTP status `code` says; it need not be a Status, nor even JSON."""
    try:
        return _status(orjson.loads(body), code=code)
    except _NONSENSE:
        return Status(code, message=body[:200].decode(errors="replace").strip())


def _load(line: bytes) -> Json:
    """Parse a line without its managedFields: two fifths of the bytes, which nobody here reads.

    The server writes them last into the metadata, and no text within them can hold an unescaped
    quote; should a line be different all the same, it is parsed whole.
    """
    start = line.find(b'"managedFields":[')
    end = line.find(b']},"', start) if start > 0 else -1
    if end > 0:
        try:
            return cast("Json", orjson.loads(line[: start + 17] + line[end:]))
        except ValueError:
            pass
    return cast("Json", orjson.loads(line))


def _status(found: Json, *, code: int) -> Status:
    seconds = (found.get("details") or {}).get("retryAfterSeconds")
    return Status(
        int(found.get("code") or code),
        str(found.get("reason") or ""),
        str(found.get("message") or ""),
        float(seconds) if seconds else None,
    )


def _entry(found: Json, decode: Decode) -> Entry:
    metadata = found["metadata"]
    name = _text(metadata["name"])
    return Entry(
        uid=_text(metadata["uid"]),
        key=f"{metadata.get('namespace', '')}/{name}",
        version=metadata.get("resourceVersion") or "",
        object=decode(found),
    )


def _text(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise TypeError(f"{value!r} is no name, uid or version")


def _garbled(what: str, found: bytes, error: Exception | None = None) -> Garbled:
    start = found[:120].decode(errors="replace")
    why = f" ({type(error).__name__}: {str(error)[:120]})" if error else ""
    return Garbled(
        f"The API server sent something that is not {what}{why}: {start}",
        remedy="A proxy in between may answer in the server's place; check the address.",
    )
