"""Check whether data in a folder survives a power loss, as far as Linux tells.

tmpfs, ramfs                           in memory: lost
overlay with its upper layer on one    lost (raspi-config's "overlay file system")
overlay with an unknown upper layer    uncertain: a newer raspi-config, or a container
nfs, cifs, 9p …                        on another computer: locks and flushes may be weaker
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")

IN_MEMORY = ("tmpfs", "ramfs")
OVERLAYS = ("overlay", "overlayfs", "aufs")
ELSEWHERE = (
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"),
    *("fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.s3fs"),
)

BETTER = (
    "Put it on the SD card or a disk: [server] data. With raspi-config's overlay file system, use "
    "a separate partition or USB stick; in a container, use a volume."
)


@dataclass(frozen=True, slots=True)
class FilesystemRisk:
    """Why a folder may lose data, as a sentence, and what to do about it."""

    says: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Mount:
    point: Path
    kind: str
    upper: Path | None


def check_filesystem(folder: Path, mounts: Path = MOUNTS) -> FilesystemRisk | None:
    """The risk of keeping the journal in a folder, which need not exist yet.

    None if there is no risk, or if this system does not list its mounts.
    """
    try:
        known = list(_mounts(mounts.read_text(errors="surrogateescape")))
        whole = folder.absolute().resolve()
    except (OSError, RuntimeError):  # the latter for a loop of links, before Python 3.13
        return None
    mount = _mount_of(whole, known)
    if mount is None:
        return None
    if mount.kind in IN_MEMORY:
        return FilesystemRisk(
            f"The data folder {folder} is in memory ({mount.kind}): {_GONE}", BETTER
        )
    if mount.kind in OVERLAYS:
        return _doubt_about_overlay(folder, mount, known)
    if mount.kind in ELSEWHERE:
        return FilesystemRisk(
            f"The data folder {folder} is on another computer ({mount.kind}), which decides "
            "whether the journal survives a power loss and whether a second server is detected.",
            BETTER,
        )
    return None


_GONE = "a power loss deletes the journal, the history and the tokens."


def _doubt_about_overlay(folder: Path, mount: _Mount, known: list[_Mount]) -> FilesystemRisk | None:
    seen = [one for one in known if one.point != mount.point]
    upper = _mount_of(mount.upper, seen) if mount.upper else None
    if upper is not None and upper.kind in IN_MEMORY:
        return FilesystemRisk(
            f"The data folder {folder} is on an overlay whose changes are in memory: {_GONE}",
            BETTER,
        )
    if upper is not None:
        return None
    return FilesystemRisk(
        f"The data folder {folder} is on an overlay ({mount.point}), whose changes may be lost "
        "with the memory or the container, and with them the journal, the history and the tokens.",
        BETTER,
    )


def _mount_of(path: Path, known: list[_Mount]) -> _Mount | None:
    """The mount that holds the path: the deepest, and of several at one place the last."""
    holding = [mount for mount in known if path.is_relative_to(mount.point)]
    return max(reversed(holding), key=lambda mount: len(mount.point.parts), default=None)


def _mounts(text: str) -> Iterator[_Mount]:
    """Parse mountinfo (proc_pid_mountinfo(5))."""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if len(fields) < 5 or len(rest) < 3:
            continue
        upper = re.search(r"(?:^|,)upperdir=((?:[^,\\]|\\.)*)", rest[2])
        yield _Mount(Path(_plain(fields[4])), rest[0], Path(_plain(upper[1])) if upper else None)


def _plain(text: str) -> str:
    """Decode the octal escapes of a path."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
