"""Whether one watched collection is current, why not, and which history it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.cluster.cache import older
from chaosmonkey.cluster.errors import Replaced, StatusError
from chaosmonkey.cluster.protocols import Position
from chaosmonkey.errors import ClusterUnavailable


@dataclass(slots=True)
class Health:
    """State of one reflector, which alone writes it.

    Attributes:
        path: the collection, as in the API server's URLs.
        version: where the next watch resumes; None if a list must come first.
        reached: the newest version received; an older one later belongs to another history.
        cluster: uid of the cluster's namespace kube-system; "" as long as it is not known.
        received_at: the moment of the last message about it.
        synced: it was listed at least once.
        current: a watch is open that resumed where the last ended, or one ended
            normally and the next is about to open.
        trouble: why it is not current.
    """

    path: str
    version: str | None = None
    reached: str = ""
    cluster: str = ""
    received_at: float | None = None
    synced: bool = False
    current: bool = False
    trouble: ClusterUnavailable | None = None

    def recognise(self, position: Position) -> None:
        """Compare a server's position with the known one.

        Raises:
            Replaced: this is another cluster, or its version is older than ours.
        """
        if position.cluster and self.cluster not in ("", position.cluster):
            raise Replaced(
                "This is another cluster: its namespace kube-system has another uid.",
                remedy="This server lists everything again by itself.",
            )
        self.cluster = position.cluster or self.cluster
        self._compare(position.version)

    def reach(self, version: str) -> None:
        """Advance to a version; raises Replaced if it belongs to another history."""
        self._compare(version)
        self.version = self.reached = version

    def forget(self) -> None:
        """Forget everything: it belongs to another history."""
        self.version, self.reached, self.cluster = None, "", ""

    def _compare(self, version: str) -> None:
        """Raise Replaced if a version precedes one that we have seen.

        A watch delivers versions in order and a list is the newest state, whichever API server it
        comes from.
        """
        if older(version, self.reached):
            what = self.path.rpartition("/")[2]
            raise Replaced(
                f"The cluster went back in time: {what} were at version {self.reached}, "
                f"now they are at {version}.",
                remedy="A restored or restarted datastore causes this. Listing everything again.",
            )

    @property
    def known(self) -> bool:
        """Whether the server has listed it or refused to: waiting longer does not help."""
        return self.synced or isinstance(self.trouble, StatusError)
