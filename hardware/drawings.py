"""Write everything in this folder that is generated from lab.toml: `python -m hardware.drawings`.

The pin map, the harnesses' YAML and the shopping list need no other packages. The schematics need
schemdraw; the harnesses' pictures need WireViz (`make drawings` installs both) and graphviz.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from chaosmonkey.config import Lab
from chaosmonkey.model import FeedKind
from hardware import bom, harness, pinmap
from hardware.panel import panel_layout
from hardware.table import HERE, channels, example, rails


def texts(lab: Lab) -> dict[str, str]:
    """The text files, by name."""
    return {
        "bom.csv": bom.write(5),
        "pins.md": pinmap.page(lab),
        "harness-control.yaml": harness.as_yaml(harness.control(lab)),
        "harness-feeds.yaml": harness.as_yaml(harness.feeds(lab)),
        "harness-panel.yaml": harness.as_yaml(harness.panel(lab)),
        "harness-sensing.yaml": harness.as_yaml(harness.sensing(lab)),
    }


def schematics(lab: Lab) -> dict[str, str]:
    """The schematics as SVG, by name. Raises ImportError without schemdraw.

    The other builds have their own examples: lab-active-low.toml and lab-poe.toml.
    """
    from hardware import schematic, schematic_panel, schematic_poe  # noqa: PLC0415 - schemdraw

    blue, poe = example("lab-active-low"), example("lab-poe")
    if not isinstance(blue.panel.halt, int):
        raise ValueError(  # noqa: TRY004 - it is the file that is wrong
            "lab-active-low.toml: the drawing needs a red button on the header"
        )
    return {
        "schematic-power.svg": schematic.power(channels(lab, FeedKind.POWER)),
        "schematic-network.svg": schematic.network(
            channels(lab, FeedKind.NETWORK), harness.SECOND_GROUND_PIN
        ),
        "schematic-sensing.svg": schematic_panel.sensing(rails(lab)),
        "schematic-panel.svg": schematic_panel.panel(panel_layout(lab)),
        "schematic-active-low.svg": schematic.active_low(
            channels(blue, FeedKind.POWER, active_high=False), blue.panel.halt
        ),
        "schematic-poe.svg": schematic_poe.poe(schematic_poe.ports(poe)),
    }


def draw_harness(source: Path, folder: Path) -> None:
    """Draw a harness with WireViz, which calls graphviz' dot.

    The font is reduced afterwards: the boxes are measured for a narrower font than most machines
    have.
    """
    wireviz = Path(sys.executable).with_name("wireviz")
    subprocess.run(  # noqa: S603 - a program of ours on a file of ours
        [wireviz, "--format", "s", "--output-dir", folder, source], check=True, capture_output=True
    )
    drawn = folder / f"{source.stem}.svg"
    drawn.write_text(drawn.read_text().replace('font-size="14.00"', 'font-size="12.00"'))


def main() -> int:
    """Write all files."""
    if shutil.which("dot") is None:
        sys.stderr.write("WireViz needs graphviz: apt-get install graphviz\n")
        return 1
    lab = example()
    for name, text in (texts(lab) | schematics(lab)).items():
        (HERE / name).write_text(text, encoding="utf-8")
    for source in HERE.glob("harness-*.yaml"):
        draw_harness(source, HERE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
