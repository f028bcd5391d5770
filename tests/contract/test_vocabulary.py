"""What a person reads is plain English: no word of this list stands in a message, help or docs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "chaosmonkey"

CLEAN = (
    "access",
    "api",
    "audience",
    "cli",
    "cluster",
    "clock.py",
    "commissioning.py",
    "composition.py",
    "config",
    "control",
    "dispatch.py",
    "errors.py",
    "events.py",
    "hub",
    "model",
    "outage",
    "panel",
    "plugs",
    "preflight",
    "readiness.py",
    "rescue.py",
    "runtime.py",
    "sensors",
    "simcluster",
    "startup_recovery.py",
    "store",
    "systemd.py",
    "visible.py",
    "wires",
)
"""Packages and modules that are checked; add one when its texts are clean."""

BETTER = {
    "nobody": "the subject that acts, or the passive",
    "anybody": "'anyone', or the role: caller, phone, presenter",
    "whoever": "'anyone who', or the role: caller, phone, presenter",
    "somebody": "the role: caller, phone, presenter",
    "anew": "'again'",
    "for ever": "'until cancelled', or 'without a limit'",
    "leave away": "'omit'",
    "leave out": "'omit' or 'skip'",
    "heard of": "'the last known state of'",
    "told of": "'notified of'",
    "was told": "'was notified'",
    "is told": "'is notified'",
    "may everything": "'has full presenter access'",
    "makes no sense": "'is malformed' or 'is invalid'",
    "made no sense": "'was malformed' or 'was invalid'",
    "is looked at": "'is checked' or 'is watched'",
    "are looked at": "'are checked' or 'are watched'",
    "it is tried again": "'Retrying.'",
    "stands in": "'replaces'",
    "mend": "'fix' or 'repair'",
    "all the same": "'anyway' or 'still'",
}
"""Word or phrase → what to write instead."""

WORDS = re.compile(rf"\b({'|'.join(sorted(BETTER, key=len, reverse=True))})\b", re.IGNORECASE)

SPOKEN = re.compile(r"Error$|^(say|echo|confirm|Option|Argument|Typer|Finding)$")
"""Functions whose arguments are read by a person, besides those of a `raise` and findings."""

FINDINGS = frozenset({"ok", "note", "fault", "unknown", "program_failed"})

SPOKEN_KEYWORDS = frozenset({"remedy", "help", "says", "hint"})


def read_by_people(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every literal that a person reads, and of every docstring."""
    seen: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        for found in _texts_of(node):
            for literal in ast.walk(found):
                if not isinstance(literal, ast.Constant) or id(literal) in seen:
                    continue
                seen.add(id(literal))
                if isinstance(literal.value, str):
                    yield literal.lineno, " ".join(literal.value.split())


def _texts_of(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Raise(exc=ast.Call() as call):
            yield call
        case ast.Call(func=function):
            if _is_spoken(function):
                yield from node.args
            yield from (word.value for word in node.keywords if word.arg in SPOKEN_KEYWORDS)
        case ast.Expr(value=ast.Constant(value=str()) as docstring):
            yield docstring
        case ast.Yield(value=ast.AST() as value):
            yield value
        case _:
            return


def _is_spoken(function: ast.expr) -> bool:
    match function:
        case ast.Name(id=name):
            return name in FINDINGS or bool(SPOKEN.search(name))
        case ast.Attribute(value=ast.Name(id="log")):
            return True
        case ast.Attribute(attr=name):
            return bool(SPOKEN.search(name))
        case _:
            return False


def complaints(source: str) -> list[str]:
    """A sentence for each word that a person should not read."""
    return [
        f"line {line}: '{word}' in \"{text}\": write {BETTER[word.lower()]}"
        for line, text in read_by_people(source)
        for word in WORDS.findall(text)
    ]


def modules(name: str) -> list[Path]:
    path = PACKAGE / name
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("name", CLEAN)
def test_what_people_read_is_plain_english(name: str) -> None:
    found = modules(name)
    assert found
    for path in found:
        told = complaints(path.read_text())
        assert not told, f"{path.relative_to(PACKAGE)}:\n" + "\n".join(told)


@pytest.mark.parametrize("name", ["config/http_presets"])
def test_the_sentences_of_presets_are_plain_english(name: str) -> None:
    found = sorted((PACKAGE / name).glob("*.toml"))
    assert found
    for path in found:
        assert not WORDS.findall(path.read_text()), path.name


@pytest.mark.parametrize(
    "source",
    [
        'raise BadInput("The secret, which nobody will be told again.")',
        'raise StoreFailed(f"{path}", remedy="Make the tokens anew.")',
        'error = PlugFailed("x", remedy=f"Ask {whom}, or whoever knows.")',
        'say(f"A hand pulled it. Nobody was told.")',
        'Option("--off", help="Mend it.")',
        'def run():\n    """Write for ever."""',
        'log.error("%s: it is tried again", name)',
        'yield fault("GPIO", f"{what} makes no sense", "")',
    ],
)
def test_each_place_that_people_read_is_seen(source: str) -> None:
    assert complaints(source)


@pytest.mark.parametrize(
    "source",
    ['name = "nobody"', 'raise BadInput("Recommend a node.")', "nobody = 1  # anew"],
)
def test_other_strings_and_parts_of_words_are_left_alone(source: str) -> None:
    assert not complaints(source)
