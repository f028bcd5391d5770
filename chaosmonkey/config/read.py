"""Read a file and the environment into checked settings, or report every problem at once.

    lab.toml ─► tomllib ─► Lab ─► contradictions ─► frozen sections
    CHAOSMONKEY_SERVER__PORT=9090 and the like override a key of the file

The only module that reads configuration files. Each problem is reported with its place and its
remedy, and none repeats a secret.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from chaosmonkey.config.base import section_of
from chaosmonkey.config.cross_checks import contradictions
from chaosmonkey.config.http_recipe import HttpRecipe, HttpRequest
from chaosmonkey.config.lab import Lab
from chaosmonkey.config.machine import Machine
from chaosmonkey.config.plugs import DRIVERS
from chaosmonkey.config.scale import EdgeSettings
from chaosmonkey.config.sensors import SENSORS
from chaosmonkey.errors import BadConfig, BadInput, did_you_mean


def load(path: Path) -> Lab:
    """Read and check a `lab.toml`.

    Raises:
        BadConfig: lists every problem with its place and remedy.
        BadInput: the file does not exist or cannot be read.
    """
    return build(_read(path, "docs/configuration.md"), source=str(path))


def load_edge(path: Path) -> EdgeSettings:
    """Read and check an `edge.toml`; raises as `load` does."""
    values = _read(path, "docs/scale-out.md")
    try:
        return EdgeSettings(**values)
    except ValidationError as error:
        problems = [_explain(item, values, EdgeSettings) for item in error.errors()]
        raise BadConfig(str(path), problems) from None


def build(values: dict[str, Any], *, source: str = "lab.toml") -> Lab:
    """Check settings given as plain values; raises BadConfig as `load` does."""
    try:
        lab = Lab(**values)
    except ValidationError as error:
        raise BadConfig(source, [_explain(item, values, Lab) for item in error.errors()]) from None
    if problems := list(contradictions(lab)):
        raise BadConfig(source, problems)
    return lab


def _read(path: Path, example: str) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(
            f"The file {path} does not exist.",
            remedy=f"Create it ({example} has an example) or choose another: --config.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path} cannot be read: {error}.",
            remedy="It must be a readable text file in UTF-8.",
        ) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(str(path), [f"not TOML: {error}"]) from None


# --- describe a problem that pydantic found ------------------------------------------------


def _explain(item: Any, values: dict[str, Any], root: type[BaseModel]) -> str:
    location = list(item["loc"])
    place = _place(location, values)
    match item["type"]:
        case "extra_forbidden":
            known = list(_section_at(location[:-1], root).model_fields)
            hint = did_you_mean(str(location[-1]), known)
            return f"{place}: unknown key. {hint}Known keys: {', '.join(known)}."
        case "missing":
            return f"{place}: is missing. {_meaning(location, root)}".rstrip()
        case "union_tag_invalid" | "union_tag_not_found":
            known_drivers = SENSORS if _is_sensor(location) else DRIVERS
            drivers = " or ".join(f'"{driver}"' for driver in known_drivers)
            return f"{place}.driver: must be {drivers}."
        case _:
            problem = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
            hidden = _may_be_secret(location, item["input"], root)
            given = "" if hidden else f", not {item['input']!r}"
            return f"{place}: {problem}{given}. {_meaning(location, root)}".rstrip()


def _may_be_secret(location: list[Any], given: object, root: type[BaseModel]) -> bool:
    """Whether a value must not be shown: it may hold a secret, as a URL with a password does."""
    fields = _section_at(location[:-1], root).model_fields if location else {}
    field = fields.get(str(location[-1])) if location else None
    if field is None or "SecretStr" in str(field.annotation):
        return True
    return isinstance(given, dict | list) or (isinstance(given, str) and "@" in given)


def _place(location: list[Any], values: dict[str, Any]) -> str:
    """('machine', 2, 'power', 'gpio', 'pin') as "[[machine]] 3 (node3): power.pin"."""
    match location:
        case ["machine", int(index), *rest]:
            if len(rest) > 1 and rest[1] in DRIVERS | SENSORS:
                del rest[1]
            key = ".".join(map(str, rest))
            name = _name_of_entry(values.get("machine"), index)
            return f"[[machine]] {index + 1}{name}" + (f": {key}" if key else "")
        case _:
            return ".".join(map(str, location))


def _is_sensor(location: list[Any]) -> bool:
    return len(location) > 2 and str(location[2]).endswith("_sensor")


def _name_of_entry(entries: object, index: int) -> str:
    entry = entries[index] if isinstance(entries, list | tuple) else None
    return f" ({entry['name']})" if isinstance(entry, dict) and "name" in entry else ""


def _section_at(location: list[Any], root: type[BaseModel]) -> type[BaseModel]:
    """The settings class at a location."""
    match location:
        case ["machine", int()]:
            return Machine
        case ["machine", int(), str(), str(driver)] if _is_sensor(location):
            return SENSORS[driver]
        case ["machine", int(), str(), str(driver)]:
            return DRIVERS[driver]
        case ["machine", int(), str(), str(), "recipe"]:
            return HttpRecipe
        case ["machine", int(), str(), str(), "recipe", *_]:
            return HttpRequest
        case [str(key)]:
            return section_of(root.model_fields[key].annotation) or root
        case _:
            return root


def _meaning(location: list[Any], root: type[BaseModel]) -> str:
    try:
        field = _section_at(location[:-1], root).model_fields[location[-1]]
    except KeyError:
        return ""
    return " ".join((field.description or "").split())
