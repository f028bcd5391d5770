"""Make docs/configuration.md from the settings: `make docs` writes it, a test compares it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from chaosmonkey.config.base import section_of
from chaosmonkey.config.http_presets import PRESETS
from chaosmonkey.config.http_recipe import HttpRecipe, HttpRequest, Trouble
from chaosmonkey.config.lab import Lab
from chaosmonkey.config.machine import Machine
from chaosmonkey.config.plugs import DRIVERS, HttpPlug
from chaosmonkey.config.scale import EdgeSettings
from chaosmonkey.config.sensors import SENSORS

HEAD = """\
# Configuration

All settings are in one file, `lab.toml`. Unknown keys are refused; `chaosmonkey check --config lab.toml` lists
every problem with its place and its remedy (exit code 2). An environment variable overrides a key:
`CHAOSMONKEY_SERVER__PORT=9090`. The demo needs no file; it writes its own, `demo.toml`, into its data
folder.

<!-- Made by `make docs` from chaosmonkey/config/. -->

```toml
[server]
data = "/var/lib/chaosmonkey"

[cluster]
kubeconfig = "/etc/rancher/k3s/k3s.yaml"

[limits]
protected = ["master"]

[timing]
preset = "stage"

[[machine]]
name = "node1"
power = { driver = "gpio", pin = 17 }
network = { driver = "gpio", pin = 12 }

[[machine]]
name = "node2"
power_sensor = { driver = "gpio", pin = 10 }
power = { driver = "command", cut = ["outlet", "2", "off"], restore = ["outlet", "2", "on"], read = ["outlet", "2"] }

[[machine]]
name = "node3"
power = { driver = "snmp", host = "192.168.1.2", poe = "3", user = "monkey", auth = "a passphrase" }
network = { driver = "snmp", host = "192.168.1.2", interface = 3, community = "may-write" }

[[machine]]
name = "node4"
power = { driver = "http", preset = "shelly-gen2", url = "http://192.168.1.20" }

[[machine]]
name = "node5"
power = { driver = "fence", agent = "fence_apc_snmp", keys = { ip = "192.168.1.3", plug = 5, community = "may-write" } }

[[machine]]
name = "node6"
power = { driver = "uhubctl", hub = "1-1", port = 2 }
```

How each driver verifies a cut, which devices turn themselves on if this server dies, and what each was tested with:
[the drivers](add-a-plug.md#the-drivers).
"""  # noqa: E501 - TOML as people write it


EDGE_HEAD = """\
`chaosmonkey edge` reads a file of its own, `edge.toml`; [scale-out.md](scale-out.md) explains it.
"""

HIDDEN = ("driver", "machine", "epoch", "demo")
"""Keys without a row: they have sections of their own, or only the demo writes them."""


def reference() -> str:
    """The whole page."""
    fields = Lab.model_fields.items()
    top = {name: field for name, field in fields if not section_of(field.annotation)}
    parts = [HEAD, *_table("At the top of the file", top, "Keys before the first section.")]
    parts += _sections(Lab)
    parts += _table("`[[machine]]`", Machine.model_fields, Machine.__doc__)
    for driver, plug in DRIVERS.items():
        says = plug.__doc__ or ""
        if plug is HttpPlug:
            says += f" The presets are {', '.join(f'`{name}`' for name in PRESETS)}."
        parts += _table(f'A plug with `driver = "{driver}"`', plug.model_fields, says)
    for sensor in dict.fromkeys(SENSORS.values()):
        names = " or ".join(f'`driver = "{name}"`' for name, it in SENSORS.items() if it is sensor)
        parts += _table(f"A sensor with {names}", sensor.model_fields, sensor.__doc__)
    parts += _table("A `recipe` of the driver `http`", HttpRecipe.model_fields, HttpRecipe.__doc__)
    parts += _table("A request of a recipe", HttpRequest.model_fields, HttpRequest.__doc__)
    parts += _table("A trouble of a recipe", Trouble.model_fields, Trouble.__doc__)
    parts += ["# Configuration of an edge\n", EDGE_HEAD]
    name = {"name": EdgeSettings.model_fields["name"]}
    parts += _table("At the top of edge.toml", name, "Before the first section.")
    parts += _sections(EdgeSettings, " in edge.toml")
    return "\n".join(parts)


def _sections(root: type[BaseModel], where: str = "") -> Iterator[str]:
    for name, field in root.model_fields.items():
        section = section_of(field.annotation)
        if section is not None and name not in HIDDEN:
            yield from _table(f"`[{name}]`{where}", section.model_fields, section.__doc__)


def _table(title: str, fields: dict[str, FieldInfo], says: str | None) -> Iterator[str]:
    rows = {name: field for name, field in fields.items() if name not in HIDDEN}
    yield f"## {title}\n\n{' '.join((says or '').split())}\n"
    yield "| key | default | meaning |\n|---|---|---|"
    for name, field in rows.items():
        meaning = " ".join((field.description or "").split()).replace("|", "\\|")
        yield f"| `{name}` | {_default(field)} | {meaning} |"
    yield ""


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is PydanticUndefined:
        return "" if field.default_factory else "required"
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
