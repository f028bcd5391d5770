"""The tokens of a data folder: stored as digests, shown once, revoked by removing them.

The file belongs to the folder's owner, so that tokens can be created and revoked whether or not the
server runs. The server rereads it after a change, and keeps the known tokens if it is unreadable:
HALT must not depend on a file.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import logging
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from chaosmonkey.access.callers import Role
from chaosmonkey.access.scopes import Scope, parse_scope
from chaosmonkey.datafiles import open_lock, write_whole
from chaosmonkey.errors import BadInput, StoreFailed

log = logging.getLogger(__name__)

FILE = "tokens.json"

PREFIX = "chaos_"
"""Prefix of a token, so that a leaked one is recognised."""

ENTROPY = 32
"""Random bytes of a token; too many to guess, so that one round of SHA-256 suffices."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token, without its secret.

    Attributes:
        id: random; sessions of the token refer to it, and end when it is revoked.
        digest: SHA-256 of the secret, hexadecimal.
        made: when, as ISO 8601 in UTC.
    """

    id: str
    name: str
    role: Role
    scopes: tuple[Scope, ...]
    digest: str
    made: str


class Tokens:
    """The tokens in a folder.

    Attributes:
        trouble: why the file cannot be read, as a sentence; "" if it can.
    """

    def __init__(self, folder: Path) -> None:
        self.trouble = ""
        self._path = folder / FILE
        self._read_at: tuple[int, int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def known(self) -> tuple[Token, ...]:
        """All tokens in the file, or those last read if it is unreadable now."""
        try:
            self.all()
        except StoreFailed as error:
            if error.message != self.trouble:
                log.error("%s", error)
            self.trouble = error.message
        else:
            self.trouble = ""
        return self._tokens

    def all(self) -> tuple[Token, ...]:
        """All tokens in the file; raises StoreFailed if it cannot be read."""
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp != self._read_at:
                self._tokens = tuple(_token(item) for item in orjson.loads(self._path.read_bytes()))
                self._read_at = stamp
        except FileNotFoundError:
            self._tokens, self._read_at = (), None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreFailed(
                f"The tokens in {self._path} cannot be read: {error}.",
                remedy="Restore the file, or delete it and create the tokens again.",
            ) from None
        return self._tokens

    def find(self, secret: str) -> Token | None:
        """Return the token with this secret, or None. The comparison takes constant time."""
        digest = _digest(secret)
        found = None
        for token in self.known():
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found

    def has(self, token_id: str) -> bool:
        """Whether a token has not been revoked."""
        return any(hmac.compare_digest(token.id, token_id) for token in self.known())

    def make(self, name: str, role: Role, scopes: Iterable[Scope] = ()) -> str:
        """Create a token and return its secret, which is not stored.

        Raises:
            BadInput: a token of that name exists.
            StoreFailed: the file cannot be read or written.
        """
        secret = PREFIX + secrets.token_urlsafe(ENTROPY)
        with self._locked():
            known = self.all()
            if any(token.name == name for token in known):
                raise BadInput(
                    f"The token '{name}' already exists.",
                    remedy=f"Choose another name, or revoke it: chaosmonkey token revoke {name}.",
                )
            made = datetime.now(UTC).isoformat(timespec="seconds")
            token = Token(secrets.token_hex(8), name, role, tuple(scopes), _digest(secret), made)
            self._write((*known, token))
        return secret

    def revoke(self, name: str) -> None:
        """Remove a token, which ends its sessions.

        Raises:
            BadInput: no token has that name.
            StoreFailed: the file cannot be read or written.
        """
        with self._locked():
            known = self.all()
            left = tuple(token for token in known if token.name != name)
            if left == known:
                names = ", ".join(token.name for token in known) or "none"
                raise BadInput(f"No token is named '{name}'.", remedy=f"Tokens: {names}.")
            self._write(left)

    def _write(self, tokens: tuple[Token, ...]) -> None:
        content = orjson.dumps([_json(token) for token in tokens], option=orjson.OPT_INDENT_2)
        try:
            write_whole(self._path, content)
        except OSError as error:
            raise self._unwritable(error) from None
        self._read_at = None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = open_lock(self._path.with_suffix(".lock"))
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _unwritable(self, error: OSError) -> StoreFailed:
        return StoreFailed(
            f"The tokens in {self._path} cannot be written: {error.strerror}.",
            remedy="Make the data folder writable for this user.",
        )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _json(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "scopes": [str(scope) for scope in token.scopes],
        "digest": token.digest,
        "made": token.made,
    }


def _token(item: dict[str, str]) -> Token:
    return Token(
        id=item["id"],
        name=item["name"],
        role=Role(item["role"]),
        scopes=tuple(parse_scope(scope) for scope in item["scopes"]),
        digest=item["digest"],
        made=item["made"],
    )
