"""Whether a folder outlives a power loss, from what Linux says is mounted where."""

from pathlib import Path

import pytest

from chaosmonkey.store.filesystem import check_filesystem

ROOT = "22 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw"
TMP = "30 22 0:30 / /tmp rw,nosuid,nodev shared:9 - tmpfs tmpfs rw,size=1000k"
RUN = "31 22 0:31 / /run rw - ramfs ramfs rw"
OLD_OVERLAY = (
    "22 1 0:18 / / rw,noatime - overlay overlay rw,lowerdir=/media/root-ro,"
    "upperdir=/media/root-rw/overlay,workdir=/media/root-rw/overlay-workdir/_",
    "33 22 0:19 / /media/root-rw rw - tmpfs tmpfs-root rw",
    "34 22 179:2 / /media/root-ro ro - ext4 /dev/mmcblk0p2 ro",
)
NEW_OVERLAY = (
    "22 1 0:18 / / rw - overlay overlay rw,lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work"
)
DOCKER = (
    "22 1 0:18 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/"
    "overlay2/l/B,upperdir=/var/lib/docker/overlay2/abc/diff,workdir=/var/lib/docker/overlay2/w"
)
VOLUME = "40 22 179:2 /vol /data rw - ext4 /dev/mmcblk0p2 rw"
NFS = "41 22 0:50 / /mnt/nas rw - nfs4 nas:/export rw,vers=4.2"
DISK_OVERLAY = (
    ROOT,
    "42 22 0:40 / /srv rw - overlay overlay rw,lowerdir=/l,upperdir=/mnt/disk/u,workdir=/w",
    "43 22 8:1 / /mnt/disk rw - ext4 /dev/sda1 rw",
)
SPACE = r"44 22 0:44 / /with\040space rw - tmpfs tmpfs rw"
TWICE = (ROOT, "45 22 0:45 / /data rw - tmpfs tmpfs rw", VOLUME)


@pytest.mark.parametrize(
    ("mounts", "folder", "says"),
    [
        ((ROOT,), "/var/lib/chaosmonkey", None),
        ((ROOT, TMP), "/tmp/data", "in memory (tmpfs)"),
        ((ROOT, TMP), "/tmpfoo", None),
        ((ROOT, TMP, RUN), "/run/chaosmonkey/data", "in memory (ramfs)"),
        (OLD_OVERLAY, "/var/lib/chaosmonkey", "an overlay whose changes are in memory"),
        ((NEW_OVERLAY,), "/var/lib/chaosmonkey", "an overlay (/), whose changes may be lost"),
        ((DOCKER,), "/var/lib/chaosmonkey", "with the memory or the container"),
        ((DOCKER, VOLUME), "/data", None),
        ((NEW_OVERLAY, VOLUME), "/data/deeper", None),
        (DISK_OVERLAY, "/srv/data", None),
        ((ROOT, NFS), "/mnt/nas/cm", "on another computer (nfs4)"),
        ((ROOT, SPACE), "/with space/x", "in memory (tmpfs)"),
        (TWICE, "/data", None),
        (("nonsense", "", "1 2 3 - "), "/data", None),
    ],
)
def test_a_folder_that_may_lose_the_journal_is_told(
    tmp_path: Path, mounts: tuple[str, ...], folder: str, says: str | None
) -> None:
    listed = tmp_path / "mountinfo"
    listed.write_text("\n".join(mounts) + "\n")
    doubt = check_filesystem(Path(folder), listed)
    assert (doubt is None) is (says is None)
    if doubt is not None:
        assert says is not None
        assert says in doubt.says
        assert "[server] data" in doubt.remedy


def test_a_system_that_does_not_say_is_not_doubted(tmp_path: Path) -> None:
    assert check_filesystem(tmp_path, tmp_path / "no such file") is None
