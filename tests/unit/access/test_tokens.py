"""Tokens are told once, kept as digests, and gone when they are revoked."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from chaosmonkey.access import Role, Tokens, Verb, parse_scope
from chaosmonkey.access.sessions import Sessions
from chaosmonkey.access.tokens import FILE, PREFIX
from chaosmonkey.clock import ManualClock
from chaosmonkey.errors import BadInput, StoreFailed
from chaosmonkey.store import Journal, hold_folder, open_database, secret_key
from tests.sure import sure


def test_a_token_is_found_by_its_secret_and_by_nothing_else(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    secret = tokens.make("ci", Role.SCRIPT, [parse_scope("kill:node3")])
    assert secret.startswith(PREFIX)
    found = tokens.find(secret)
    assert found is not None
    assert (found.name, found.role) == ("ci", Role.SCRIPT)
    for wrong in ("", "ci", found.id, found.digest, secret[:-1], secret + "x", secret.upper()):
        assert tokens.find(wrong) is None


def test_the_secret_is_not_on_the_disk_and_the_file_is_for_this_user_alone(tmp_path: Path) -> None:
    secret = Tokens(tmp_path).make("ci", Role.PRESENTER)
    for path in tmp_path.iterdir():
        assert secret.removeprefix(PREFIX).encode() not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_process_sees_a_new_token_and_a_revoked_one_at_once(tmp_path: Path) -> None:
    server, person = Tokens(tmp_path), Tokens(tmp_path)
    assert server.all() == ()
    secret = person.make("ci", Role.SCRIPT, [parse_scope("read")])
    assert server.find(secret) is not None
    person.revoke("ci")
    assert server.find(secret) is None


def test_a_name_is_given_once_and_only_what_is_there_can_be_revoked(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    tokens.make("ci", Role.PRESENTER)
    with pytest.raises(BadInput, match="The token 'ci' already exists"):
        tokens.make("ci", Role.PRESENTER)
    with pytest.raises(BadInput, match="No token is named 'cd'"):
        tokens.revoke("cd")


def test_a_file_that_cannot_be_read_keeps_the_known_tokens_and_says_so(tmp_path: Path) -> None:
    """HALT must not hang on a file."""
    tokens = Tokens(tmp_path)
    secret = tokens.make("ci", Role.PRESENTER)
    assert tokens.find(secret)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_text("[{]")
    assert tokens.find(secret)
    assert "cannot be read" in tokens.trouble
    with pytest.raises(StoreFailed, match="cannot be read"):
        tokens.make("another", Role.PRESENTER)
    (tmp_path / FILE).write_bytes(whole)
    assert tokens.find(secret)
    assert tokens.trouble == ""


def test_a_server_that_never_could_read_the_file_lets_in_whoever_needs_none(
    tmp_path: Path,
) -> None:
    secret = Tokens(tmp_path).make("ci", Role.PRESENTER)
    (tmp_path / FILE).write_text("[{]")
    tokens = Tokens(tmp_path)
    assert tokens.find(secret) is None
    assert "cannot be read" in tokens.trouble


@pytest.mark.skipif(os.geteuid() != 0, reason="CHAOSMONKEY: only root can give a file away")
def test_what_root_makes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    """`sudo chaosmonkey token new`, and plugs tried by root: the service must read the files."""
    os.chown(tmp_path, 4711, 4712)
    Tokens(tmp_path).make("ci", Role.PRESENTER)
    sessions = Sessions(b"k" * 32, tmp_path, ManualClock())
    sessions.end(sure(sessions.recognise(sessions.open("token"))))
    secret_key(tmp_path)

    async def use_the_database() -> None:
        with hold_folder(tmp_path):
            async with open_database(tmp_path, ManualClock()) as database:
                await Journal(database).note_halt(1.0, "Ada")
                assert_all_are_theirs()

    def assert_all_are_theirs() -> None:
        owners = {
            path.name: (path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()
        }
        assert set(owners.values()) == {(4711, 4712)}, owners

    asyncio.run(use_the_database())
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("scope", "verb", "machine", "allowed"),
    [
        ("kill:node3", Verb.KILL, "node3", True),
        ("kill:node3", Verb.KILL, "node2", False),
        ("kill:node3", Verb.KILL, None, False),
        ("kill:node3", Verb.RESTORE, "node3", True),
        ("kill:node3", Verb.HALT, None, False),
        ("kill", Verb.KILL, "node2", True),
        ("restore", Verb.KILL, "node2", False),
        ("read", Verb.READ, None, True),
        ("halt", Verb.RELEASE, None, False),
    ],
)
def test_a_scope_allows_what_it_says_and_no_more(
    scope: str, verb: Verb, machine: str | None, allowed: bool
) -> None:
    assert parse_scope(scope).allows(verb, machine) is allowed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kil", "Did you mean 'kill'"),
        ("*", "Scopes: read, kill"),
        ("kill:", "as kill:node3"),
        ("kill:../etc", "as kill:node3"),
        ("kill:Node3", "as kill:node3"),
        ("halt:node3", "as kill:node3"),
    ],
)
def test_what_is_no_scope_is_refused_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_scope(text)
    assert told in str(caught.value)


def test_every_scope_is_written_as_it_is_read() -> None:
    for text in ("read", "kill", "kill:node3", "restore:a.b-c"):
        assert str(parse_scope(text)) == text
