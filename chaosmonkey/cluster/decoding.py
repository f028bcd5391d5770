"""Decode Kubernetes' JSON into the model; the only module that does.

    bytes of a list  ─► read_page ─► ListPage(entries, version, token, dropped)
    line of a watch  ─► read_line ─► Present | Deleted | Dropped | Bookmark | Status
    body of an error ─► read_status ─► Status

Pure: no I/O, no time. Only an object's identity (uid and name) is required; other fields default
to the model's. One malformed object is dropped, with the reason; a malformed answer raises
`MalformedResponse`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import orjson

from chaosmonkey.cluster.errors import MalformedResponse, Status
from chaosmonkey.cluster.fields import count, listed, mapping, name, seconds, text
from chaosmonkey.model import ClusterObject

Json = dict[str, Any]
Decode = Callable[[Json], ClusterObject]


@dataclass(frozen=True, slots=True)
class DecodedObject:
    """One object as the server holds it.

    Attributes:
        uid: its identity.
        key: namespace/name, which a successor may reuse.
        version: its resourceVersion.
        object: its part in the model.
    """

    uid: str
    key: str
    version: str
    object: ClusterObject


@dataclass(frozen=True, slots=True)
class ListPage:
    """A list, or a part of one.

    Attributes:
        token: asks for the next part; "" at the end.
        dropped: malformed objects, and why.
    """

    entries: tuple[DecodedObject, ...]
    version: str
    token: str = ""
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Present:
    """The object is new or changed."""

    entry: DecodedObject


@dataclass(frozen=True, slots=True)
class Deleted:
    """The object is gone; the entry is its last state."""

    entry: DecodedObject


@dataclass(frozen=True, slots=True)
class Dropped:
    """The object is malformed because of `why`; `version` is "" if it has none."""

    why: str
    version: str


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Nothing happened up to this version."""

    version: str


Line = Present | Deleted | Dropped | Bookmark | Status

MESSAGE_SHOWN = 500
"""Characters kept of a server's error message."""

LONGEST_VERSION = 128
"""Characters of a resourceVersion; etcd's has at most 20."""

_NONSENSE = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
)


def read_line(line: bytes, decode: Decode) -> Line:
    """One line of a watch.

    Raises:
        MalformedResponse: it is no watch event, or not one of such an object.
    """
    try:
        event = _load(line)
        match event["type"]:
            case "ADDED" | "MODIFIED":
                entry = _entry(event["object"], decode)
                return entry if isinstance(entry, Dropped) else Present(entry)
            case "DELETED":
                entry = _entry(event["object"], decode)
                return entry if isinstance(entry, Dropped) else Deleted(entry)
            case "BOOKMARK":
                return Bookmark(_version(event["object"]["metadata"], needed=True))
            case "ERROR":
                return _status(event["object"], code=500)
            case unknown:
                raise _garbled(f"a watch event of type {str(unknown)[:40]!r}", line)
    except _NONSENSE as error:
        raise _garbled("a watch event", line, error) from error


def read_page(body: bytes, decode: Decode) -> ListPage:
    """The body of an answer to a list.

    Raises:
        MalformedResponse: it is no list, or not one of such objects.
    """
    try:
        page = orjson.loads(body)
        metadata = mapping(page, "metadata")
        found = [_entry(item, decode) for item in listed(page, "items")]
        return ListPage(
            tuple(one for one in found if isinstance(one, DecodedObject)),
            _version(metadata, needed=True),
            text(metadata, "continue"),
            tuple(one.why for one in found if isinstance(one, Dropped)),
        )
    except _NONSENSE as error:
        raise _garbled("a list", body, error) from error


def read_object(body: bytes) -> Json:
    """The body of an answer that is one object, undecoded.

    Raises:
        MalformedResponse: it is no JSON object.
    """
    try:
        found = orjson.loads(body)
    except ValueError as error:
        raise _garbled("an object", body, error) from error
    if not isinstance(found, dict):
        raise _garbled("an object", body)
    return found


def read_status(code: int, body: bytes) -> Status:
    """The refusal in an answer of HTTP status `code`, which need not be a Status or JSON."""
    try:
        return _status(orjson.loads(body), code=code)
    except _NONSENSE:
        return Status(code, message=body[:200].decode(errors="replace").strip())


def _load(line: bytes) -> Json:
    """Parse a line without its managedFields: two fifths of the bytes, and unused here.

    The server writes them last into the metadata, and no text within them can hold an unescaped
    quote; a line that differs is parsed whole.
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
    wait = seconds(mapping(found, "details"), "retryAfterSeconds")
    return Status(
        count(found, "code") or code,
        text(found, "reason")[:MESSAGE_SHOWN],
        text(found, "message")[:MESSAGE_SHOWN],
        wait if wait is not None and wait > 0 else None,
    )


def _entry(found: Any, decode: Decode) -> DecodedObject | Dropped:
    """The object of an event or a list; raises TypeError if it is no JSON object."""
    if not isinstance(found, dict):
        raise TypeError(f"{found!r:.40} is no object")
    metadata = mapping(found, "metadata")
    try:
        return DecodedObject(
            uid=name(metadata, "uid"),
            key=f"{text(metadata, 'namespace')}/{name(metadata, 'name')}",
            version=_version(metadata),
            object=decode(found),
        )
    except _NONSENSE as error:
        known = metadata.get("namespace"), metadata.get("name")
        what = "/".join(part[:80] for part in known if isinstance(part, str)) or "an object"
        return Dropped(f"{what}: {str(error)[:200]}", _version_if_any(metadata))


def _version(metadata: Json, *, needed: bool = False) -> str:
    """A resourceVersion: opaque, but short; an endless number would take time to compare."""
    found = name(metadata, "resourceVersion") if needed else text(metadata, "resourceVersion")
    if len(found) > LONGEST_VERSION:
        raise ValueError(f"resourceVersion has {len(found)} characters")
    return found


def _version_if_any(metadata: Json) -> str:
    try:
        return _version(metadata)
    except _NONSENSE:
        return ""


def _garbled(what: str, found: bytes, error: Exception | None = None) -> MalformedResponse:
    start = found[:120].decode(errors="replace")
    why = f" ({type(error).__name__}: {str(error)[:120]})" if error else ""
    return MalformedResponse(
        f"The API server sent something that is not {what}{why}: {start}",
        remedy="Check the address, and whether a proxy answers in the server's place.",
    )
