"""What an image is made of, told by its own Python. prove.sh runs it in each.

Exit code 1 if something is there that should not be: a program for another processor, a package
that was compiled on the way, a compiler, pip.
"""

from __future__ import annotations

import os
import platform
import shutil
import struct
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

PROCESSORS = {"armv7l": 40, "aarch64": 183, "x86_64": 62}
"""What stands in an ELF file's header at byte 18."""

WITHOUT_MANYLINUX = {"lgpio"}
"""Whose wheel for 32-bit ARM is called linux_armv7l, as what pip built itself would be."""


def libraries(one: Distribution) -> list[Path]:
    """The compiled files of a package."""
    found = (Path(str(one.locate_file(file))) for file in one.files or ())
    return [path for path in found if ".so" in path.suffixes and path.is_file()]


def processor(path: Path) -> int:
    """What a compiled file is for."""
    (number,) = struct.unpack_from("<H", path.read_bytes(), 18)
    return int(number)


def tags(one: Distribution) -> list[str]:
    """What the wheel said that it is for."""
    wheel = (one.read_text("WHEEL") or "").splitlines()
    return [line.removeprefix("Tag: ") for line in wheel if line.startswith("Tag: ")]


def main() -> int:
    """Print it, line by line."""
    wrong: list[str] = []
    pure, compiled, built = [], [], []
    for one in sorted(
        distributions(path=[p for p in sys.path if "site-packages" in p]), key=lambda one: one.name
    ):
        name, found = f"{one.name} {one.version}", libraries(one)
        if found:
            compiled.append(f"{name} ({tags(one)[0].rpartition('-')[2]})")
            if one.name not in WITHOUT_MANYLINUX and "manylinux" not in "".join(tags(one)):
                wrong.append(f"{name} was compiled on the way")
        elif any(tag.endswith("-any") for tag in tags(one)):
            pure.append(name)
        else:
            built.append(name)
        wrong += [
            f"{path} is for another processor"
            for path in found
            if processor(path) != PROCESSORS[platform.machine()]
        ]
    wrong += [
        f"there is {tool}" for tool in ("cc", "gcc", "clang", "make", "npm") if shutil.which(tool)
    ]
    if Path(sys.prefix, "bin", "pip").exists():
        wrong.append("pip is left over")
    size = sum(
        Path(folder, file).lstat().st_size
        for folder, _, files in os.walk(sys.prefix)
        for file in files
    )
    bits = 8 * struct.calcsize("P")
    sys.stdout.write(
        f"Python {platform.python_version()}, {platform.machine()}, {bits} bits, "
        f"user {os.getuid()} in groups {sorted(os.getgroups())}\n"
        f"{sys.prefix}: {size / 1e6:.1f} MB\n"
        f"{len(pure)} packages of pure Python\n"
        f"{len(compiled)} from wheels for this processor: {', '.join(compiled)}\n"
        f"{len(built)} built from source, without anything compiled: {', '.join(built) or '-'}\n"
    )
    sys.stdout.writelines(f"WRONG: {line}\n" for line in wrong)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
