"""Tokens are told once, kept as digests, and gone when they are revoked."""

import stat
from pathlib import Path

import pytest

from chaosmonkey.access import Role, Tokens, Verb, parse_scope
from chaosmonkey.access.tokens import FILE, PREFIX
from chaosmonkey.errors import BadInput, StoreFailed


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
    with pytest.raises(BadInput, match="There is a token 'ci' already"):
        tokens.make("ci", Role.PRESENTER)
    with pytest.raises(BadInput, match="There is no token 'cd'"):
        tokens.revoke("cd")


def test_a_damaged_file_lets_nobody_in_and_says_so(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    secret = tokens.make("ci", Role.PRESENTER)
    (tmp_path / FILE).write_text("[{]")
    with pytest.raises(StoreFailed, match="cannot be read"):
        tokens.find(secret)


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
