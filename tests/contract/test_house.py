"""The house stays tidy: one name a class, no module too long to read at one go."""

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "chaosmonkey"
MODULES = [path for path in PACKAGE.rglob("*.py") if "pages" not in path.parts]
LONGEST = 300


def test_no_module_has_more_than_300_lines() -> None:
    """When one grows past that, look for the second idea in it."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    too_long = [f"{path}: {lines}" for path, lines in lengths.items() if lines > LONGEST]
    assert too_long == []


def test_no_two_classes_have_the_same_name() -> None:
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(str(path.relative_to(PACKAGE)))
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_every_package_says_what_it_is_for() -> None:
    inits = [path for path in MODULES if path.name == "__init__.py"]
    silent = [path for path in inits if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []
