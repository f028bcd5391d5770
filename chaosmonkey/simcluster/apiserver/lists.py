"""Lists: all objects of a resource, or a page of them, at one version.

A list reuses the encoded JSON of its objects; watches share the same bytes.
"""

from __future__ import annotations

import base64
from binascii import Error as NotBase64
from dataclasses import dataclass
from itertools import islice

import orjson

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.paths import Target
from chaosmonkey.simcluster.apiserver.selectors import selector
from chaosmonkey.simcluster.apiserver.storage import Store
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Obj

Query = dict[str, str]


@dataclass(frozen=True)
class Page:
    """Some objects, their version, and the start of the next page."""

    changes: list[Change]
    version: int
    follow: str = ""
    left: int = 0

    def meta(self) -> Obj:
        """The list's metadata."""
        meta: Obj = {"resourceVersion": str(self.version)}
        if self.follow:
            meta["continue"] = self.follow
            if self.left:
                meta["remainingItemCount"] = self.left
        return meta


def number(text: str, what: str) -> int:
    """Parse a number in a query. Refuses with 400 what is not a number."""
    try:
        return int(text or "0")
    except ValueError:
        parsing = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise refusals.bad_request(
            f'invalid resource version: {what}: Invalid value: "{text}": {parsing}'
        ) from None


def page(store: Store, target: Target, query: Query) -> Page:
    """The objects that a list selects. Refuses expired versions with 410."""
    cache = store.cache(target.resource)
    matches = selector(
        target.resource, query.get("labelSelector", ""), query.get("fieldSelector", "")
    )
    version, after = store.version, ("", "")
    if token := query.get("continue"):
        version, after = _read_token(token)
    elif query.get("resourceVersionMatch") == "Exact":
        version = number(query.get("resourceVersion", ""), "resourceVersion")
    if version < cache.floor:
        raise refusals.list_expired()
    held = cache.latest if version == store.version else cache.at(version)
    keys = sorted(
        key for key in held if (not target.namespace or key[0] == target.namespace) and key > after
    )
    wanted = (held[key] for key in keys if matches is None or matches(held[key].object))
    limit = number(query.get("limit", ""), "limit")
    if not limit:
        return Page(list(wanted), version)
    found = list(islice(wanted, limit + 1))
    if len(found) <= limit:
        return Page(found, version)
    last = found[limit - 1].key
    left = 0 if matches is not None else len(keys) - limit
    return Page(found[:limit], version, _token(version, last), left)


def body(target: Target, found: Page) -> bytes:
    """A list as JSON."""
    resource = target.resource
    head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version}
    opened = orjson.dumps(head | {"metadata": found.meta()})[:-1]
    return opened + b',"items":[' + b",".join(change.json for change in found.changes) + b"]}"


def _token(version: int, last: tuple[str, str]) -> str:
    start = f"{last[0]}/{last[1]}\0"
    token = orjson.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start})
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def _read_token(token: str) -> tuple[int, tuple[str, str]]:
    try:
        read = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = read["start"].rstrip("\0").partition("/")
        return int(read["rv"]), (namespace, name)
    except (NotBase64, ValueError, KeyError, TypeError, AttributeError):
        raise refusals.bad_request(f"continue key is not valid: {token}") from None
